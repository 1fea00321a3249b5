"""/me/recognitions: where am I recognised, as what, why, until when."""

from typing import Any

from flask import Blueprint, render_template

from consortium.kernel.clock import read_now
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import page, select_language
from consortium.kernel.web.answers import say
from membership import values
from membership.rules.wording import word_reason
from membership.services import own_recognitions

blueprint = Blueprint("membership", __name__, template_folder="../templates")


@blueprint.get("/me/recognitions")
@require_sign_in
def show_recognitions() -> str:
    """Show a card for every society, those that recognise the reader first."""
    person_id = current_principal().person_id
    assert person_id is not None
    found = own_recognitions.list_own_recognitions(
        person_id, at=read_now(), lang=select_language().code
    )

    def word(card: own_recognitions.RecognitionCard, reason: values.Reason) -> str:
        return word_reason(
            reason, say, names=found.names, grades=found.grades, zone=card.host.time_zone
        )

    return page("membership/recognitions.html", found=found, word=word)


def render_tile(**_frame: Any) -> str:
    """Render the reader's own tile on /me: how many societies recognise her."""
    person_id = current_principal().person_id
    if person_id is None:
        return ""
    count = own_recognitions.count_own_recognitions(person_id, at=read_now())
    return render_template("membership/recognitions_tile.html", count=count)
