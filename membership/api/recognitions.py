"""GET /api/v1/recognitions: is this person recognised there, as what, why, until when."""

from datetime import datetime
from typing import Any

from consortium.kernel.api import ApiBlueprint, require_principal
from consortium.kernel.clock import read_now
from consortium.kernel.principal import current_principal
from consortium.kernel.unit_of_work import reading
from consortium.kernel.web.answers import say
from membership import values
from membership.rules.wording import word_reason
from membership.schemas.recognition import RecognitionIn, RecognitionOut
from membership.services import recognitions

blueprint = ApiBlueprint(
    "recognitions",
    __name__,
    url_prefix="/api/v1/recognitions",
    description="Whether a person is recognised at a host society, with reasons.",
)


@blueprint.get("")
# Who asks and what is answered come from one snapshot.
@reading
@require_principal
@blueprint.arguments(RecognitionIn(), location="query")
@blueprint.response(200, RecognitionOut)
def get_recognition(question: dict[str, Any]) -> dict[str, Any]:
    """Ask whether a person is recognised.

    `person` is `society:member_number`, the calling client's subject, or `me` with a session.
    The answer stands until `next_change_at`; its hash leaves the ages out.
    """
    made = recognitions.ask_recognition(current_principal(), **question)
    return show_decision(made, read_now())


def show_decision(made: values.RecognitionDecision, now: datetime) -> dict[str, Any]:
    """Return a decision as the API writes it, reasons worded, evidence with ages at `now`."""
    return {
        "recognised": made.recognised,
        "home": made.home,
        "grade": made.grade,
        "host_grade": made.host_grade,
        "reasons": [
            {
                "code": why.code,
                "text": word_reason(why, say),
                "evidence": [
                    {"id": key, "age_seconds": _age(made.recorded.get(key), now)}
                    for key in why.evidence
                ],
            }
            for why in made.reasons
        ],
        "agreement": made.agreement,
        "next_change_at": made.next_change_at,
        "decision_hash": made.decision_hash,
    }


def _age(recorded_at: datetime | None, now: datetime) -> int:
    """Return whole seconds since a fact became known; 0 while it is being stamped."""
    return max(0, int((now - recorded_at).total_seconds())) if recorded_at else 0
