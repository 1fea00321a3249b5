"""Tables of the scheduler and of its proof."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Model, Position

DUE, RUNNING, DONE, FAILED = "due", "running", "done", "failed"


class JobRun(Model):
    """One slot of one job: the truth about whether it is due, running, done or failed.

    `fence` grows with each claim; whoever holds an older one can no longer commit a page.
    `attempts` counts failures since a page last went through; kills and freezes are none, they
    count as `take_overs` since then.
    """

    __tablename__ = "job_run"
    __table_args__ = (
        sa.UniqueConstraint("job", "slot"),
        sa.Index("ix_job_run_state_not_before", "state", "not_before"),
        sa.Index("ix_job_run_state_lease_until", "state", "lease_until"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    job: Mapped[str] = mapped_column(sa.String(120))
    slot: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(sa.String(10), default=DUE)
    not_before: Mapped[datetime] = mapped_column(Instant)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    fence: Mapped[int] = mapped_column(sa.Integer, default=0)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    take_overs: Mapped[int] = mapped_column(sa.Integer, default=0, server_default="0")
    cursor: Mapped[str | None] = mapped_column(sa.Text)
    pages: Mapped[int] = mapped_column(sa.Integer, default=0)
    worker: Mapped[str | None] = mapped_column(sa.String(120))
    error: Mapped[str | None] = mapped_column(sa.String(500))
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class JobSight(Model):
    """Since when a job is known here; slots that fall due later are missed if they do not run."""

    __tablename__ = "job_sight"

    job: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    since: Mapped[datetime] = mapped_column(Instant)


class JobProofSlot(Model):
    """A slot that `jobs prove` planned: what it was to do."""

    __tablename__ = "job_proof_slot"

    slot: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    pages: Mapped[int] = mapped_column(sa.Integer)
    hold_seconds: Mapped[float] = mapped_column(sa.Float)


class JobProofEffect(Model):
    """What a page of the proof did. Nothing here keeps a second effect out: it must show."""

    __tablename__ = "job_proof_effect"
    __table_args__ = {"sqlite_autoincrement": True}

    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    slot: Mapped[datetime] = mapped_column(Instant, index=True)
    page: Mapped[int] = mapped_column(sa.Integer)
    fence: Mapped[int] = mapped_column(sa.Integer)
    worker: Mapped[str] = mapped_column(sa.String(120))
    at: Mapped[datetime] = mapped_column(Instant)
