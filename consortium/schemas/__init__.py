"""What the JSON doors take and give."""

from marshmallow import fields, validate

from consortium.kernel.api import ApiSchema, InstantField, PageIn


class OrganisationOut(ApiSchema):
    """An organisation of the public register."""

    code = fields.String(required=True, metadata={"examples": ["math"]})
    kind = fields.String(required=True)
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    abbreviation = fields.String(required=True)
    uscc = fields.String(allow_none=True, metadata={"description": "统一社会信用代码"})
    level = fields.String(required=True)
    supervising_unit = fields.String(allow_none=True)
    supporting_unit = fields.String(allow_none=True)
    disciplines = fields.List(fields.String(), required=True, metadata={"description": "NSFC"})
    time_zone = fields.String(required=True, metadata={"description": "IANA name"})
    standing = fields.String(
        required=True, metadata={"description": "active, suspended or expelled, now"}
    )
    origin = fields.String(
        allow_none=True, metadata={"description": "issuer of the node that keeps it; null: this"}
    )


class OrganisationsIn(PageIn):
    """Query of the register."""

    consortium = fields.String(
        load_default=None, metadata={"description": "only members of the consortium"}
    )


class ConsortiumOut(ApiSchema):
    """A consortium."""

    code = fields.String(required=True, metadata={"examples": ["demo"]})
    kind = fields.String(required=True, metadata={"description": "consortium, cluster, alliance"})
    name_zh = fields.String(required=True)
    name_en = fields.String(required=True)
    lead = fields.String(allow_none=True)
    legal_representative = fields.String(allow_none=True)
    charter_version = fields.Integer(required=True)


class ConsortiumMemberOut(ApiSchema):
    """A member of a consortium."""

    organisation = fields.String(required=True)
    since = InstantField(required=True)
    until = InstantField(allow_none=True)


class KeySetOut(ApiSchema):
    """A JWK set (RFC 7517)."""

    keys = fields.List(fields.Dict(keys=fields.String()), required=True)


class FeedIn(ApiSchema):
    """Query of the feed: `cursor` from an earlier page, `limit` 1 to 1000."""

    cursor = fields.String(load_default=None, validate=validate.Length(max=2000))
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=1000))


class RecordOut(ApiSchema):
    """One record: the newest `version` of a `key` wins; `op` delete is a tombstone."""

    id = fields.UUID(required=True)
    topic = fields.String(required=True, metadata={"examples": ["consortium.organisation"]})
    key = fields.String(required=True)
    version = fields.Integer(required=True)
    op = fields.String(required=True, validate=validate.OneOf(["upsert", "delete"]))
    origin = fields.String(required=True, metadata={"description": "issuer of the owning node"})
    seq = fields.Integer(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    data = fields.Dict(keys=fields.String(), required=True)


class FeedOut(ApiSchema):
    """A page of the feed, and the signature of the node over its seal."""

    records = fields.List(fields.Nested(RecordOut), required=True)
    next = fields.String(required=True, metadata={"description": "cursor after this page"})
    head = fields.String(required=True, metadata={"description": "cursor of the feed's end"})
    seal = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "issuer, recipient, cursors, instant, SHA-256 of each record"},
    )
    signature = fields.String(
        required=True, metadata={"description": "detached JWS over the seal (RFC 7515, 8785)"}
    )


class LinkOut(ApiSchema):
    """How the feed of a peer is read."""

    peer = fields.String(required=True)
    feed = fields.String(required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(["ok", "late", "failing", "paused", "never"]),
    )
    last_good_at = InstantField(allow_none=True)
    lag_seconds = fields.Float(allow_none=True)
    fault = fields.String(allow_none=True)
    taken = fields.Integer(required=True)
    quarantined = fields.Integer(required=True)
