"""Questions about recognition and their answers (INTERFACES section 1)."""

from marshmallow import fields, validate

from consortium.kernel.api import ApiSchema, InstantField, SubjectField
from membership.rules.wording import MESSAGES

CODE = validate.Regexp(r"^[a-z][a-z0-9-]{0,39}\Z")


class RecognitionIn(ApiSchema):
    """Who, where, for what, and when."""

    person = SubjectField(required=True)
    host = fields.String(required=True, validate=CODE, metadata={"examples": ["comp"]})
    benefit = fields.String(
        load_default="membership", validate=CODE, metadata={"examples": ["member-price"]}
    )
    valid_at = InstantField(
        load_default=None, metadata={"description": "the instant asked about; now if left out"}
    )
    known_at = InstantField(
        load_default=None,
        metadata={"description": "answer from what was recorded by then; live if left out"},
    )


class EvidenceOut(ApiSchema):
    """A recorded fact and how long ago it became known."""

    id = fields.String(required=True)
    age_seconds = fields.Integer(required=True)


class ReasonOut(ApiSchema):
    """Why."""

    code = fields.String(required=True, validate=validate.OneOf(sorted(MESSAGES)))
    text = fields.String(required=True)
    evidence = fields.List(fields.Nested(EvidenceOut), required=True)


class AgreementRefOut(ApiSchema):
    """The agreement version that the answer rests on."""

    id = fields.String(required=True)
    version = fields.Integer(required=True)
    hash = fields.String(required=True)


class RecognitionOut(ApiSchema):
    """The answer; `recognised` is null when the facts are too old or cannot be judged."""

    recognised = fields.Boolean(required=True, allow_none=True)
    home = fields.String(required=True, allow_none=True)
    grade = fields.String(required=True, allow_none=True)
    host_grade = fields.String(required=True, allow_none=True)
    reasons = fields.List(fields.Nested(ReasonOut), required=True)
    agreement = fields.Nested(AgreementRefOut, required=True, allow_none=True)
    next_change_at = InstantField(required=True, allow_none=True)
    decision_hash = fields.String(required=True)
