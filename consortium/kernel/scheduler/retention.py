"""Forgets what has been kept long enough, as each feature declares it."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from consortium.kernel.feature import JobPage, Retention
from consortium.kernel.features import offers
from consortium.kernel.scheduler.models import DONE, FAILED, JobRun
from consortium.kernel.unit_of_work import current_unit_of_work

ROWS_A_PAGE = 500
JOB_RUN_DAYS = 90


def enforce_retention(page: JobPage) -> str | None:
    """Remove up to 500 rows of each declared table; called again while any was that full."""
    removed = [
        kept.purge(page.now - timedelta(days=kept.days), ROWS_A_PAGE)
        for kept in offers(lambda feature: feature.retention)
    ]
    return "more" if ROWS_A_PAGE in removed else None


def purge_job_runs(before: datetime, most: int) -> int:
    """Forget slots that ended before an instant, except the newest of each job.

    The newest tells the planner, after a restart, from where on slots are missing.
    """
    newest = sa.select(sa.func.max(JobRun.slot)).group_by(JobRun.job)
    old = (
        sa.select(JobRun.id)
        .where(
            JobRun.state.in_((DONE, FAILED)),
            JobRun.finished_at < before,
            JobRun.slot.not_in(newest),
        )
        .limit(most)
    )
    gone = current_unit_of_work().execute(
        sa.delete(JobRun).where(JobRun.id.in_(old)).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)


JOB_RUN_RETENTION = Retention("job_run", JOB_RUN_DAYS, purge_job_runs)
