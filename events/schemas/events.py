"""Events in JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate

from consortium.kernel.api import ApiSchema, InstantField, MoneyField, PageIn
from events.rules.content import LARGEST_AMOUNT, MOST_SEATS, NO_SEATS
from events.values import (
    EventKind,
    EventState,
    EventWish,
    HostRole,
    HostState,
    Mode,
    Money,
    Quota,
    Text,
)

SOCIETY = validate.Regexp(r"^[a-z][a-z0-9-]{0,59}$")
SEAT_MODES = [Mode.ON_SITE.value, Mode.ONLINE.value]


def one_of(kind: type[StrEnum]) -> validate.OneOf:
    """Take the values of an enumeration and no others."""
    return validate.OneOf([member.value for member in kind])


class EventTextSchema(ApiSchema):
    """A text in Chinese and in English; one of them may be empty."""

    zh = fields.String(load_default="", validate=validate.Length(max=300))
    en = fields.String(load_default="", validate=validate.Length(max=300))

    @post_load
    def make(self, data: dict[str, Any], **_kwargs: Any) -> Text:
        """Make the value."""
        return Text(zh=data["zh"].strip(), en=data["en"].strip())


class EventQuotaSchema(ApiSchema):
    """Seats of one host and mode; host null is the pool."""

    host = fields.String(load_default=None, allow_none=True, validate=SOCIETY)
    mode = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(SEAT_MODES),
        metadata={"description": "on_site or online; may be left out unless the event is hybrid"},
    )  # fmt: skip
    seats = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0, max=MOST_SEATS)
    )
    release_at = InstantField(
        load_default=None,
        allow_none=True,
        metadata={"description": "from then on, seats that the host has not taken are the pool's"},
    )


class PriceField(MoneyField):
    """Money that is not negative; a `Money` inside."""

    def __init__(self, **kwargs: Any) -> None:
        """Describe it."""
        super().__init__(least=0, most=LARGEST_AMOUNT, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return Money(**super()._deserialize(value, attr, data, **kwargs))


class MapField(fields.Dict):
    """A mapping whose faults point at the member itself, as RFC 6901 would."""

    def deserialize(
        self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any
    ) -> Any:
        """Read the mapping; faults are told by member."""
        try:
            return super().deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            flat = {
                name: told.get("value") or told.get("key") if isinstance(told, dict) else told
                for name, told in error.messages.items()
            }
            raise ValidationError(flat) from error


def _prices(**kwargs: Any) -> MapField:
    described = {
        "description": "money by price category: full always, member for recognised members"
    }
    return MapField(
        keys=fields.String(validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,31}$")),
        values=PriceField(),
        validate=validate.Length(max=20),
        metadata=described,
        **kwargs,
    )


def _quotas(**kwargs: Any) -> fields.List[Any]:
    # A draft may leave its seats open; that there are none is no plan.
    lengths = [validate.Length(max=100), validate.Length(min=1, error=NO_SEATS)]
    return fields.List(fields.Nested(EventQuotaSchema), validate=lengths, **kwargs)


def _split(**kwargs: Any) -> MapField:
    described = {"description": 'exact shares by society, adding up to 1, for instance "1/2"'}
    return MapField(
        keys=fields.String(validate=SOCIETY),
        values=fields.String(validate=validate.Regexp(r"^\d{1,6}(/\d{1,6})?$")),
        validate=validate.Length(max=50),
        metadata=described,
        **kwargs,
    )


class EventPatch(ApiSchema):
    """The listed fields of an event, each of which may be changed by itself."""

    title = fields.Nested(EventTextSchema)
    starts_at = InstantField()
    ends_at = InstantField(metadata={"description": "the event ends just before"})
    time_zone = fields.String(
        validate=validate.Length(min=1, max=64), metadata={"examples": ["Asia/Shanghai"]}
    )
    mode = fields.String(validate=one_of(Mode))
    place = fields.String(validate=validate.Length(max=300))
    prices = _prices()
    quotas = _quotas()
    split = _split()

    @post_load
    def make(self, data: dict[str, Any], **_kwargs: Any) -> Any:
        """Turn the members into values."""
        return read_members(data)


class EventIn(EventPatch):
    """A new event."""

    title = fields.Nested(EventTextSchema, required=True)
    starts_at = InstantField(required=True)
    ends_at = InstantField(required=True, metadata={"description": "the event ends just before"})
    time_zone = fields.String(
        load_default="Asia/Shanghai",
        validate=validate.Length(min=1, max=64),
        metadata={"examples": ["Asia/Shanghai"]},
    )
    mode = fields.String(load_default=Mode.ON_SITE.value, validate=one_of(Mode))
    place = fields.String(load_default="", validate=validate.Length(max=300))
    prices = _prices(required=True)
    quotas = _quotas(
        load_default=list,
        metadata={"description": "may be left out of a draft; nobody signs without them"},
    )
    split = _split(load_default=dict, allow_none=True)
    slug = fields.String(
        load_default=None,
        allow_none=True,
        validate=[validate.Length(min=3, max=80), validate.Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$")],
        metadata={"description": "the page's address below /events/"},
    )
    society = fields.String(
        load_default=None,
        allow_none=True,
        validate=SOCIETY,
        metadata={"description": "who leads; the caller's own society if she has only one"},
    )
    role = fields.String(load_default=HostRole.ORGANISER.value, validate=one_of(HostRole))

    @post_load
    def make(self, data: dict[str, Any], **_kwargs: Any) -> EventWish:
        """Make the wish."""
        data["split"] = data["split"] or {}
        data["role"] = HostRole(data["role"])
        return EventWish(**read_members(data))


def read_members(data: dict[str, Any]) -> dict[str, Any]:
    """Make values of the members whose JSON is plainer than they are.

    A quota without a mode takes the event's; on site, where the event is both or unsaid.
    """
    if "mode" in data:
        data["mode"] = Mode(data["mode"])
    if "quotas" in data:
        event_mode = data.get("mode", Mode.ON_SITE)
        usual = Mode.ON_SITE if event_mode is Mode.HYBRID else event_mode
        data["quotas"] = tuple(
            Quota(
                host=quota["host"],
                mode=Mode(quota["mode"] or usual),
                seats=quota["seats"],
                release_at=quota["release_at"],
            )
            for quota in data["quotas"]
        )
    return data


class EventHostIn(ApiSchema):
    """An invitation to host."""

    society = fields.String(required=True, validate=SOCIETY)
    role = fields.String(load_default=HostRole.CO_ORGANISER.value, validate=one_of(HostRole))


class EventSignatureIn(ApiSchema):
    """A signature may name the content that the officer read."""

    content_hash = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(r"^[0-9a-f]{64}$"),
        metadata={"description": "refused with content-changed if the content is another by now"},
    )


class EventHostOut(ApiSchema):
    """A host; what it has not accepted is shown to the hosts' officers only."""

    society = fields.String(required=True)
    name = fields.Nested(EventTextSchema, required=True)
    role = fields.String(required=True, validate=one_of(HostRole))
    state = fields.String(required=True, validate=one_of(HostState))
    signed = fields.Boolean(required=True)
    signed_at = InstantField(allow_none=True)


class EventSummaryOut(ApiSchema):
    """One line of a list."""

    id = fields.UUID(required=True)
    uid = fields.String(required=True, metadata={"description": "the same at every node"})
    slug = fields.String(required=True)
    url = fields.String(required=True)
    kind = fields.String(required=True, validate=one_of(EventKind))
    origin = fields.String(required=True, metadata={"description": "the issuer whose event it is"})
    state = fields.String(required=True, validate=one_of(EventState))
    title = fields.Nested(EventTextSchema, required=True)
    starts_at = InstantField(required=True)
    ends_at = InstantField(required=True)
    starts_on = fields.Date(required=True, metadata={"description": "first civil day"})
    ends_on = fields.Date(required=True, metadata={"description": "last civil day, included"})
    precision = fields.String(required=True, validate=validate.OneOf(["day", "month", "year"]))
    time_zone = fields.String(required=True)
    mode = fields.String(required=True, validate=one_of(Mode))
    place = fields.String(required=True)
    link = fields.String(allow_none=True)


class EventOut(EventSummaryOut):
    """An event as the caller may see it."""

    version = fields.Integer(required=True, metadata={"description": "the ETag's number"})
    sequence = fields.Integer(required=True)
    society = fields.String(allow_none=True, metadata={"description": "who leads"})
    hosts = fields.List(fields.Nested(EventHostOut), required=True)
    prices = _prices(required=True)
    quotas = fields.List(fields.Nested(EventQuotaSchema), required=True)
    split = _split(required=True)
    content_hash = fields.String(
        required=True,
        metadata={"description": "SHA-256 over the RFC 8785 bytes of the listed fields"},
    )
    missing = fields.List(
        fields.String(), required=True,
        metadata={"description": "hosts whose signature is missing; for the hosts' officers"},
    )  # fmt: skip


class EventListIn(PageIn):
    """Which events to list."""

    kind = fields.String(
        load_default=None,
        validate=one_of(EventKind),
        metadata={"description": "without it joint and mirrored; listed are other people's"},
    )
    host = fields.String(load_default=None, validate=SOCIETY)
    ends_after = InstantField(load_default=None)


class EventSignatureOut(ApiSchema):
    """A signature that anybody can verify with the society's published keys."""

    society = fields.String(required=True)
    payload = fields.Dict(required=True)
    jws = fields.String(
        required=True, metadata={"description": "detached JWS over the RFC 8785 bytes of payload"}
    )
    signed_at = InstantField(required=True)


class EventSignatureListOut(ApiSchema):
    """The signed fields and every signature over their hash."""

    content = fields.Dict(required=True)
    content_hash = fields.String(required=True)
    signatures = fields.List(fields.Nested(EventSignatureOut), required=True)


class EventSeatOut(ApiSchema):
    """One counter, or the sum of several."""

    host = fields.String(allow_none=True)
    mode = fields.String(validate=validate.OneOf(SEAT_MODES))
    quota = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    held = fields.Integer(required=True)
    released = fields.Integer(
        required=True, metadata={"description": "seats that a host's quota gave to the pool"}
    )
    free = fields.Integer(required=True)


class EventSeatsOut(ApiSchema):
    """How the seats stand: the pool over all modes, then each counter."""

    pool = fields.Nested(EventSeatOut, required=True)
    pools = fields.List(fields.Nested(EventSeatOut), required=True)
    hosts = fields.List(fields.Nested(EventSeatOut), required=True)
    waiting = fields.Integer(required=True)
