"""The timetable."""

from datetime import timedelta

from consortium.kernel.feature import Every, Job, JobPage
from think_tank.services import consent_links, solves

PAGE_ROWS = 500


def purge_links(page: JobPage) -> str | None:
    """Remove one page of links that expired a day ago."""
    removed = consent_links.purge_links(page.now - timedelta(days=1), PAGE_ROWS)
    return "more" if removed == PAGE_ROWS else None


JOBS = (
    Job(
        name="think_tank.work_queue",
        page=solves.work_queue,
        trigger=Every(seconds=30),
        outside=True,
    ),
    Job(name="think_tank.purge_links", page=purge_links, trigger=Every(seconds=3600)),
)
