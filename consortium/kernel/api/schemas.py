"""Schemas that every package builds on."""

from typing import Any

import marshmallow
from marshmallow import fields, validate


class ApiSchema(marshmallow.Schema):
    """A strict schema: unknown members are refused, members keep the order of declaration."""

    class Meta:
        """marshmallow's options."""

        unknown = marshmallow.RAISE


class FaultOut(ApiSchema):
    """One fault in the input."""

    pointer = fields.String(metadata={"description": "JSON pointer (RFC 6901) into the input"})
    cell = fields.String(metadata={"description": "cell of a spreadsheet, for instance C7"})
    code = fields.String(required=True)
    message = fields.String(required=True)


class ProblemOut(ApiSchema):
    """Problem details (RFC 9457); further members depend on the code."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "what to do next"})
    code = fields.String(required=True, metadata={"description": "stable; branch on this"})
    errors = fields.List(fields.Nested(FaultOut), required=True)


_pages: dict[type[marshmallow.Schema], type[ApiSchema]] = {}


def page_of(item: type[marshmallow.Schema]) -> type[ApiSchema]:
    """Schema of a list page `{"items": [...], "next": url|null}`; one class per item schema."""
    known = _pages.get(item)
    if known is None:
        members: dict[str, Any] = {
            "__doc__": "One page of a list; `next` is the address of the page that follows.",
            "items": fields.List(fields.Nested(item), required=True),
            "next": fields.URL(required=True, allow_none=True),
        }
        known = _pages[item] = type(f"{item.__name__}Page", (ApiSchema,), members)
    return known


LIMIT = validate.Range(min=1, max=200)
