"""Pages of the register: home, societies, a society's desk, a consortium."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from consortium.kernel.clock import read_now
from consortium.kernel.errors import InvalidInput
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page, select_language, tiles
from consortium.policies import may_govern
from consortium.services import consortia, disciplines, members, organisations, standing
from consortium.values import Organisation

blueprint = Blueprint("consortium", __name__, template_folder="templates")
SHOWN = 50


@blueprint.get("/")
def show_home() -> ResponseReturnValue:
    """What the service is for, its societies, and the features' tiles."""
    return page(
        "consortium/home.html",
        societies=organisations.list_organisations(limit=SHOWN),
        consortia=consortia.list_consortia(),
        tiles=tiles("home"),
    )


@blueprint.get("/societies")
def show_societies() -> ResponseReturnValue:
    """The public register, page by page, or what a question finds."""
    query = request.args.get("q", "").strip()
    if query:
        found = organisations.search_organisations(query, limit=SHOWN)
        return page("consortium/societies.html", societies=found, query=query, following=None)
    found = organisations.list_organisations(after=request.args.get("after"), limit=SHOWN + 1)
    following = None
    if len(found) > SHOWN:
        following = url_for("consortium.show_societies", after=found[SHOWN - 1].code)
    shown = found[:SHOWN]
    return page("consortium/societies.html", societies=shown, query="", following=following)


@blueprint.get("/s/<code>")
def show_society(code: str) -> ResponseReturnValue:
    """A society: what the register says, and what the features show of it."""
    society = organisations.get_organisation(code)
    return page(
        "consortium/society.html",
        society=society,
        branches=organisations.list_branches(code),
        consortia=consortia.list_consortia(organisation=code, at=read_now()),
        fields=[(code, disciplines.find_discipline(code)) for code in society.disciplines],
        tiles=tiles("society", code=code),
    )


@blueprint.get("/c/<code>")
def show_consortium(code: str) -> ResponseReturnValue:
    """A consortium: charter, members, who leads it and who signs for it."""
    body = consortia.get_consortium(code)
    now = read_now()
    spans = members.list_members(code, at=now)
    by_code = {found.code: found for found in organisations.list_organisations(code, at=now)}
    return page(
        "consortium/consortium.html",
        body=body,
        charter=consortia.get_charter(code),
        members=[(span, by_code[span.organisation]) for span in spans],
        choices=[(span.organisation, by_code[span.organisation].name(_reader())) for span in spans],
        by_code=by_code,
        governs=may_govern(current_principal(), code),
        tiles=tiles("consortium", code=code),
    )


@blueprint.get("/c/<code>/charter/<int(max=100000):number>")
def show_charter(code: str, number: int) -> ResponseReturnValue:
    """One version of a charter with the hash of its text."""
    return page(
        "consortium/charter.html",
        body=consortia.get_consortium(code),
        charter=consortia.get_charter(code, number),
    )


@blueprint.post("/c/<code>/standing")
@require_sign_in
@on_refusal(show_consortium)
def change_standing(code: str) -> ResponseReturnValue:
    """Suspend, expel or restore a member; with effect at the next request."""
    acts = {"suspend": standing.suspend, "expel": standing.expel, "restore": standing.restore}
    act = acts.get(request.form.get("action", ""))
    if act is None:
        raise InvalidInput
    society = organisations.get_organisation(request.form.get("organisation", ""))
    document = request.form.get("document", "").strip()[:120] or None
    act(current_principal(), society.code, consortium=code, document=document)
    flash(_told(society), "good")
    return redirect(url_for("consortium.show_consortium", code=code), 303)


def _told(society: Organisation) -> str:
    return gettext("The standing of %(name)s has changed.", name=society.name(_reader()))


def _reader() -> str:
    return select_language().html
