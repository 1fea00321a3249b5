"""Proves on an operator's own cluster that each slot is run exactly once.

The proof plans slots of a job whose pages only leave an effect row behind. Nothing in that
table forbids a second effect, so whatever claims, leases and fences let through can be seen.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.feature import Job, JobPage
from consortium.kernel.scheduler.claims import plan_slot, worker_name
from consortium.kernel.scheduler.models import JobProofEffect, JobProofSlot, JobRun
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

NAME = "consortium.prove"
LEAD = timedelta(seconds=1)


@dataclass(frozen=True)
class Effect:
    """What one page of one slot left behind."""

    slot: datetime
    page: int
    fence: int
    at: datetime


@dataclass(frozen=True)
class Proof:
    """The judgement. `resume_p99_seconds`: 99th percentile of the pause at a take-over."""

    due: int
    once: int
    twice: int
    missing: int
    resume_p99_seconds: float | None

    @property
    def holds(self) -> bool:
        """Every slot that was due ran, and ran once."""
        return self.due > 0 and self.once == self.due


@transaction
def plan_proof(*, slots: int, every: float, pages: int, hold: float) -> None:
    """Plan `slots` slots, one `every` seconds, of `pages` pages; forget an earlier proof.

    Args:
        hold: seconds that each page keeps its transaction open, so that kills hit inside.
    """
    uow = current_unit_of_work()
    uow.execute(sa.delete(JobRun).where(JobRun.job == NAME))
    uow.execute(sa.delete(JobProofEffect))
    uow.execute(sa.delete(JobProofSlot))
    for number in range(slots):
        slot = uow.now + LEAD + timedelta(seconds=number * every)
        uow.add(JobProofSlot(slot=slot, pages=pages, hold_seconds=hold))
        plan_slot(uow, NAME, slot)


def prove_page(page: JobPage) -> str | None:
    """One page: leave an effect, hold the transaction, say where the next page starts."""
    uow = current_unit_of_work()
    plan = uow.session.get(JobProofSlot, page.slot)
    if plan is None:
        return None
    number = int(page.cursor or 0)
    uow.add(
        JobProofEffect(
            slot=page.slot, page=number, fence=page.fence, worker=worker_name(), at=page.now
        )
    )
    uow.flush()
    time.sleep(plan.hold_seconds)
    return str(number + 1) if number + 1 < plan.pages else None


PROOF_JOB = Job(name=NAME, page=prove_page)


@reading
def report_proof(now: datetime) -> Proof:
    """Judge by the effects alone."""
    plans = db.session.execute(
        sa.select(JobProofSlot.slot, JobProofSlot.pages).where(JobProofSlot.slot <= now)
    ).all()
    rows = db.session.execute(
        sa.select(
            JobProofEffect.slot, JobProofEffect.page, JobProofEffect.fence, JobProofEffect.at
        ).order_by(JobProofEffect.position)
    ).all()
    return judge(dict(plans), [Effect(*row) for row in rows])


def judge(plans: dict[datetime, int], effects: Sequence[Effect]) -> Proof:
    """Count the slots whose pages ran once, more than once, or not at all."""
    seen = Counter((effect.slot, effect.page) for effect in effects)
    counts = {slot: [seen[slot, page] for page in range(pages)] for slot, pages in plans.items()}
    return Proof(
        due=len(plans),
        once=sum(all(count == 1 for count in pages) for pages in counts.values()),
        twice=sum(any(count > 1 for count in pages) for pages in counts.values()),
        missing=sum(any(count == 0 for count in pages) for pages in counts.values()),
        resume_p99_seconds=percentile(take_over_pauses(effects), 99),
    )


def take_over_pauses(effects: Iterable[Effect]) -> list[float]:
    """Seconds between the last page of one worker and the first of the one that took over."""
    by_slot: dict[datetime, list[Effect]] = {}
    for effect in effects:
        by_slot.setdefault(effect.slot, []).append(effect)
    return [
        (later.at - earlier.at).total_seconds()
        for pages in by_slot.values()
        for earlier, later in pairwise(pages)
        if later.fence != earlier.fence
    ]


def percentile(values: Sequence[float], share: int) -> float | None:
    """The nearest-rank percentile; None of nothing.

    >>> percentile([3.0, 1.0, 2.0], 50)
    2.0
    """
    if not values:
        return None
    return sorted(values)[ceil(len(values) * share / 100) - 1]
