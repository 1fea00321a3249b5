"""JSON shapes."""

from marshmallow import fields, validate

from consortium.kernel.api import ApiSchema, InstantField


class VisitIn(ApiSchema):
    """A visit as it is announced."""

    visitor = fields.String(required=True, validate=validate.Length(1, 64))


class VisitOut(ApiSchema):
    """A visit in the book."""

    id = fields.UUID(required=True)
    visitor = fields.String(required=True)
    at = InstantField(required=True)


class EchoOut(ApiSchema):
    """A message that was heard."""

    key = fields.String(required=True)


class TallyOut(ApiSchema):
    """A count."""

    visits = fields.Integer(required=True)
