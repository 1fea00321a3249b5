"""JSON Schema (2020-12) of the rows of a world file."""

from typing import Any

from membership.rules.conditions import REFUSALS

_INSTANT = {"type": "string", "format": "date-time"}
_OPEN = {"type": ["string", "null"], "format": "date-time"}
_CODE = {"type": "string", "minLength": 1}
_DATED = {
    "id": {"type": "string", "description": "names the row in evidence; its line if left out"},
    "since": _INSTANT,
    "until": {**_OPEN, "description": "excluded; null for open"},
    "recorded_at": {**_OPEN, "description": "when it became known; needed for as-of questions"},
    "supersedes": {"type": ["string", "null"], "description": "id of the row this one replaces"},
}
_CLAUSE = {
    "type": "object",
    "required": ["home", "host", "benefits", "grades"],
    "additionalProperties": False,
    "properties": {
        "home": _CODE,
        "host": _CODE,
        "benefits": {"type": "array", "items": _CODE, "minItems": 1},
        "grades": {"type": "object", "additionalProperties": _CODE},
        "conditions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["kind"],
                "properties": {
                    "kind": {"enum": sorted(REFUSALS)},
                    "months": {"type": "integer", "minimum": 0},
                    "amount": {"type": "integer", "minimum": 0},
                    "currency": _CODE,
                    "one_of": {"type": "array", "items": _CODE},
                },
            },
        },
        "effect": {"enum": ["grant", "deny"]},
        "worth": {"type": "integer", "minimum": 0, "maximum": 100},
        "priority": {"type": "integer"},
        "max_staleness_seconds": {"type": ["integer", "null"], "minimum": 1},
        "if_home_suspended": {"enum": ["stop", "keep"]},
    },
}
_KINDS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "society": (
        ("code",),
        {"code": _CODE, "time_zone": _CODE, "observed_at": _OPEN},
    ),
    "grade": (("society", "code"), {"society": _CODE, "code": _CODE, "rank": {"type": "integer"}}),
    "standing": (
        ("society", "state", "since"),
        {"society": _CODE, "state": {"enum": ["active", "suspended", "expelled"]}},
    ),
    "term": (
        ("person", "society", "grade", "since"),
        {
            "person": _CODE,
            "society": _CODE,
            "class": {"type": "string"},
            "grade": _CODE,
            "state": {"enum": ["active", "suspended", "void"]},
        },
    ),
    "dues": (
        ("person", "society", "since"),
        {
            "person": _CODE,
            "society": _CODE,
            "amount": {"type": "integer", "description": "minor units"},
            "currency": _CODE,
            "state": {"enum": ["active", "void"]},
        },
    ),
    "consent": (
        ("person", "society", "host", "since"),
        {
            "person": _CODE,
            "society": _CODE,
            "host": _CODE,
            "purpose": _CODE,
            "state": {"enum": ["active", "void"]},
        },
    ),
    "agreement_version": (
        ("clauses", "since"),
        {
            "agreement": _CODE,
            "version": {"type": "integer", "minimum": 1},
            "hash": {"type": "string"},
            "form": {"enum": ["bilateral", "multilateral"]},
            "parties": {"type": "array", "items": _CODE},
            "signed_by": {
                "type": "array",
                "items": _CODE,
                "description": "every party if left out",
            },
            "accessions": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["society", "since"],
                    "properties": {"society": _CODE, "since": _INSTANT, "until": _OPEN},
                },
            },
            "ends_at": {**_OPEN, "description": "when the whole agreement was ended"},
            "clauses": {"type": "array", "items": _CLAUSE},
        },
    ),
}


def world_schema() -> dict[str, Any]:
    """Return the schema of one row, and under `$defs` that of a question.

    >>> sorted(branch["properties"]["kind"]["const"] for branch in world_schema()["oneOf"])[0]
    'agreement_version'
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A row of a world: one dated fact",
        "oneOf": [
            {
                "type": "object",
                "required": ["kind", *required],
                "additionalProperties": False,
                "properties": {"kind": {"const": kind}, **_DATED, **members},
            }
            for kind, (required, members) in _KINDS.items()
        ],
        "$defs": {
            "question": {
                "type": "object",
                "required": ["person", "host", "valid_at"],
                "properties": {
                    "id": {"type": ["string", "integer"]},
                    "person": _CODE,
                    "host": _CODE,
                    "benefit": {**_CODE, "default": "membership"},
                    "valid_at": _INSTANT,
                    "known_at": _OPEN,
                },
            }
        },
    }
