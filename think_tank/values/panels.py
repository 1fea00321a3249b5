"""What a panel depends on and what the solver answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, Literal

Kind = Literal["min_share", "max_share", "min_count", "max_count"]
Operator = Literal["eq", "ne", "ge", "le", "in", "contains"]
Status = Literal["optimal", "best_found", "infeasible"]

KINDS: tuple[Kind, ...] = ("min_share", "max_share", "min_count", "max_count")
OPERATORS: tuple[Operator, ...] = ("eq", "ne", "ge", "le", "in", "contains")
SEVERAL = frozenset({"disciplines", "keywords"})
UNORDERED = SEVERAL | {
    "id", "name", "society", "employer", "title", "front_line", "biography", "email",
}  # fmt: skip
"""Columns whose cells are names or words: none is more or less than another."""
LONGEST_SEED = 64


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of a pool.

    Attributes:
        id: names the row in the pool, unique there.
        score: fit for this brief, exact; larger is better.
        fields: column to text, stripped; `front_line` is "true", "false" or "" (unknown);
            dates are ISO 8601.
        person: rows of one person share it, and she gets one seat at most.
    """

    id: str
    score: Fraction
    fields: Mapping[str, str] = field(hash=False)
    person: str = ""

    def several(self, name: str) -> tuple[str, ...]:
        """The parts of a cell with several values, which semicolons separate."""
        return tuple(part.strip() for part in self.fields.get(name, "").split(";") if part.strip())


@dataclass(frozen=True, slots=True)
class Condition:
    """Which people a rule counts: `field` `op` `value`."""

    field: str
    op: Operator
    value: str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A bound on how many of the panel meet a condition.

    Attributes:
        value: a count of seats, or an exact share of all seats.
        hard: never broken; a soft rule costs `weight` for each seat by which it is missed.
        weight: penalty a seat (soft), or cost of moving the bound by a seat in a repair (hard).
        pinned: no repair may touch it.
    """

    id: str
    kind: Kind
    of: Condition
    value: Fraction
    hard: bool = True
    weight: Fraction = Fraction(1)
    pinned: bool = False
    written: str = ""

    @property
    def is_floor(self) -> bool:
        """Whether it asks for at least so many, rather than at most."""
        return self.kind.startswith("min")

    @property
    def is_share(self) -> bool:
        """Whether the bound is a share of the seats, rather than a count."""
        return self.kind.endswith("share")


@dataclass(frozen=True, slots=True)
class Brief:
    """What a panel must be.

    Attributes:
        seats: size of the panel, 1 or more; all are filled.
        on: the day for ages and dated conflicts.
        ignored: pointers to members that we do not know and did not use.
        source: the brief as it was written, to travel with the answer.
    """

    seats: int
    rules: tuple[Rule, ...]
    on: date
    ignored: tuple[str, ...] = ()
    source: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ConflictPair:
    """Two people who may not sit together; `since` and `until` are days, both included."""

    a: str
    b: str
    kind: str = ""
    since: date | None = None
    until: date | None = None

    def holds_on(self, on: date) -> bool:
        """Whether it is in force on a day.

        >>> pair = ConflictPair("a", "b", until=date(2026, 1, 31))
        >>> pair.holds_on(date(2026, 1, 31)), pair.holds_on(date(2026, 2, 1))
        (True, False)
        """
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True)
class Question:
    """All that a panel depends on: the same question always gets the same panel.

    Attributes:
        keep: they must sit.
        exclude: they must not.
        seated: of these as many as possible keep their seats, before any score counts.
    """

    brief: Brief
    pool: Sequence[Candidate]
    conflicts: Sequence[ConflictPair] = ()
    seed: str = "0"
    keep: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    seated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a panel breaks its brief."""

    code: str
    message: str
    params: Mapping[str, object] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Meter:
    """How full a rule is: `count` people of the panel against `bound` seats."""

    rule: str
    count: int
    bound: int
    is_floor: bool
    hard: bool
    value: str

    @property
    def missed(self) -> int:
        """Seats by which the panel misses the bound; 0 if it is met."""
        return max(0, self.bound - self.count if self.is_floor else self.count - self.bound)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the integer checker finds: `objective` is the score less the soft penalties."""

    objective: Fraction
    faults: tuple[Fault, ...]
    meters: tuple[Meter, ...]

    @property
    def ok(self) -> bool:
        """Whether every hard rule is kept."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Reason:
    """Part of an explanation: a message with its parameters, translated where it is shown."""

    code: str
    message: str
    params: Mapping[str, object] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Seat:
    """One seat, why she has it, and who would have it next and why she has not.

    Attributes:
        loss: what the objective would lose with `next_best` in her place; None without a next.
    """

    id: str
    why: tuple[Reason, ...]
    next_best: str | None = None
    why_not_next: tuple[Reason, ...] = ()
    loss: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A rule's bound moved from one value to another, as it is written in a brief."""

    rule: str
    before: str
    after: str
    seats: int


@dataclass(frozen=True, slots=True)
class Repair:
    """Changes that together make a brief meetable; cost is weight times seats moved."""

    changes: tuple[Change, ...]
    cost: Fraction


@dataclass(frozen=True)
class Answer:
    """A solved brief.

    Attributes:
        status: `optimal` only if `objective` equals `bound`.
        bound: no panel can score above it; None if infeasible.
        conflict_rules: hard rules that cannot be kept together; without any one of them the
            rest can.
        conflict_with: what besides the rules stands in the way, if the rules do not:
            `seats`, `keep`, `exclude`, `conflicts`.
        canonical: whether the panel is proved to be the first in order of sha256(seed|id)
            among the optimal ones.
    """

    status: Status
    objective: Fraction | None = None
    bound: Fraction | None = None
    seats: tuple[Seat, ...] = ()
    reserves: tuple[str, ...] = ()
    conflict_rules: tuple[str, ...] = ()
    conflict_with: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    meters: tuple[Meter, ...] = ()
    canonical: bool = False
    considered: int = 0
    dismissed: int = 0

    @property
    def ids(self) -> tuple[str, ...]:
        """The people on the panel, in the order of their seats."""
        return tuple(seat.id for seat in self.seats)
