"""Whom a row means, inside one society only: number, identity, then name with a second trait."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from consortium.kernel.errors import N_
from membership.roster.characters import is_kin_name, is_same_name
from membership.roster.numbering import Numbers

K = TypeVar("K", bound=Any)

_STRONG: Final = ("mobile", "email", "orcid")
_WEAK: Final = "birth_date"
_TRAITS: Final = (*_STRONG, _WEAK)

Refusal = tuple[str, str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Match(Generic[K]):
    """The member a row means, or nobody; or why that cannot be told, at which field.

    `number` is hers from now on where the row writes it otherwise than the file.
    """

    found: K | None = None
    fault: Refusal | None = None
    field: str = "name"
    number: str | None = None


class Index(Generic[K]):
    """The members of a society, found by number, identity digest, or name and a second trait.

    `K` is `plan.Known`; only its `values` are read here.
    """

    def __init__(self, known: Iterable[K]) -> None:
        """Index every member; traits are indexed when first asked for."""
        self._all = list(known)
        self.numbers: Numbers[K] = Numbers(self._all)
        self._by_digest: dict[object, list[K]] = {}
        for one in self._all:
            digest = one.values.get("national_id")
            if digest is not None:
                self._by_digest.setdefault(digest, []).append(one)
        self._by_trait: dict[tuple[str, object], list[K]] | None = None

    def match(
        self, values: Mapping[str, object], digests: Sequence[str], *, written: str | None = None
    ) -> "Match[K]":
        """Find the member of a row, or refuse when more than one could be meant.

        Args:
            values: the row's filled fields.
            digests: keyed digests of its identity number, if it has one.
            written: its member number before zeros were put back, where they were.
        """
        if not self._all:
            return Match()
        number = values.get("member_number")
        if number is None:
            return self._match_person(values, digests)
        exact = self.numbers.get(number)
        if exact is not None:
            return self._confirm(exact, values, digests)
        spelt = self.numbers.find(
            str(number), written=written or str(number), name=values.get("name")
        )
        if spelt.found and not spelt.is_rival:
            if len(spelt.found) > 1:
                return _only(spelt.found, "member_number")
            found = self._confirm(spelt.found[0], values, digests)
            return replace(found, number=spelt.number)
        found = self._match_person(values, digests)
        if found.found is None and found.fault is None and spelt.is_rival:
            params = _numbers(spelt.found)
            return Match(fault=("person-ambiguous", _ZEROS, params), field="member_number")
        return found

    def _match_person(self, values: Mapping[str, object], digests: Sequence[str]) -> Match[K]:
        """Find the member by identity number, else by name and a second trait."""
        by_identity = self._with_identity(digests)
        if by_identity:
            return _only(by_identity, "national_id")
        strong = self._with_traits(values, _STRONG)
        if strong:
            return _only(strong, "name")
        weak = self._with_traits(values, (_WEAK,))
        if weak and "member_number" in values:
            # Two people of one name may share a birthday, and this row has a number of its own.
            return Match(fault=("person-ambiguous", _SAME_BIRTHDAY, _numbers(weak)))
        return _only(weak, "name") if weak else Match()

    def _with_identity(self, digests: Sequence[str]) -> list[K]:
        return _distinct(one for digest in digests for one in self._by_digest.get(digest, ()))

    def _with_traits(self, values: Mapping[str, object], names: Iterable[str]) -> list[K]:
        name = values.get("name")
        return _distinct(
            one
            for trait in names
            for one in self.list_sharing(trait, values.get(trait))
            if is_same_name(one.values.get("name"), name)
        )

    def list_sharing(self, trait: str, value: object) -> Sequence[K]:
        """The members who have a trait's value on file."""
        if value is None:
            return ()
        if self._by_trait is None:
            self._by_trait = {}
            for one in self._all:
                for name in _TRAITS:
                    held = one.values.get(name)
                    if held is not None:
                        self._by_trait.setdefault((name, held), []).append(one)
        return self._by_trait.get((trait, value), ())

    def _confirm(
        self, found: K, values: Mapping[str, object], digests: Sequence[str]
    ) -> "Match[K]":
        """A number decides, unless the rest of the row says that it is somebody else's."""
        held = found.values
        if digests:
            if held.get("national_id") is not None and held["national_id"] not in digests:
                return Match(fault=("person-differs", _DIFFERS, {}), field="national_id")
            others = [one for one in self._with_identity(digests) if one is not found]
            if others:
                fault = ("person-ambiguous", _ID_HELD, _numbers(others))
                return Match(fault=fault, field="national_id")
            if held.get("national_id") is not None:
                return Match(found)
        name = held.get("name")
        mobile, email = values.get("mobile"), values.get("email")
        if (
            name == values.get("name")
            and (mobile is None or mobile == held.get("mobile"))
            and (email is None or email == held.get("email"))
        ):
            return Match(found)
        others = self._with_traits(values, _STRONG)
        if others and found not in others:
            return Match(fault=("person-ambiguous", _TWO_MEANT, _both(found, others)))
        if name is None or self._agrees(found, values):
            return Match(found)
        params = {"number": str(held["member_number"]), "name": str(name)}
        return Match(fault=("person-differs", _NAME_DIFFERS, params))

    def _agrees(self, found: K, values: Mapping[str, object]) -> bool:
        """Whether the name, or a trait that nobody else on file shares, speaks for the member."""
        held, name = found.values, values.get("name")
        if is_same_name(held["name"], name) or is_kin_name(held["name"], name):
            return True
        if is_same_name(held.get("name_latin"), name):
            return True
        return any(
            values.get(trait) is not None
            and values[trait] == held.get(trait)
            and (trait == _WEAK or len(self.list_sharing(trait, values[trait])) == 1)
            for trait in _TRAITS
        )


def _only(candidates: Sequence[K], field: str) -> Match[K]:
    if len(candidates) == 1:
        return Match(candidates[0])
    return Match(fault=("person-ambiguous", _SEVERAL, _numbers(candidates)), field=field)


def _both(found: K, others: Sequence[K]) -> dict[str, str]:
    return {"number": str(found.values["member_number"]), **_numbers(others)}


def _numbers(candidates: Sequence[K]) -> dict[str, str]:
    numbers = sorted(str(one.values["member_number"]) for one in candidates)
    return {"numbers": ", ".join(numbers[:5])}


def _distinct(candidates: Iterable[K]) -> list[K]:
    return list({id(one): one for one in candidates}.values())


_DIFFERS: Final = N_(
    "The member of this number has another identity number on file. Correct the one that is wrong."
)
_ID_HELD: Final = N_(
    "Member %(numbers)s has this identity number on file. Correct the number that is wrong."
)
_SEVERAL: Final = N_(
    "Several members match this row: %(numbers)s. Give the member number or the identity number."
)
_SAME_BIRTHDAY: Final = N_(
    "Member %(numbers)s has this name and birth date under another number. If it is the same "
    "person, use that number; if not, add a mobile number or an identity number to both."
)
_TWO_MEANT: Final = N_(
    "The number is that of member %(number)s, but name and mobile or e-mail are those of member "
    "%(numbers)s. Correct what is wrong; a column that counts rows is no member number."
)
_NAME_DIFFERS: Final = N_(
    "Member %(number)s is %(name)s on file, and nothing else in this row agrees with that. Correct "
    "the number; or, to correct the name, give the identity number, mobile or e-mail on file too."
)
_ZEROS: Final = N_(
    "Member %(numbers)s has this number but for zeros in front, and another name. Write the number "
    "with its zeros as text."
)
