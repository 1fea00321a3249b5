"""What tokens tell a site about a member."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from consortium.kernel.feature import Claims
from consortium.kernel.web.answers import say
from consortium.kernel.web.languages import select_language
from membership.rules import instant
from membership.rules.wording import word_reason
from membership.services.own_recognitions import BENEFIT, list_own_memberships
from membership.services.recognition_names import read_names
from membership.services.recognitions import decide_recognitions


def provide_memberships(person_id: UUID, society: str | None, now: datetime) -> Mapping[str, Any]:
    """Tell her memberships; her number only to the society that gave it.

    `acting_society`, by code and by name, is the home society on which the client's own society
    would recognise her.
    """
    found = list_own_memberships(person_id, at=now)
    own = next((item for item in found if item.society == society), None)
    acting = own or next(iter(found), None)
    return {
        "memberships": [
            {
                "society": item.society,
                "class": item.term.class_code,
                "grade": item.term.grade_code,
                "since": instant(item.term.since),
                "until": instant(item.term.until),
            }
            for item in found
        ],
        "acting_society": acting.society if acting else None,
        "acting_society_name": acting.name(select_language().code) if acting else None,
        "member_number": own.member_number if own else None,
    }


def provide_recognitions(person_id: UUID, society: str | None, now: datetime) -> Mapping[str, Any]:
    """Tell whether the client's own society recognises her, as what, why and until when.

    `recognitions` holds one entry when it does and none when it does not; then `not_recognised`
    says why, unless she is a member of no society at all. A client of the node belongs to no
    society and learns nothing.
    """
    if society is None:
        return {}
    (made,) = decide_recognitions(person_id, [society], BENEFIT, now)
    if made.reason.code == "no-membership":
        return {"recognitions": [], "not_recognised": []}
    names, grades = read_names(made, at=now, lang=select_language().code)
    told = {
        "host": society,
        "reason": word_reason(made.reason, say, names=names, grades=grades),
        "reason_code": made.reason.code,
    }
    if not made.recognised:
        return {"recognitions": [], "not_recognised": [told]}
    as_what = {
        "grade": made.host_grade,
        "until": instant(made.until),
        "home": made.home,
        "home_grade": made.grade,
        "home_name": names.get(made.home or ""),
        "grade_name": grades.get((society, made.host_grade or "")),
    }
    return {"recognitions": [told | as_what], "not_recognised": []}


CLAIMS = (
    Claims(
        "memberships",
        ("memberships", "acting_society", "acting_society_name", "member_number"),
        provide_memberships,
    ),
    Claims("recognitions", ("recognitions", "not_recognised"), provide_recognitions),
)
