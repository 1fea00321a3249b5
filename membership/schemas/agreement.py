"""Agreements, their texts and their signatures as JSON."""

from marshmallow import fields, validate

from consortium.kernel.api import ApiSchema, InstantField, PageIn
from membership.rules.conditions import REFUSALS
from membership.rules.drafts import EFFECTS, FORMS

SOCIETY = validate.Regexp(r"^(\*|[a-z][a-z0-9-]{0,31})\Z")
CODE = validate.Regexp(r"^(\*|[a-z][a-z0-9-]{0,39})\Z")
LARGEST = 2**31 - 1


class TitleField(ApiSchema):
    """A title in Chinese and English."""

    zh = fields.String(required=True, validate=validate.Length(min=1, max=200))
    en = fields.String(required=True, validate=validate.Length(min=1, max=200))


class AgreementIn(ApiSchema):
    """A new agreement; it has no effect before a text is signed."""

    form = fields.String(load_default="bilateral", validate=validate.OneOf(FORMS))
    title = fields.Nested(TitleField, required=True)
    parties = fields.List(
        fields.String(validate=CODE), required=True, validate=validate.Length(min=1, max=200)
    )


class ConditionIn(ApiSchema):
    """One of the closed set of conditions."""

    kind = fields.String(required=True, validate=validate.OneOf(sorted(REFUSALS)))
    months = fields.Integer(validate=validate.Range(min=0, max=1200))
    amount = fields.Integer(
        validate=validate.Range(min=0, max=10**12), metadata={"description": "minor units"}
    )
    currency = fields.String(validate=validate.Regexp(r"^[A-Z]{3}\Z"))
    one_of = fields.List(fields.String(validate=CODE), validate=validate.Length(max=50))


class ClauseIn(ApiSchema):
    """A directed promise from a home society's members to a host's benefits."""

    home = fields.String(required=True, validate=SOCIETY)
    host = fields.String(required=True, validate=SOCIETY)
    benefits = fields.List(
        fields.String(validate=CODE), required=True, validate=validate.Length(min=1, max=50)
    )
    grades = fields.Dict(
        keys=fields.String(validate=CODE),
        values=fields.String(validate=CODE),
        required=True,
        metadata={"description": "home grade to host grade"},
    )
    conditions = fields.List(fields.Nested(ConditionIn), validate=validate.Length(max=20))
    effect = fields.String(validate=validate.OneOf(EFFECTS))
    worth = fields.Integer(
        validate=validate.Range(min=0, max=100),
        metadata={"description": "percent of what the host's own members have"},
    )
    priority = fields.Integer(validate=validate.Range(min=0, max=1000))
    max_staleness_seconds = fields.Integer(validate=validate.Range(min=1, max=LARGEST))
    if_home_suspended = fields.String(validate=validate.OneOf(("stop", "keep")))


class VersionIn(ApiSchema):
    """A new text; it never changes afterwards."""

    since = InstantField(required=True)
    until = InstantField(load_default=None, allow_none=True)
    clauses = fields.List(
        fields.Nested(ClauseIn), required=True, validate=validate.Length(min=1, max=1000)
    )
    text = fields.Dict(
        keys=fields.String(validate=validate.OneOf(("zh", "en"))),
        values=fields.String(validate=validate.Length(max=100_000)),
        load_default=None,
        metadata={"description": "the wording, for readers; the clauses decide"},
    )


class SignatureIn(ApiSchema):
    """A society's signature; `hash` guards against a text other than the one read."""

    society = fields.String(required=True, validate=CODE)
    hash = fields.String(load_default=None, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
    office = fields.String(load_default="secretary", validate=validate.Length(min=1, max=80))


class AccessionIn(ApiSchema):
    """A society joins a multilateral agreement."""

    society = fields.String(required=True, validate=CODE)
    since = InstantField(load_default=None)


class EndingIn(ApiSchema):
    """The agreement ends; now if no instant is given."""

    at = InstantField(load_default=None)


class AgreementPageIn(PageIn):
    """A page of the register, of one society if named."""

    society = fields.String(load_default=None, validate=CODE)


class SignatureOut(ApiSchema):
    """Who signed for which society, in which office, and the detached JWS."""

    society = fields.String(required=True)
    signer = fields.String(required=True)
    office = fields.String(required=True)
    signed_at = InstantField(required=True)
    jws = fields.String(required=True)


class VersionOut(ApiSchema):
    """One text; `hash` is the sha256 of the RFC 8785 bytes of `content`."""

    version = fields.Integer(required=True)
    since = InstantField(required=True)
    until = InstantField(required=True, allow_none=True)
    hash = fields.String(required=True)
    content = fields.Dict(required=True)
    signatures = fields.List(fields.Nested(SignatureOut), required=True)


class AccessionOut(ApiSchema):
    """A society's part in a multilateral agreement."""

    society = fields.String(required=True)
    since = InstantField(required=True)
    until = InstantField(required=True, allow_none=True)


class AgreementOut(ApiSchema):
    """An agreement with every text."""

    id = fields.UUID(required=True)
    form = fields.String(required=True)
    title = fields.Method("get_title", required=True, metadata={"type": "object"})
    parties = fields.List(fields.String(), required=True)
    ends_at = InstantField(required=True, allow_none=True)
    versions = fields.List(fields.Nested(VersionOut), required=True)
    accessions = fields.List(fields.Nested(AccessionOut), required=True)

    def get_title(self, agreement: object) -> dict[str, str]:
        """Return the title by language."""
        return {
            "zh": getattr(agreement, "title_zh", ""),
            "en": getattr(agreement, "title_en", ""),
        }


class SignatureCheckOut(ApiSchema):
    """Whether one signature fits the text it was given for."""

    society = fields.String(required=True)
    ok = fields.Boolean(required=True)
    kid = fields.String(required=True, allow_none=True, metadata={"description": "key used"})


class VersionCheckOut(ApiSchema):
    """Whether a text still has the hash that was signed."""

    version = fields.Integer(required=True)
    hash = fields.String(required=True)
    hash_ok = fields.Boolean(required=True)
    signatures = fields.List(fields.Nested(SignatureCheckOut), required=True)


class VerificationOut(ApiSchema):
    """Every hash and signature of an agreement, checked again."""

    agreement = fields.String(required=True)
    ok = fields.Boolean(required=True)
    versions = fields.List(fields.Nested(VersionCheckOut), required=True)
