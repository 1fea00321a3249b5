"""Which member on file a number means: exactly, in another spelling, or with zeros put back.

A spreadsheet drops zeros in front and never adds any. So what is written is tried first, and zeros
count only where a number is not on file as it is written.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from consortium.kernel.member_numbers import fold_number
from membership.roster.characters import is_same_name

K = TypeVar("K", bound=Any)


@dataclass(frozen=True, slots=True)
class Numbered(Generic[K]):
    """The member a number means and the number she has from now on; or several, told apart by none.

    `is_rival` says that the one member found has the number but for zeros, and another name.
    """

    found: tuple[K, ...] = ()
    number: str = ""
    is_rival: bool = False


class Numbers(Generic[K]):
    """The members of a society by number; all but the exact ones are gathered when first asked."""

    def __init__(self, known: Iterable[K]) -> None:
        """Index every member by the number as it is on file."""
        self._exact: dict[object, K] = {one.values["member_number"]: one for one in known}
        self._folded: dict[str, list[K]] | None = None
        self._plain: dict[str, list[K]] | None = None

    def __contains__(self, number: object) -> bool:
        """Whether a number is on file exactly as written."""
        return number in self._exact

    def get(self, number: object) -> K | None:
        """The member whose number is exactly this."""
        return self._exact.get(number)

    def find(self, number: str, *, written: str, name: object) -> Numbered[K]:
        """Find whom a number means when it is not on file as it stands.

        Args:
            number: with the zeros that the reader put back.
            written: as the file has it.
            name: the row's name; it must agree where zeros alone tell two numbers apart.
        """
        if not self._exact:
            return Numbered()
        spelt = self._spelt(number) or self._spelt(written)
        if spelt:
            return Numbered(tuple(spelt), str(spelt[0].values["member_number"]))
        if not written.isdecimal():
            return Numbered()
        alike = self._alike(written)
        named = tuple(one for one in alike if is_same_name(one.values.get("name"), name))
        if named:
            held = str(named[0].values["member_number"])
            # Zeros that are written out were not dropped: they are the better number.
            return Numbered(named, written if len(written) > len(held) else held)
        # Zeros in front are no accident; a number without any may have lost them.
        rivals = () if written.startswith("0") else tuple(alike)
        return Numbered(rivals, is_rival=bool(rivals))

    def _spelt(self, number: str) -> list[K]:
        if self._folded is None:
            self._folded = _group(self._exact, fold_number)
        return self._folded.get(fold_number(number), [])

    def _alike(self, number: str) -> list[K]:
        if self._plain is None:
            digits = {one: member for one, member in self._exact.items() if str(one).isdecimal()}
            self._plain = _group(digits, _strip_zeros)
        return self._plain.get(_strip_zeros(number), [])


def _strip_zeros(number: str) -> str:
    return number.lstrip("0")


def _group(members: Mapping[object, K], key: Callable[[str], str]) -> dict[str, list[K]]:
    groups: dict[str, list[K]] = {}
    for number, member in members.items():
        groups.setdefault(key(str(number)), []).append(member)
    return groups
