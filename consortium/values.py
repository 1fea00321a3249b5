"""Frozen values that the package's services take and give."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class OrganisationKind(StrEnum):
    """What an organisation is; a consortium's charter says which kinds may join."""

    SOCIETY = "society"
    UNIVERSITY = "university"
    INSTITUTE = "institute"
    ENTERPRISE = "enterprise"
    OTHER = "other"


class Level(StrEnum):
    """The administrative level at which an organisation is registered."""

    INTERNATIONAL = "international"
    NATIONAL = "national"
    PROVINCIAL = "provincial"
    MUNICIPAL = "municipal"
    COUNTY = "county"


class ConsortiumKind(StrEnum):
    """学会联合体, 学会群, 联盟: kinds of one register."""

    CONSORTIUM = "consortium"
    CLUSTER = "cluster"
    ALLIANCE = "alliance"


class Standing(StrEnum):
    """Whether an organisation may act; the order is from best to worst."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPELLED = "expelled"


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation of the register.

    Attributes:
        origin: issuer of the node whose record it is; None for the organisations of this node.
        standing: worst standing in any consortium, now.
        disciplines: codes of the National Natural Science Foundation (NSFC).
    """

    id: UUID
    code: str
    kind: str
    name_zh: str
    name_en: str
    abbreviation: str
    uscc: str | None
    level: str
    supervising_unit: str | None
    supporting_unit: str | None
    disciplines: tuple[str, ...]
    time_zone: str
    origin: str | None
    standing: str = Standing.ACTIVE.value

    @property
    def is_home(self) -> bool:
        """Whether this node hosts the organisation and holds its key."""
        return self.origin is None

    def name(self, language: str = "en") -> str:
        """The name for a reader's language: Chinese for `zh…`, else English.

        A name that is missing in one language is given in the other.
        """
        wanted, other = self.name_en, self.name_zh
        if language.startswith("zh"):
            wanted, other = other, wanted
        return wanted or other


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch (分支机构) of an organisation; it has no legal personality."""

    id: UUID
    organisation: str
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class StandingFact:
    """One recorded row about the standing of an organisation in a consortium.

    `supersedes` names the row that this one replaces from the moment it is known.
    """

    id: UUID
    organisation: str
    consortium: str
    standing: str
    since: datetime
    until: datetime | None
    recorded_at: datetime | None
    supersedes: UUID | None

    def covers(self, at: datetime) -> bool:
        """Whether the period holds the instant; `until` is excluded."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class MemberSpan:
    """One recorded row about an organisation's membership of a consortium."""

    id: UUID
    organisation: str
    consortium: str
    since: datetime
    until: datetime | None
    recorded_at: datetime | None
    supersedes: UUID | None

    def covers(self, at: datetime) -> bool:
        """Whether the period holds the instant; `until` is excluded."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Charter:
    """A version of a consortium's charter. `text_hash` is SHA-256 over the Chinese text."""

    number: int
    text_zh: str
    text_en: str
    text_hash: str
    adopted_at: datetime
    kinds_admitted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Consortium:
    """A consortium with the codes of those who lead it and act for it."""

    id: UUID
    code: str
    kind: str
    name_zh: str
    name_en: str
    lead: str | None
    legal_representative: str | None
    charter_version: int
    origin: str | None

    def name(self, language: str = "en") -> str:
        """The name for a reader's language: Chinese for `zh…`, else English."""
        wanted, other = self.name_en, self.name_zh
        if language.startswith("zh"):
            wanted, other = other, wanted
        return wanted or other


@dataclass(frozen=True, slots=True)
class Discipline:
    """A code of the National Natural Science Foundation with its broader codes."""

    code: str
    name_zh: str
    name_en: str
    parents: tuple[str, ...]

    def name(self, language: str = "en") -> str:
        """The name for a reader's language: Chinese for `zh…`, else English."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class OrganisationWish:
    """What a file or a form asks to be registered, read and checked."""

    code: str
    name_zh: str
    name_en: str
    abbreviation: str = ""
    kind: str = OrganisationKind.SOCIETY.value
    uscc: str | None = None
    level: str = Level.NATIONAL.value
    supervising_unit: str | None = None
    supporting_unit: str | None = None
    disciplines: tuple[str, ...] = ()
    time_zone: str = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row of a file that is not imported, and why."""

    sheet: str
    row: int
    cell: str
    field: str
    value: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import of organisations found; `read = create + update + unchanged + refused`."""

    encoding: str | None
    sheet: str
    header_row: int
    columns: Mapping[str, str]
    read: int
    create: int
    update: int
    unchanged: int
    refused: int
    refusals: tuple[Refusal, ...]
    applied: bool
