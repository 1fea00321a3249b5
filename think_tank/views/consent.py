"""The page behind a consent link; looking uses nothing up."""

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page
from think_tank.services.consent_links import answer_consent, get_consent_question
from think_tank.services.consents import withdraw_consent
from think_tank.services.own import list_own
from think_tank.views.blueprint import blueprint, words


@blueprint.get("/experts/consent/<token>")
def show_consent(token: str) -> ResponseReturnValue:
    """What a society holds about an expert, and what she is asked to agree to."""
    return page(
        "think_tank/consent.html",
        token=token,
        question=get_consent_question(token),
        may_join=current_principal().person_id is not None,
    )


@blueprint.post("/experts/consent/<token>")
@on_refusal(show_consent)
def give_consent(token: str) -> ResponseReturnValue:
    """Take the answer; purposes that are not ticked are refused."""
    agreed = answer_consent(
        current_principal(),
        token=token,
        purposes=request.form.getlist("purposes"),
        join_account="join_account" in request.form,
    )
    return redirect(url_for("think_tank.thank_for_consent", agreed=int(agreed > 0)), 303)


@blueprint.get("/experts/consent-recorded")
def thank_for_consent() -> ResponseReturnValue:
    """What the answer means."""
    return page("think_tank/consent_recorded.html", agreed=request.args.get("agreed") == "1")


@blueprint.post("/experts/<uuid:expert_id>/withdrawal")
@require_sign_in
def end_consent(expert_id: UUID) -> ResponseReturnValue:
    """End the reader's own consents; she is not found from the next query on."""
    purposes = request.form.getlist("purposes")
    withdraw_consent(current_principal(), expert_id=expert_id, purposes=purposes)
    return redirect("/me", 303)


def render_own(**scope: object) -> str:
    """The tile on the reader's own page; "" if no society has entered her."""
    person_id = scope.get("person_id")
    entries = list_own(person_id) if isinstance(person_id, UUID) else []
    if not entries:
        return ""
    return render_template("think_tank/tile_me.html", entries=entries, **words())
