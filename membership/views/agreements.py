"""/agreements: the public register; /s/<code>/agreements: a society's own, for its secretary."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from consortium.kernel.clock import read_now
from consortium.kernel.errors import N_
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page, select_language
from consortium.services import organisations
from membership import policies
from membership.services import agreement_register, agreements, catalogue
from membership.services.recognition_names import read_society_names

blueprint = Blueprint("membership_agreements", __name__, template_folder="../templates")

BENEFIT_NAMES: Mapping[str, str] = {
    "membership": N_("standing as a member"),
    "member-price": N_("member price"),
    "publications": N_("publications"),
    "library": N_("library"),
    "member-site": N_("members' site"),
}
OFFICE_NAMES: Mapping[str, str] = {"secretary": N_("secretary")}


@blueprint.get("/agreements")
def show_register() -> str:
    """Show every agreement, with parties, periods and signatures."""
    return _register("/agreements", None)


@blueprint.get("/s/<code>/agreements")
def show_society_register(code: str) -> str:
    """Show the agreements of one society."""
    organisations.get_organisation(code)
    return _register(f"/s/{code}/agreements", code)


def _register(path: str, society: str | None) -> str:
    after = _read_id(request.args.get("after"))
    found, more = agreement_register.list_agreements(society=society, after=after, limit=50)
    return page(
        "membership/agreements.html",
        agreements=found,
        names=read_society_names(lang=select_language().code),
        now=read_now(),
        path=path,
        society=society,
        next_page=f"{path}?after={more}" if more else None,
    )


@blueprint.get("/agreements/<uuid:agreement_id>")
def show_agreement(agreement_id: UUID) -> str:
    """Show one agreement: texts, clauses, signatures and whether they verify."""
    found = agreement_register.get_agreement(agreement_id)
    principal = current_principal()
    return page(
        "membership/agreement.html",
        agreement=found,
        names=read_society_names(lang=select_language().code),
        checked=agreement_register.verify_agreement(agreement_id),
        current=found.version_at(read_now()),
        now=read_now(),
        grades=_name_grades(found.parties),
        BENEFIT_NAMES=BENEFIT_NAMES,
        OFFICE_NAMES=OFFICE_NAMES,
        signing=[code for code in found.parties if policies.may_sign_agreement(principal, code)],
    )


def _name_grades(societies: Sequence[str]) -> dict[str, dict[str, str]]:
    """Name the present grades of the societies in the reader's language, by both codes."""
    now, lang = read_now(), select_language().code
    return {
        code: {grade.code: grade.name(lang) for grade in catalogue.list_grades(code, at=now)}
        for code in societies
        if organisations.find_organisation(code)
    }


@blueprint.post("/agreements/<uuid:agreement_id>/versions/<int:version>/signatures")
@require_sign_in
@on_refusal(lambda agreement_id, version: show_agreement(agreement_id))
def sign_agreement(agreement_id: UUID, version: int) -> Response:
    """Sign a text for a society."""
    agreements.sign_version(
        current_principal(),
        agreement_id=agreement_id,
        version=version,
        society=request.form.get("society", ""),
        digest=request.form.get("hash"),
        office=request.form.get("office") or "secretary",
    )
    return redirect(url_for("membership_agreements.show_agreement", agreement_id=agreement_id), 303)


@blueprint.post("/agreements/<uuid:agreement_id>/ending")
@require_sign_in
@on_refusal(show_agreement)
def change_ending(agreement_id: UUID) -> Response:
    """End an agreement now, or take its ending back (`decision=end|restore`)."""
    if request.form.get("decision") == "restore":
        agreements.restore_agreement(current_principal(), agreement_id=agreement_id)
    else:
        agreements.end_agreement(current_principal(), agreement_id=agreement_id)
    return redirect(url_for("membership_agreements.show_agreement", agreement_id=agreement_id), 303)


def _read_id(text: str | None) -> UUID | None:
    """Return the id of a page's address; a foreign one starts the list anew."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
