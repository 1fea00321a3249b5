"""Whom a row means, inside one society only: number, identity, then name with a second trait."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from consortium.kernel.errors import N_

K = TypeVar("K", bound=Any)

_STRONG: Final = ("mobile", "email")
_WEAK: Final = "birth_date"

Refusal = tuple[str, str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Match(Generic[K]):
    """The member a row means, or nobody; or why that cannot be told, at which field."""

    found: K | None = None
    fault: Refusal | None = None
    field: str = "name"


class Index(Generic[K]):
    """The members of a society, found by number, identity digest, or name and a second trait.

    `K` is `plan.Known`; only its `values` are read here.
    """

    def __init__(self, known: Iterable[K]) -> None:
        """Index every member; traits are indexed when first asked for."""
        self._all = list(known)
        self._by_number: dict[object, K] = {one.values["member_number"]: one for one in self._all}
        self._by_digest: dict[object, list[K]] = {}
        for one in self._all:
            digest = one.values.get("national_id")
            if digest is not None:
                self._by_digest.setdefault(digest, []).append(one)
        self._by_trait: dict[tuple[object, ...], list[K]] | None = None

    def match(self, values: Mapping[str, object], digests: Sequence[str]) -> "Match[K]":
        """Find the member of a row, or refuse when more than one could be meant.

        Args:
            values: the row's filled fields.
            digests: keyed digests of its identity number, if it has one.
        """
        by_identity = _distinct(
            one for digest in digests for one in self._by_digest.get(digest, ())
        )
        number = values.get("member_number")
        found = self._by_number.get(number) if number is not None else None
        if found is not None:
            return _confirm(found, by_identity, digests)
        if by_identity:
            return _only(by_identity, "national_id")
        if not self._all:
            return Match()
        strong = self._with_traits(values, _STRONG)
        if strong:
            return _only(strong, "name")
        weak = self._with_traits(values, (_WEAK,))
        if weak and number is not None:
            # Two people of one name may share a birthday, and this row has a number of its own.
            return Match(fault=("person-ambiguous", _SAME_BIRTHDAY, _numbers(weak)))
        return _only(weak, "name") if weak else Match()

    def _with_traits(self, values: Mapping[str, object], names: Iterable[str]) -> list[K]:
        if self._by_trait is None:
            self._by_trait = {}
            for one in self._all:
                for name in (*_STRONG, _WEAK):
                    if one.values.get(name) is not None:
                        key = (name, one.values.get("name"), one.values[name])
                        self._by_trait.setdefault(key, []).append(one)
        traits = self._by_trait
        return _distinct(
            one
            for name in names
            if values.get(name) is not None
            for one in traits.get((name, values.get("name"), values[name]), ())
        )


def _confirm(found: K, by_identity: Sequence[K], digests: Sequence[str]) -> Match[K]:
    """A number decides, unless the identity number says that it is somebody else."""
    held = found.values.get("national_id")
    if digests and held is not None and held not in digests:
        return Match(fault=("person-differs", _DIFFERS, {}), field="national_id")
    others = [one for one in by_identity if one is not found]
    if others:
        return Match(fault=("person-ambiguous", _ID_HELD, _numbers(others)), field="national_id")
    return Match(found)


def _only(candidates: Sequence[K], field: str) -> Match[K]:
    if len(candidates) == 1:
        return Match(candidates[0])
    return Match(fault=("person-ambiguous", _SEVERAL, _numbers(candidates)), field=field)


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
