"""What each reason says to a person; the code is what programs branch on."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from consortium.kernel.clock import last_day
from consortium.kernel.errors import N_, fill
from membership.values import ENDED_BY, Reason

MESSAGES = {
    "recognised": N_(
        "Your membership of %(home)s is recognised by %(host)s: your grade %(grade)s counts "
        "there as %(host_grade)s."
    ),
    "own-member": N_("You are a member of %(host)s in the grade %(grade)s."),
    "no-membership": N_("No society here knows you as a member. Activate your membership first."),
    # An agreement has directions: each text below is about members of home at host alone.
    "no-agreement": N_("No agreement says that %(host)s recognises members of %(home)s."),
    "agreement-unsigned": N_(
        "The agreement by which %(host)s would recognise members of %(home)s waits for a signature."
    ),
    "agreement-not-started": N_(
        "The agreement by which %(host)s recognises members of %(home)s begins on %(since)s."
    ),
    "agreement-ended": N_(
        "The agreement by which %(host)s recognised members of %(home)s has ended."
    ),
    "home-suspended": N_("The standing of %(society)s is suspended, and with it recognition."),
    "home-expelled": N_("%(society)s has left the consortium, so its members are not recognised."),
    "host-suspended": N_("The standing of %(society)s is suspended; it recognises nobody now."),
    "host-expelled": N_("%(society)s has left the consortium; it recognises nobody."),
    "term-ended": N_("Your membership of %(home)s ended on %(until)s. Renew it there."),
    "term-not-started": N_("Your membership of %(home)s begins on %(since)s."),
    "term-suspended": N_("Your membership of %(home)s is suspended. Ask its office."),
    "benefit-not-covered": N_(
        "The agreement of %(home)s and %(host)s does not cover this benefit."
    ),
    "grade-not-mapped": N_(
        "The agreement of %(home)s and %(host)s does not cover your grade %(grade)s."
    ),
    "recognition-denied": N_(
        "The agreement of %(home)s and %(host)s excludes your grade %(grade)s."
    ),
    "dues-unpaid": N_("Your dues to %(home)s are not paid for this time. Pay them there."),
    "seniority-short": N_("You have not been a member of %(home)s long enough for %(host)s."),
    "class-excluded": N_("%(host)s does not recognise your class of membership of %(home)s."),
    "consent-missing": N_(
        "You have not agreed that %(home)s tells %(host)s about your membership. Give your "
        "consent to be recognised."
    ),
    "condition-unknown": N_("%(host)s sets a condition that cannot be checked now."),
    "facts-stale": N_(
        "The last news from %(home)s is too old to tell. Try again when it is connected."
    ),
}
CUT_SHORT = N_("%(home)s ended your membership on %(until)s. Ask its office.")
"""In place of `term-ended` where the society ended the term: renewing is not the way back."""

_GRADES = {"grade": "home", "host_grade": "host"}
DEFAULT_ZONE = "Asia/Shanghai"


def word_reason(
    reason: Reason,
    translate: Callable[[str], str] = str,
    *,
    names: Mapping[str, str] | None = None,
    grades: Mapping[tuple[str, str], str] | None = None,
    zone: str = DEFAULT_ZONE,
) -> str:
    """Say a reason in a sentence.

    Args:
        reason: as the decision gave it.
        translate: from English msgid to the reader's language.
        names: society names by code; codes are shown without them.
        grades: grade names by (society, code).
        zone: in which instants become days; an `until` is shown as the last day, included.

    >>> word_reason(Reason("term-ended", {"home": "math", "until": "2026-12-31T16:00:00Z"}))
    'Your membership of math ended on 2026-12-31. Renew it there.'
    """
    params = {**reason.params, **reason.hints}
    societies = {side: params.get(side, params.get("host", "")) for side in ("home", "host")}
    for name, side in _GRADES.items():
        if name in params:
            key = (societies[side], params[name])
            params[name] = (grades or {}).get(key, params[name])
    for name in ("home", "host", "society"):
        if name in params:
            params[name] = (names or {}).get(params[name], params[name])
    for name in ("since", "until"):
        if name in params:
            params[name] = _day(params[name], name, zone)
    is_cut = reason.code == "term-ended" and params.get(ENDED_BY) == "society"
    return fill(translate(CUT_SHORT if is_cut else MESSAGES[reason.code]), params)


def _day(text: str, name: str, zone: str) -> str:
    at = datetime.fromisoformat(text)
    if name == "until":
        return last_day(at, zone).isoformat()
    return at.astimezone(ZoneInfo(zone)).date().isoformat()
