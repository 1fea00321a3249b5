"""The coordinator's pages: write a brief, find a panel, read why, seat it, publish it."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from consortium.kernel.errors import N_, FieldError
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page
from consortium.services.organisations import list_organisations
from think_tank.errors import BriefInvalid, SolveUnfinished
from think_tank.rules.expert_files import split
from think_tank.rules.templates import write_balanced_brief
from think_tank.services import solves
from think_tank.services.briefs import get_brief, write_brief
from think_tank.services.institutes import get_institute, require_coordinator
from think_tank.services.panels import describe_experts, publish_panel, seat_panel
from think_tank.services.pool import search_experts
from think_tank.values import Solve
from think_tank.views.blueprint import blueprint
from think_tank.views.public import show_panel
from think_tank.wording import name_societies

SHARES = ("society_share", "front_line_share", "young_share")


@blueprint.get("/institutes/<slug>/briefs/new")
@require_sign_in
def show_new_brief(slug: str) -> ResponseReturnValue:
    """The form of a new brief."""
    institute = get_institute(slug)
    require_coordinator(current_principal(), institute)
    return page("think_tank/brief_new.html", institute=institute)


@blueprint.post("/institutes/<slug>/briefs")
@require_sign_in
@on_refusal(show_new_brief)
def create_brief(slug: str) -> ResponseReturnValue:
    """Write a brief and go to its page."""
    form = request.form
    written = write_brief(
        current_principal(),
        institute=slug,
        title_zh=form.get("title.zh", "").strip(),
        title_en=form.get("title.en", "").strip(),
        brief=_read_brief(slug, form),
        disclosure=form.get("disclosure", "confidential"),
    )
    return redirect(url_for("think_tank.show_brief", slug=slug, number=written.number), 303)


def _read_brief(slug: str, form: MultiDict[str, str]) -> dict[str, Any]:
    consortium = get_institute(slug).consortium
    societies = [society.code for society in list_organisations(consortium)]
    shares = {name: form.get(name, "").strip() for name in SHARES}
    seats = form.get("seats", "").strip()
    brief = write_balanced_brief(
        # What is no number is refused by the brief's own reader, with its pointer.
        seats=int(seats) if seats.isdecimal() and len(seats) < 6 else 0,
        societies=societies,
        disciplines=[code.upper() for code in split(form.get("disciplines", ""))],
        keywords=split(form.get("keywords", "")),
        **shares,
    )
    return brief | {"rules": [*brief["rules"], *_read_more_rules(form.get("rules", "").strip())]}


def _read_more_rules(text: str) -> list[Any]:
    if not text:
        return []
    try:
        rules = json.loads(text)
    except ValueError:
        rules = None
    if not isinstance(rules, list):
        message = N_("A list of rules is expected here.")
        raise BriefInvalid(errors=[FieldError("not-a-list", message, pointer="/rules")])
    return rules


@blueprint.get("/institutes/<slug>/briefs/<int:number>")
@require_sign_in
def show_brief(slug: str, number: int) -> ResponseReturnValue:
    """A brief, its newest run, and for each seat why she and why not the next."""
    institute = get_institute(slug)
    brief = get_brief(current_principal(), institute=slug, number=number)
    solve = solves.find_last_solve(brief.id)
    people = describe_experts(_list_named(solve))
    meters = {meter["id"]: meter for meter in _answer(solve).get("rules", [])}
    return page(
        "think_tank/brief.html",
        institute=institute,
        brief=brief,
        solve=solve,
        answer=_answer(solve),
        people=people,
        societies=name_societies(),
        names={name: person["name"] for name, person in people.items()},
        meters=meters,
    )


def _answer(solve: Solve | None) -> Mapping[str, Any]:
    return (solve.answer if solve else None) or {}


def _list_named(solve: Solve | None) -> set[str]:
    answer = _answer(solve)
    seats = answer.get("seats", [])
    named = {seat["id"] for seat in seats} | {seat["next_best"] for seat in seats}
    return (named | set(answer.get("reserves", []))) - {None}


@blueprint.post("/institutes/<slug>/briefs/<int:number>/solves")
@require_sign_in
@on_refusal(show_brief)
def solve_brief(slug: str, number: int) -> ResponseReturnValue:
    """Find a panel for a brief, and show it."""
    principal = current_principal()
    brief = get_brief(principal, institute=slug, number=number)
    asked = solves.ask_solve(
        principal,
        brief_id=brief.id,
        seed=request.form.get("seed", "0").strip() or "0",
        keep=frozenset(split(request.form.get("keep", ""))),
        exclude=frozenset(split(request.form.get("exclude", ""))),
    )
    solves.run_solve(asked.id)
    return redirect(url_for("think_tank.show_brief", slug=slug, number=number), 303)


@blueprint.post("/institutes/<slug>/briefs/<int:number>/seating")
@require_sign_in
@on_refusal(show_brief)
def seat_proposal(slug: str, number: int) -> ResponseReturnValue:
    """Seat the proposed panel that the form shows."""
    principal = current_principal()
    brief = get_brief(principal, institute=slug, number=number)
    solve = solves.find_last_solve(brief.id)
    # What is seated is what the reader has seen, not what was solved after she looked.
    if solve is None or str(solve.id) != request.form.get("solve", str(solve.id)):
        raise SolveUnfinished
    panel = seat_panel(principal, solve_id=solve.id)
    return redirect(url_for("think_tank.show_panel", slug=slug, panel_id=panel.id), 303)


@blueprint.post("/institutes/<slug>/panels/<uuid:panel_id>/publication")
@require_sign_in
@on_refusal(show_panel)
def make_public(slug: str, panel_id: UUID) -> ResponseReturnValue:
    """Publish a panel."""
    publish_panel(current_principal(), panel_id=panel_id)
    return redirect(url_for("think_tank.show_panel", slug=slug, panel_id=panel_id), 303)


@blueprint.get("/experts")
@require_sign_in
def show_experts() -> ResponseReturnValue:
    """Search the pool."""
    query, discipline = request.args.get("q", ""), request.args.get("discipline", "")
    experts, following = search_experts(
        current_principal(), query=query, discipline=discipline, limit=100
    )
    return page(
        "think_tank/experts.html",
        experts=experts,
        societies=name_societies(),
        q=query,
        discipline=discipline,
        is_cut=following is not None,
    )
