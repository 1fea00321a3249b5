"""Small frozen things that events are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from consortium.kernel.errors import N_


class HostRole(StrEnum):
    """How a society stands behind an event; the order of hosts is signed content."""

    GUIDE = "guide"
    ORGANISER = "organiser"
    EXECUTOR = "executor"
    CO_ORGANISER = "co_organiser"
    SUPPORTER = "supporter"
    MEDIA = "media"


class HostState(StrEnum):
    """What an invited society has answered."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class EventState(StrEnum):
    """Where an event is between its draft and its end."""

    DRAFT = "draft"
    SIGNING = "signing"
    PUBLISHED = "published"
    CHANGING = "changing"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    """Whose an event is.

    `joint` events are made here, `mirrored` ones belong to another node, and
    `listed` ones are calendar entries of conferences that nobody here hosts.
    """

    JOINT = "joint"
    MIRRORED = "mirrored"
    LISTED = "listed"


class Mode(StrEnum):
    """How an event is attended; a seat is `on_site` or `online`, never `hybrid`."""

    ON_SITE = "on_site"
    ONLINE = "online"
    HYBRID = "hybrid"


class RegistrationStatus(StrEnum):
    """What a registration is worth: only a cancelled one holds no seat."""

    CONFIRMED = "confirmed"
    AWAITING_PAYMENT = "awaiting_payment"
    CANCELLED = "cancelled"


FULL_PRICE = "full"
MEMBER_PRICE = "member"
ROLE_NAMES: Mapping[str, str] = {
    HostRole.GUIDE: N_("Guided by"),
    HostRole.ORGANISER: N_("Organised by"),
    HostRole.EXECUTOR: N_("Executed by"),
    HostRole.CO_ORGANISER: N_("Co-organised by"),
    HostRole.SUPPORTER: N_("Supported by"),
    HostRole.MEDIA: N_("Media partner"),
}
STATE_NAMES: Mapping[str, str] = {
    EventState.DRAFT: N_("Draft"),
    EventState.SIGNING: N_("Being signed"),
    EventState.PUBLISHED: N_("Published"),
    EventState.CHANGING: N_("A change is being signed"),
    EventState.POSTPONED: N_("Postponed"),
    EventState.CANCELLED: N_("Cancelled"),
}
MODE_NAMES: Mapping[str, str] = {
    Mode.ON_SITE: N_("On site"),
    Mode.ONLINE: N_("Online"),
    Mode.HYBRID: N_("On site and online"),
}
HOST_STATE_NAMES: Mapping[str, str] = {
    HostState.INVITED: N_("Invited"),
    HostState.ACCEPTED: N_("Accepted"),
    HostState.DECLINED: N_("Declined"),
}
STATUS_NAMES: Mapping[str, str] = {
    RegistrationStatus.CONFIRMED: N_("Confirmed"),
    RegistrationStatus.AWAITING_PAYMENT: N_("Seat kept, awaiting payment"),
    RegistrationStatus.CANCELLED: N_("Cancelled"),
}
PRICE_NAMES: Mapping[str, str] = {FULL_PRICE: N_("Full price"), MEMBER_PRICE: N_("Member price")}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen, cents) of an ISO 4217 currency."""

    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Text:
    """One text in Chinese and in English; at least one of them is not empty."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the text for a BCP 47 tag, or the other language where it is empty.

        >>> Text("大会", "Congress").in_language("zh-Hans"), Text("", "Congress").in_language("zh")
        ('大会', 'Congress')
        """
        first, second = (self.zh, self.en) if language.startswith("zh") else (self.en, self.zh)
        return first or second


@dataclass(frozen=True, slots=True)
class Hosting:
    """One host as the content names it: a society's code and its role."""

    society: str
    role: HostRole


@dataclass(frozen=True, slots=True)
class Quota:
    """Seats set aside; `host` None is the pool that anyone may draw from.

    `release_at` is the UTC instant from which a host's untaken seats go to the pool.
    """

    host: str | None
    mode: Mode
    seats: int
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """The fields that every host signs, and no others.

    `starts_at` and `ends_at` are UTC; the event ends just before `ends_at`.
    `prices` maps a price category to money, `full` always among them.
    `split` maps a society's code to an exact fraction ("1/2"); empty: not agreed.
    """

    title: Text
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    mode: Mode
    place: str
    hosts: tuple[Hosting, ...]
    prices: Mapping[str, Money]
    quotas: tuple[Quota, ...]
    split: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventWish:
    """What an organiser asks for; `society` and `slug` are found if left out."""

    title: Text
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    mode: Mode
    place: str
    prices: Mapping[str, Money]
    quotas: Sequence[Quota] = ()
    split: Mapping[str, str] = field(default_factory=dict)
    slug: str | None = None
    society: str | None = None
    role: HostRole = HostRole.ORGANISER


@dataclass(frozen=True, slots=True)
class HostView:
    """A host on a desk: what it was asked, what it answered, whether it signed."""

    society: str
    name: Text
    role: HostRole
    state: HostState
    position: int
    signed: bool
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventView:
    """An event as one reader may see it.

    `content` is what the reader is shown: the last fully signed version for the
    public, the working version for the hosts' officers.
    """

    id: UUID
    uid: str
    slug: str
    kind: EventKind
    origin: str
    state: EventState
    version: int
    sequence: int
    society: str | None
    content: Content
    content_hash: str
    hosts: tuple[HostView, ...]
    missing: tuple[str, ...]
    is_public: bool
    may_manage: bool
    starts_on: date
    ends_on: date
    precision: str
    link: str | None


@dataclass(frozen=True, slots=True)
class EventSummary:
    """One line of a list of events."""

    id: UUID
    uid: str
    slug: str
    kind: EventKind
    origin: str
    state: EventState
    title: Text
    starts_at: datetime
    ends_at: datetime
    starts_on: date
    ends_on: date
    precision: str
    time_zone: str
    mode: Mode
    place: str
    link: str | None


@dataclass(frozen=True, slots=True)
class SeatCount:
    """How one counter stands; `host` None is the pool.

    `quota` is what the hosts signed; `released` seats have gone from a host's quota to
    the pool, which counts them as `added`.
    """

    host: str | None
    mode: Mode
    quota: int
    taken: int
    added: int
    released: int
    release_at: datetime | None

    @property
    def free(self) -> int:
        """Seats that can still be taken."""
        return self.quota + self.added - self.released - self.taken


@dataclass(frozen=True, slots=True)
class PriceReason:
    """Why a price is what it is, in codes and ids; `wording` has the words.

    `detail` is the recognition decision's own reason code and `params` what that speaks of
    (codes and instants) where it is no recognition; `decision_id` names the kept decision
    from which the price can be replayed.
    """

    code: str
    host: str | None = None
    home: str | None = None
    detail: str | None = None
    decision_id: str | None = None
    params: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Quote:
    """A price of one category, with its reason."""

    category: str
    price: Money
    reason: PriceReason


@dataclass(frozen=True, slots=True)
class RegistrationView:
    """A registration as the person who holds it sees it."""

    id: UUID
    event_id: UUID
    person_id: UUID
    event_slug: str
    event_title: Text
    status: RegistrationStatus
    mode: Mode
    host: str | None
    price: Money
    price_category: str
    price_reason: PriceReason
    created_at: datetime
    cancelled_at: datetime | None
