"""The blueprint that the modules of this package share, and what its templates may say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint
from flask_babel import ngettext

from consortium.kernel.web.answers import say
from events.values import (
    HOST_STATE_NAMES,
    MODE_NAMES,
    PRICE_NAMES,
    ROLE_NAMES,
    STATE_NAMES,
    HostView,
)
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
        "name_hosts": _name_hosts,
        "role_options": _role_options,
        "seats_left": _seats_left,
    }


def _pairs(choices: Iterable[str]) -> list[tuple[str, str]]:
    """Options of a select whose values are their own names."""
    return [(choice, choice) for choice in choices]


def _name_hosts(codes: Iterable[str], hosts: Iterable[HostView]) -> str:
    """Names of hosts by their codes, in a row."""
    names = {host.society: in_language(host.name) for host in hosts}
    return say(", ").join(names.get(code, code) for code in codes)


def _seats_left(count: int) -> str:
    return ngettext("%(count)s seat left", "%(count)s seats left", count, count=count)


def _role_options() -> list[tuple[str, str]]:
    return [(role, say(name)) for role, name in ROLE_NAMES.items()]
