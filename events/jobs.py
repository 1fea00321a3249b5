"""The timetable of events."""

from __future__ import annotations

from consortium.kernel.feature import Cron, Every, Job, JobPage
from events.services.reminders import remind_silent_hosts
from events.services.seats import release_quotas

PAGE = 100


def _release(_page: JobPage) -> str | None:
    return "more" if release_quotas(limit=PAGE) == PAGE else None


def _remind(_page: JobPage) -> str | None:
    return "more" if remind_silent_hosts(limit=PAGE) == PAGE else None


JOBS = (
    Job("events.release-quotas", _release, trigger=Every(seconds=60)),
    Job("events.remind-hosts", _remind, trigger=Cron("0 1 * * *")),
)
