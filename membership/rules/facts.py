"""What a decision is made from: dated rows, each with an id and the instant it became known.

Every period is half-open. `recorded_at` is None while the sequencer has not stamped the row;
such a row counts in live answers and in no as-of answer. `supersedes` names the row that this
one replaces.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Fact:
    """The members every fact has."""

    id: str
    since: datetime
    until: datetime | None = None
    recorded_at: datetime | None = None
    supersedes: str | None = None

    def covers(self, at: datetime) -> bool:
        """Say whether the period holds the instant.

        >>> from datetime import UTC
        >>> day = datetime(2026, 1, 1, tzinfo=UTC)
        >>> Fact("x", day, day.replace(month=2)).covers(day)
        True
        >>> Fact("x", day, day.replace(month=2)).covers(day.replace(month=2))
        False
        """
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class SocietyFact(Fact):
    """A society; `observed_at` is when its node was last heard, None where it lives here."""

    code: str = ""
    zone: str = "UTC"
    observed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StandingFact(Fact):
    """A society's standing: `active`, `suspended` or `expelled`."""

    society: str = ""
    state: str = "active"


@dataclass(frozen=True, slots=True)
class GradeFact(Fact):
    """A grade of a society's catalogue; a higher rank is better."""

    society: str = ""
    code: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class TermFact(Fact):
    """A person's term in a society: `active`, `suspended` or `void`.

    `by_officer` says that an officer has ended, suspended or withdrawn it. It changes no decision,
    only the words for it.
    """

    person: str = ""
    society: str = ""
    class_code: str = ""
    grade: str = ""
    state: str = "active"
    by_officer: bool = False


@dataclass(frozen=True, slots=True)
class DuesFact(Fact):
    """Dues that a person paid a society for a period, in minor units."""

    person: str = ""
    society: str = ""
    amount: int = 0
    currency: str = ""
    state: str = "active"


@dataclass(frozen=True, slots=True)
class ConsentFact(Fact):
    """A person's consent that `society` tells `host` about her; `host` `*` means any."""

    person: str = ""
    society: str = ""
    host: str = ""
    purpose: str = "recognition"
    state: str = "active"


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the closed set of conditions; see rules.conditions.

    `kind` is `paid`, `seniority`, `class` or `consent`; the other members are its parameters.
    """

    kind: str
    months: int = 0
    amount: int = 0
    currency: str = ""
    one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clause:
    """A directed promise: members of `home` have `benefits` at `host`; `*` is any other party.

    Attributes:
        grades: home grade to host grade; a grade that is not named is not recognised.
        effect: `grant`, or `deny` (an explicit non-recognition of the named grades).
        worth: percent of what the host's own members have of the benefit, 0 to 100.
        priority: a deny outweighs grants of the same home society up to its own priority.
        max_staleness_seconds: how old news of the home society may be; None: any age.
        if_home_suspended: `stop`, or `keep` for members of a suspended home society.
    """

    number: int
    home: str
    host: str
    benefits: frozenset[str]
    grades: tuple[tuple[str, str], ...]
    conditions: tuple[Condition, ...] = ()
    effect: str = "grant"
    worth: int = 100
    priority: int = 0
    max_staleness_seconds: int | None = None
    if_home_suspended: str = "stop"
    grade_map: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the grade map once."""
        object.__setattr__(self, "grade_map", dict(self.grades))

    def directs(self, home: str, host: str) -> bool:
        """Say whether the clause speaks of this direction."""
        return self.home in (home, "*") and self.host in (host, "*")


@dataclass(frozen=True, slots=True)
class VersionFact(Fact):
    """One text of an agreement; `form` is `bilateral` or `multilateral`.

    Every one of `parties` must sign. A bilateral text binds its parties; a multilateral one,
    which its initiators sign, binds the societies that have acceded.
    """

    agreement: str = ""
    version: int = 1
    hash: str = ""
    form: str = "bilateral"
    parties: frozenset[str] = frozenset()
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class SignatureFact(Fact):
    """A party's signature; the text's own period says from when it has effect."""

    version_id: str = ""
    society: str = ""


@dataclass(frozen=True, slots=True)
class AccessionFact(Fact):
    """A society's accession to a multilateral agreement."""

    agreement: str = ""
    society: str = ""
    state: str = "active"


@dataclass(frozen=True, slots=True)
class EndingFact(Fact):
    """The agreement ends at `since`; `state` `revoked` takes an ending back."""

    agreement: str = ""
    state: str = "active"


@dataclass(frozen=True)
class Facts:
    """Everything a decision may look at, in any order; repeated rows count once."""

    societies: tuple[SocietyFact, ...] = ()
    standings: tuple[StandingFact, ...] = ()
    grades: tuple[GradeFact, ...] = ()
    versions: tuple[VersionFact, ...] = ()
    signatures: tuple[SignatureFact, ...] = ()
    accessions: tuple[AccessionFact, ...] = ()
    endings: tuple[EndingFact, ...] = ()
    terms: tuple[TermFact, ...] = ()
    dues: tuple[DuesFact, ...] = ()
    consents: tuple[ConsentFact, ...] = ()

    @cached_property
    def views(self) -> dict[datetime | None, object]:
        """Hold the indexes that rules.known builds, one for each `known_at` asked."""
        return {}

    @cached_property
    def grounds(self) -> dict[datetime | None, object]:
        """Hold the part of the indexes in which no person occurs."""
        return {}

    def with_people(
        self,
        *,
        terms: tuple[TermFact, ...],
        dues: tuple[DuesFact, ...] = (),
        consents: tuple[ConsentFact, ...] = (),
    ) -> "Facts":
        """Return the same facts about societies with these people's; their indexes are shared."""
        made = replace(self, terms=terms, dues=dues, consents=consents)
        vars(made)["grounds"] = self.grounds
        return made


@dataclass(frozen=True, slots=True)
class Question:
    """Is this person recognised at `host` for `benefit` at `valid_at`, as known at `known_at`?"""

    person: str
    host: str
    benefit: str
    valid_at: datetime
    known_at: datetime | None = None
