"""The blueprint that the modules of this package share, and what its templates may say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint

from consortium.kernel.web.answers import say
from events.values import HOST_STATE_NAMES, MODE_NAMES, PRICE_NAMES, ROLE_NAMES, STATE_NAMES
from events.values import STATUS_NAMES as REGISTRATION_NAMES
from events.wording import in_language, write_days

blueprint = Blueprint("events", __name__, template_folder="../templates")


@blueprint.context_processor
def words() -> dict[str, Any]:
    """Names of roles, states and the like for templates."""
    return {
        "ROLE_NAMES": ROLE_NAMES,
        "STATE_NAMES": STATE_NAMES,
        "HOST_STATE_NAMES": HOST_STATE_NAMES,
        "MODE_NAMES": MODE_NAMES,
        "PRICE_NAMES": PRICE_NAMES,
        "STATUS_NAMES": REGISTRATION_NAMES,
        "in_language": in_language,
        "write_days": write_days,
        "pairs": _pairs,
        "role_options": _role_options,
    }


def _pairs(choices: Iterable[str]) -> list[tuple[str, str]]:
    """Options of a select whose values are their own names."""
    return [(choice, choice) for choice in choices]


def _role_options() -> list[tuple[str, str]]:
    return [(role, say(name)) for role, name in ROLE_NAMES.items()]
