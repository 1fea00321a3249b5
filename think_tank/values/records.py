"""What files bring in and what services give out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

Purpose = Literal["panel", "search", "publication"]
# What people and files call the three purposes for which an expert's data may be used.
PURPOSES: Mapping[str, Purpose] = {
    "panel": "panel", "panels": "panel", "pool": "panel", "expert-pool": "panel",
    "think-tank": "panel", "专家组": "panel", "入库": "panel",
    "search": "search", "directory": "search", "检索": "search",
    "publication": "publication", "publish": "publication", "公示": "publication",
}  # fmt: skip
DISCLOSURES = ("public", "after_review", "confidential")
POOL_COLUMNS = (
    "id", "society", "employer", "title", "birth_date", "age", "front_line", "seniority",
    "disciplines", "keywords",
)  # fmt: skip
"""What a rule of a stored brief may look at: the columns of every expert's entry."""


@dataclass(frozen=True, slots=True)
class ExpertWish:
    """A row of an expert file that can be taken as it stands."""

    society: str
    reference: str
    name: str
    employer: str = ""
    title: str = ""
    email: str = ""
    disciplines: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    biography: str = ""
    birth_date: date | None = None
    front_line: bool | None = None
    front_line_source: str = ""
    seniority: str = ""


@dataclass(frozen=True, slots=True)
class ConsentWish:
    """A consent that is held already: on paper, by mail, in the society's own system."""

    reference: str
    society: str
    purpose: Purpose
    given_on: date | None
    given_at: datetime | None
    evidence: str
    row: Any


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken, with the first cell at fault."""

    row: int
    cell: str
    field: str
    value: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; `read` is the sum of the four that follow it."""

    import_id: UUID | None
    read: int
    created: int
    updated: int
    unchanged: int
    refused: int
    refusals: tuple[Refusal, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Why a search found an expert: a field and the text in it."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Expert:
    """An expert as those may see her who search the pool. `id` is society:reference."""

    id: str
    name: str
    society: str
    employer: str
    title: str
    disciplines: tuple[str, ...]
    keywords: tuple[str, ...]
    front_line: bool | None
    seniority: str
    matched: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class Institute:
    """A virtual institute; `until` is excluded."""

    id: UUID
    slug: str
    consortium: str
    name_zh: str
    name_en: str
    charter_zh: str
    charter_en: str
    charter_hash: str
    since: datetime
    until: datetime | None

    def name(self, language: str = "en") -> str:
        """The name for a reader's language."""
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class BriefRecord:
    """A written brief. States: open, seated."""

    id: UUID
    number: int
    institute: str
    title_zh: str
    title_en: str
    brief: Mapping[str, Any] = field(hash=False)
    brief_hash: str
    disclosure: str
    state: str
    written_at: datetime

    def title(self, language: str = "en") -> str:
        """The title for a reader's language."""
        return self.title_zh if language.startswith("zh") else self.title_en


@dataclass(frozen=True, slots=True)
class Solve:
    """A run of the solver over a brief; `progress` in percent."""

    id: UUID
    brief_id: UUID
    state: str
    progress: int
    seed: str
    pool_size: int | None
    pool_hash: str | None
    answer: Mapping[str, Any] | None = field(hash=False)
    failure: str | None
    asked_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat as a reader may see it; the name is empty if she has not agreed to its publication."""

    place: int
    id: str
    name: str
    society: str
    employer: str
    answer: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Panel:
    """A seated panel."""

    id: UUID
    institute: str
    brief_number: int
    title_zh: str
    title_en: str
    disclosure: str
    seated_at: datetime
    published_at: datetime | None
    seats: tuple[SeatView, ...]

    def title(self, language: str = "en") -> str:
        """The title for a reader's language."""
        return self.title_zh if language.startswith("zh") else self.title_en
