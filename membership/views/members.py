"""/s/<code>/members: a society's member list, for those who keep it."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from consortium.kernel.clock import read_now
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page, select_language
from consortium.services import organisations
from membership.errors import TermNotFound
from membership.services import catalogue, members, terms

blueprint = Blueprint("membership_members", __name__, template_folder="../templates")
LINES = 50


@blueprint.get("/s/<code>/members")
@require_sign_in
def show_members(code: str) -> str:
    """Show a page of members with their terms."""
    after = request.args.get("after")
    lines, more = members.list_members(current_principal(), society=code, after=after, limit=LINES)
    now = read_now()
    lang = select_language().code
    grades = {grade.code: grade.name(lang) for grade in catalogue.list_grades(code, at=now)}
    path = url_for("membership_members.show_members", code=code)
    return page(
        "membership/members.html",
        society=organisations.get_organisation(code),
        lines=lines,
        grades=grades,
        now=now,
        first_page=path if after else None,
        next_page=f"{path}?after={more}" if more else None,
    )


@blueprint.post("/s/<code>/members/terms")
@require_sign_in
@on_refusal(show_members)
def change_term(code: str) -> Response:
    """End a term now or undo its newest correction (`term_id`, `decision=end|restore`)."""
    try:
        term_id = UUID(request.form.get("term_id", ""))
    except ValueError as error:
        raise TermNotFound from error
    principal = current_principal()
    if request.form.get("decision") == "restore":
        terms.restore_term(principal, term_id=term_id)
    elif terms.has_later_term(principal, terms.end_term(principal, term_id=term_id)):
        flash(gettext("She has another term. Withdraw it too if her membership is to end."), "warn")
    return redirect(url_for("membership_members.show_members", code=code), 303)
