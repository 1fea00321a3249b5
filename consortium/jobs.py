"""The timetable of the register."""

from consortium.kernel.feature import Cron, Every, Job, JobPage
from consortium.kernel.signing import rotate_due_keys
from consortium.services.links import pull_all_links


def _pull(_page: JobPage) -> str | None:
    pull_all_links()
    return None


def _rotate(page: JobPage) -> str | None:
    rotate_due_keys(page.now)
    return None


JOBS = (
    Job("consortium.pull-links", _pull, trigger=Every(60), outside=True),
    Job("consortium.rotate-keys", _rotate, trigger=Cron("15 2 * * *")),
)
