"""Rules, reasons and states in the reader's words."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext, ngettext

from consortium.kernel.errors import N_, ConsortiumError, fill
from consortium.kernel.web import select_language
from consortium.kernel.web.answers import say
from consortium.services.organisations import list_organisations
from think_tank import errors
from think_tank.rules.reasons import MESSAGES
from think_tank.values import Solve

SHARES = {
    "min_share": N_("at least %(value)s of the seats"),
    "max_share": N_("at most %(value)s of the seats"),
}
FIELDS = {
    "society": N_("society"),
    "employer": N_("employer"),
    "front_line": N_("front line"),
    "birth_date": N_("date of birth"),
    "age": N_("age"),
    "seniority": N_("seniority"),
    "disciplines": N_("discipline"),
    "keywords": N_("keyword"),
    "title": N_("professional title"),
    "name": N_("name"),
    "biography": N_("biography"),
    "email": N_("e-mail"),
}
OPERATORS = {"eq": "=", "ne": "≠", "ge": "≥", "le": "≤", "in": "∈", "contains": "∋"}
FLAGS = {"true": N_("yes"), "false": N_("no")}
STATES = {
    "open": N_("open"),
    "seated": N_("seated"),
    "queued": N_("waiting for the solver"),
    "running": N_("being solved"),
    "proposed": N_("a panel is proposed"),
    "infeasible": N_("cannot be met"),
    "failed": N_("failed"),
    "cancelled": N_("cancelled"),
}
DISCLOSURES = {
    "public": N_("public"),
    "after_review": N_("public after the review"),
    "confidential": N_("confidential"),
}
PURPOSES = {
    "panel": N_("be proposed for panels of the consortium's institutes"),
    "search": N_("be found by coordinators and secretaries who search the pool"),
    "publication": N_("have my name published when a panel is published"),
}
FAILURES: tuple[type[ConsortiumError], ...] = (
    errors.BriefInvalid,
    errors.ExpertUnknown,
    errors.KeptAndExcluded,
    errors.SolverStopped,
    errors.SolverDisagrees,
)
SETTINGS = {
    "seats": N_("fewer experts than seats"),
    "keep": N_("the experts to be kept"),
    "exclude": N_("the experts to be left out"),
    "conflicts": N_("conflicts of interest"),
}


def write_failure(solve: Solve) -> str:
    """Why a run gave no answer: the refusal's title, or the run's state."""
    titles = {kind.code: (kind.__doc__ or "").splitlines()[0] for kind in FAILURES}
    return say(titles.get(solve.failure or "", STATES[solve.state]))


def name_societies() -> dict[str, str]:
    """Names of all organisations by code, in the reader's language."""
    language = select_language().html
    return {found.code: found.name(language) for found in list_organisations()}


def write_rule(rule: Mapping[str, Any], societies: Mapping[str, str]) -> str:
    """A rule of a brief in one line, for instance "front line = yes: at least 3/4 of the seats"."""
    of = rule["of"]
    wanted = of["value"]
    values = wanted if isinstance(wanted, list) else [wanted]
    texts = [_value(of["field"], one, societies) for one in values]
    subject = say(FIELDS.get(of["field"], of["field"]))
    condition = f"{subject} {OPERATORS[of['op']]} {', '.join(texts)}"
    return f"{condition}: {_bound(rule['kind'], rule['value'])}"


def _bound(kind: str, value: Any) -> str:
    # As it was written in the brief: a number or a text.
    number = 1 if str(value).strip() == "1" else 2
    if kind == "min_count":
        return ngettext("at least %(value)s seat", "at least %(value)s seats", number, value=value)
    if kind == "max_count":
        return ngettext("at most %(value)s seat", "at most %(value)s seats", number, value=value)
    return fill(say(SHARES[kind]), {"value": value})


def _value(field: str, value: object, societies: Mapping[str, str]) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if field == "society":
        return societies.get(text, text)
    return say(FLAGS[text]) if field == "front_line" and text in FLAGS else text


def write_reasons(reasons: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """Reasons of a seat as sentences, with people by name where they may be named."""
    return [
        fill(
            say(MESSAGES[reason["code"]]),
            {key: names.get(str(value), value) for key, value in reason.items()},
        )
        for reason in reasons
        if reason["code"] in MESSAGES
    ]


def write_repair(repair: Mapping[str, Any]) -> str:
    """A repair's sentence in the reader's language."""
    changes = [
        ngettext(
            'rule "%(rule)s" from %(before)s to %(after)s (%(seats)s seat)',
            'rule "%(rule)s" from %(before)s to %(after)s (%(seats)s seats)',
            change["seats"],
            rule=change["rule"],
            before=change["from"],
            after=change["to"],
            seats=change["seats"],
        )
        for change in repair["changes"]
    ]
    return gettext(
        "Move %(changes)s; then a panel exists (cost %(cost)s).",
        changes=say(" and ").join(changes),
        cost=repair["cost"],
    )


def say_seats(seats: int) -> str:
    """So many seats."""
    return ngettext("%(seats)s seat", "%(seats)s seats", seats, seats=seats)
