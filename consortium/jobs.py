"""The timetable of the register."""

from consortium.kernel.feature import Cron, Every, Job, JobPage
from consortium.kernel.signing import rotate_due_keys
from consortium.services.links import pull_next_page


def _pull(page: JobPage) -> str | None:
    return pull_next_page(page.cursor)


def _rotate(page: JobPage) -> str | None:
    rotate_due_keys(page.now)
    return None


JOBS = (
    Job("consortium.pull-links", _pull, trigger=Every(60), outside=True),
    Job("consortium.rotate-keys", _rotate, trigger=Cron("15 2 * * *")),
)
