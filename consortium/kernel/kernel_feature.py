"""What the kernel itself offers, as a feature below all others."""

from consortium.kernel import files, idempotency, postbox
from consortium.kernel.feature import Cron, Feature, Job, JobPage
from consortium.kernel.scheduler.proof import PROOF_JOB
from consortium.kernel.scheduler.retention import JOB_RUN_RETENTION, enforce_retention


def _purge_messages(_page: JobPage) -> str | None:
    return "more" if postbox.purge_messages() else None


def _delete_files(page: JobPage) -> str | None:
    return "more" if files.delete_expired_files(page.now) else None


def _sweep_files(_page: JobPage) -> str | None:
    files.sweep_files()
    return None


KERNEL = Feature(
    name="kernel",
    jobs=(
        PROOF_JOB,
        Job("consortium.purge-messages", _purge_messages, trigger=Cron("40 3 * * *")),
        Job("consortium.purge-idempotency", idempotency.purge_records, trigger=Cron("20 3 * * *")),
        Job("consortium.delete-files", _delete_files, trigger=Cron("10 * * * *")),
        Job("consortium.enforce-retention", enforce_retention, trigger=Cron("50 3 * * *")),
        Job("consortium.sweep-files", _sweep_files, trigger=Cron("30 3 * * *"), outside=True),
    ),
    retention=(JOB_RUN_RETENTION,),
)
