"""Taking back what an import did to terms: by new rows, exact to the instant."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from consortium.kernel.unit_of_work import UnitOfWork
from membership import models
from membership.roster.changes import decode_changes
from membership.roster.periods import TERM_FIELDS, Held
from membership.roster.plan import BITS, Known
from membership.roster.unwinding import Line
from membership.services.roster_state import HELD_COLUMNS
from membership.services.roster_writing import Writer

Row = dict[str, Any]

_TERM_BITS: Final = sum(BITS[name] for name in TERM_FIELDS)
_INSTANTS: Final = (("since", "first"), ("until", "last"))


class Chains:
    """The terms of an import's members with all their history."""

    def __init__(self, uow: UnitOfWork, import_id: UUID, hold: Callable[..., Held]) -> None:
        """Read them by one statement."""
        term, line = models.Term, models.RosterImportLine
        found = uow.session.execute(
            select(*HELD_COLUMNS).where(
                term.member_id.in_(select(line.member_id).where(line.import_id == import_id))
            )
        ).all()
        self._rows = {row.id: hold(*row) for row in found}
        self._before = {row.id: row.supersedes for row in found}
        self._after = {row.supersedes: row.id for row in found if row.supersedes}

    def get(self, term_id: UUID) -> Held:
        """A row as it is stored."""
        return self._rows[term_id]

    def find_end(self, term_id: UUID | None) -> Held | None:
        """The row that counts now in the place of another."""
        if term_id not in self._rows:
            return None
        while term_id in self._after:
            term_id = self._after[term_id]
        return self._rows[term_id]

    def list_back(self, term_id: UUID | None) -> Iterator[Held]:
        """A row and those that it superseded, the newest first."""
        while term_id in self._rows:
            yield self._rows[term_id]
            term_id = self._before[term_id]

    def _root(self, term_id: UUID | None) -> Iterator[UUID]:
        rows = list(self.list_back(term_id))
        return (row.id for row in rows[-1:])

    def read_line(self, row: Any, member: Known) -> Line:
        """A line as stored; one of an earlier edition speaks of its member's newest term."""
        term_id = row.term_id
        if term_id is None and row.asserted & _TERM_BITS and member.live:
            term_id = member.live[-1].id
        steps = tuple(
            (UUID(written), UUID(before) if before else None) for written, before in row.steps or ()
        )
        spoken_of = (term_id, *(written for written, _ in steps))
        return Line(
            row.action,
            row.asserted,
            decode_changes(row.changes),
            term_id=term_id,
            superseded=self._before.get(term_id),
            steps=steps,
            roots=frozenset(root for one in spoken_of for root in self._root(one)),
        )

    def values_of(self, line: Line) -> Mapping[str, object]:
        """What the term that a line speaks of says now; nothing if it is void."""
        end = self.find_end(line.term_id)
        return {} if end is None or end.state == "void" else end.values

    def is_ours(self, line: Line, term: Held) -> bool:
        """Whether a line speaks of a term that counts now."""
        return not line.roots.isdisjoint(self._root(term.id))

    def is_untouched(self, line: Line) -> bool:
        """Whether what a line did by steps is as it left it."""
        turned = {
            name: line.changes[name][1] for name in ("class", "grade") if name in line.changes
        }
        for written, _ in line.steps:
            left, now = self.get(written), self.find_end(written)
            assert now is not None
            if now == left:
                continue
            # A later import that is undone, or whose heir this line is, may have turned the grade.
            is_exact = (now.since, now.until, now.state) == (left.since, left.until, left.state)
            if not is_exact or now.values not in (left.values, left.values | turned):
                return False
        return True

    def revert(self, line: Line, writer: Writer, member_id: UUID) -> list[Row]:
        """Rows that take the steps of a line back."""
        return [
            _become(writer, member_id, now, None if before is None else self.get(before))
            for written, before in line.steps
            if (now := self.find_end(written)) is not None
        ]

    def restore(
        self, line: Line, fields: Mapping[str, object], writer: Writer, member_id: UUID
    ) -> list[Row]:
        """The row that sets fields of a term back; one that the line opened becomes void."""
        now = self.find_end(line.term_id)
        fields = {name: value for name, value in fields.items() if name in TERM_FIELDS}
        if now is None or not fields:
            return []
        if any(name in fields and fields[name] is None for name in ("class", "grade", "since")):
            return [_become(writer, member_id, now, None)]
        columns = writer.columns(fields)
        for column, day in _INSTANTS:
            if column in fields:
                said = (
                    row for row in self.list_back(now.id) if getattr(row, day) == fields[column]
                )
                known = next(said, None)
                columns[column] = getattr(known, column) if known else columns[column]
        return [writer.next_row(member_id, now, **columns)]


def _become(writer: Writer, member_id: UUID, now: Held, before: Held | None) -> Row:
    """A row that says what another said; void if there was none."""
    if before is None:
        return writer.next_row(member_id, now, state="void", by_officer=False)
    return writer.next_row(member_id, before, supersedes=now.id)


def void_all(writer: Writer, member: Known) -> list[Row]:
    """Rows that void every term of a member who leaves the roster."""
    return [_become(writer, member.member_id, term, None) for term in member.live]


def encode_steps(line: Line) -> list[list[str | None]] | None:
    """The steps of a line as JSON."""
    return [
        [str(written), str(before) if before else None] for written, before in line.steps
    ] or None
