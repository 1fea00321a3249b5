"""Registrations in JSON."""

from __future__ import annotations

from marshmallow import fields, validate

from consortium.kernel.api import ApiSchema, InstantField, MoneyField, SubjectField
from events.schemas.events import SEAT_MODES, SOCIETY, one_of
from events.values import RegistrationStatus


class RegistrationIn(ApiSchema):
    """Who attends, and how; without `person` the signed-in person herself."""

    person = SubjectField(load_default=None, allow_none=True)
    mode = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(SEAT_MODES),
        metadata={"description": "needed where the event is hybrid"},
    )
    host = fields.String(
        load_default=None,
        allow_none=True,
        validate=SOCIETY,
        metadata={"description": "the host whose quota is asked; its members only"},
    )


class EventPriceReasonOut(ApiSchema):
    """Why the price is what it is."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    host = fields.String(allow_none=True)
    home = fields.String(allow_none=True)
    detail = fields.String(
        allow_none=True, metadata={"description": "the recognition decision's own reason"}
    )
    decision_id = fields.String(
        allow_none=True, metadata={"description": "the kept decision, to be replayed"}
    )


class RegistrationOut(ApiSchema):
    """A registration."""

    id = fields.UUID(required=True)
    event = fields.UUID(required=True)
    status = fields.String(required=True, validate=one_of(RegistrationStatus))
    mode = fields.String(required=True, validate=validate.OneOf(SEAT_MODES))
    host = fields.String(allow_none=True, metadata={"description": "whose quota; null: the pool"})
    price = MoneyField(required=True)
    price_category = fields.String(required=True)
    price_reason = fields.Nested(EventPriceReasonOut, required=True)
    created_at = InstantField(required=True)
    cancelled_at = InstantField(allow_none=True)
