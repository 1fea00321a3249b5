"""Timetable of auth: what has expired is removed, page by page."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from auth.services import authorizations, links, one_time_codes, sessions, throttles
from consortium.kernel.feature import Every, Job, JobPage

PAGE_ROWS = 500
# A used code is kept a day, so that a replay is recognised as one and not as unknown.
KEPT = timedelta(days=1)

_STEPS: Mapping[str, Callable[[datetime, int], int]] = {
    "throttles": throttles.purge_throttles,
    "one-time codes": one_time_codes.purge_codes,
    "links": links.purge_links,
    "access tokens": authorizations.purge_tokens,
    "authorization codes": authorizations.purge_authorization_codes,
    "sessions": sessions.purge_sessions,
}


def purge_expired(page: JobPage) -> str | None:
    """Remove one page of expired rows; the cursor names the step that goes on."""
    names = list(_STEPS)
    name = page.cursor if page.cursor is not None and page.cursor in _STEPS else names[0]
    removed = _STEPS[name](page.now - KEPT, PAGE_ROWS)
    if removed >= PAGE_ROWS:
        return name
    following = names.index(name) + 1
    return names[following] if following < len(names) else None


JOBS = (Job(name="auth.purge_expired", trigger=Every(seconds=3600), page=purge_expired),)
