"""The control of the job campaign: an application whose workers do not look at the fence.

No setting of the product can do this. Only a worker started on this module lacks the check,
and the judge must then find slots that ran twice.
"""

import importlib
import os

import sqlalchemy as sa

from consortium.kernel.scheduler import claims
from consortium.kernel.scheduler.models import JobRun


def _change_without_fence(uow: object, claim: claims.Claim, **values: object) -> None:
    uow.execute(  # type: ignore[attr-defined]
        sa.update(JobRun)
        .where(JobRun.id == claim.run_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


claims._change = _change_without_fence  # type: ignore[assignment]
app = importlib.import_module(os.environ.get("CAMPAIGN_APP", "wsgi")).app
