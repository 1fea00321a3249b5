"""What the API takes and gives."""

from marshmallow import fields, validate

from consortium.kernel.api import ApiSchema, InstantField, PageIn
from think_tank.values import DISCLOSURES, LONGEST_SEED

TEXT = validate.Length(min=1, max=200)
CHARTER = validate.Length(min=1, max=200_000)
IDS = validate.Length(max=1000)


class TitleIO(ApiSchema):
    """A text in both languages."""

    zh = fields.String(required=True, validate=TEXT)
    en = fields.String(required=True, validate=TEXT)


class CharterIn(ApiSchema):
    """A charter in both languages."""

    zh = fields.String(required=True, validate=CHARTER)
    en = fields.String(required=True, validate=CHARTER)


class InstituteIn(ApiSchema):
    """A wish to found an institute; `until` is excluded."""

    slug = fields.String(required=True, validate=validate.Length(max=64))
    consortium = fields.String(required=True, validate=validate.Length(min=1, max=32))
    name = fields.Nested(TitleIO, required=True)
    charter = fields.Nested(CharterIn, required=True)
    since = InstantField(required=True)
    until = InstantField(load_default=None, allow_none=True)


class InstituteOut(ApiSchema):
    """A virtual institute."""

    slug = fields.String(required=True)
    consortium = fields.String(required=True)
    name = fields.Nested(TitleIO, required=True)
    charter_hash = fields.String(required=True)
    since = InstantField(required=True)
    until = InstantField(required=True, allow_none=True)


class BriefIn(ApiSchema):
    """A brief to be written; `brief` is `{seats, rules, on, fit}`."""

    title = fields.Nested(TitleIO, required=True)
    disclosure = fields.String(load_default="confidential", validate=validate.OneOf(DISCLOSURES))
    brief = fields.Dict(keys=fields.String(), required=True)


class BriefOut(ApiSchema):
    """A written brief."""

    id = fields.UUID(required=True)
    number = fields.Integer(required=True)
    institute = fields.String(required=True)
    title = fields.Nested(TitleIO, required=True)
    disclosure = fields.String(required=True)
    state = fields.String(required=True)
    brief = fields.Dict(keys=fields.String(), required=True)
    brief_hash = fields.String(required=True)
    written_at = InstantField(required=True)


class SolveIn(ApiSchema):
    """How to solve: experts to keep and to leave out as society:number."""

    seed = fields.String(load_default="0", validate=validate.Length(min=1, max=LONGEST_SEED))
    keep = fields.List(fields.String(), load_default=list, validate=IDS)
    # `exclude` is taken by marshmallow's own Schema.
    left_out = fields.List(
        fields.String(), data_key="exclude", attribute="exclude", load_default=list, validate=IDS
    )


class SolveOut(ApiSchema):
    """A run of the solver; `answer` once it has finished."""

    id = fields.UUID(required=True)
    brief_id = fields.UUID(required=True)
    state = fields.String(required=True)
    progress = fields.Integer(required=True, metadata={"description": "percent"})
    seed = fields.String(required=True)
    pool_size = fields.Integer(required=True, allow_none=True)
    pool_hash = fields.String(required=True, allow_none=True)
    answer = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    failure = fields.String(required=True, allow_none=True)
    asked_at = InstantField(required=True)
    finished_at = InstantField(required=True, allow_none=True)


class PanelIn(ApiSchema):
    """Seat the panel that a run proposes."""

    solve = fields.UUID(required=True)


class SeatOut(ApiSchema):
    """A seat; id, name and employer are empty where they may not be shown."""

    place = fields.Integer(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)
    society = fields.String(required=True)
    employer = fields.String(required=True)
    answer = fields.Dict(keys=fields.String(), required=True)


class PanelOut(ApiSchema):
    """A seated panel."""

    id = fields.UUID(required=True)
    institute = fields.String(required=True)
    brief_number = fields.Integer(required=True)
    title = fields.Nested(TitleIO, required=True)
    disclosure = fields.String(required=True)
    seated_at = InstantField(required=True)
    published_at = InstantField(required=True, allow_none=True)
    seats = fields.List(fields.Nested(SeatOut), required=True)


class PanelsIn(PageIn):
    """Which panels."""

    institute = fields.String(load_default=None)


class ExpertsIn(PageIn):
    """A search of the pool."""

    q = fields.String(load_default="", validate=validate.Length(max=200))
    discipline = fields.String(load_default="", validate=validate.Length(max=16))


class MatchOut(ApiSchema):
    """Why the search found her."""

    field = fields.String(required=True)
    text = fields.String(required=True)


class ExpertOut(ApiSchema):
    """An expert who has agreed to be found."""

    id = fields.String(required=True, metadata={"description": "society:number"})
    name = fields.String(required=True)
    society = fields.String(required=True)
    employer = fields.String(required=True)
    title = fields.String(required=True)
    disciplines = fields.List(fields.String(), required=True)
    keywords = fields.List(fields.String(), required=True)
    front_line = fields.Boolean(required=True, allow_none=True)
    seniority = fields.String(required=True)
    matched = fields.List(fields.Nested(MatchOut), required=True)
