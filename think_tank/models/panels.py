"""Briefs, the solver's runs over them, and the panels that were seated."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model
from consortium.kernel.ids import new_id


class BriefRow(Model):
    """What a panel must be; never changed once written, a new one is written instead."""

    __tablename__ = "panel_brief"
    __table_args__ = (UniqueConstraint("institute_id", "number"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    institute_id: Mapped[UUID] = mapped_column(Id, ForeignKey("institute.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    brief: Mapped[dict[str, Any]] = mapped_column(Json)
    brief_hash: Mapped[str] = mapped_column(String(64))
    disclosure: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(12))
    written_at: Mapped[datetime] = mapped_column(Instant)


class SolveRun(Model):
    """One run of the solver: queued, running, proposed, infeasible, failed or cancelled.

    `wish` holds whom to keep and to exclude, `answer` what was found; both name experts as
    society:reference. `pool_hash` tells whether two runs saw the same pool.
    """

    __tablename__ = "solve_run"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    brief_id: Mapped[UUID] = mapped_column(Id, ForeignKey("panel_brief.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    progress: Mapped[int] = mapped_column(Integer, default=0)
    seed: Mapped[str] = mapped_column(String(64))
    wish: Mapped[dict[str, Any]] = mapped_column(Json)
    pool_size: Mapped[int | None] = mapped_column(Integer)
    pool_hash: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    failure: Mapped[str | None] = mapped_column(String(60))
    asked_by: Mapped[UUID | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class PanelRow(Model):
    """A seated panel (专家组). At most one for each brief."""

    __tablename__ = "panel"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    institute_id: Mapped[UUID] = mapped_column(Id, ForeignKey("institute.id"), index=True)
    brief_id: Mapped[UUID] = mapped_column(Id, ForeignKey("panel_brief.id"), unique=True)
    solve_run_id: Mapped[UUID] = mapped_column(Id, ForeignKey("solve_run.id"), unique=True)
    disclosure: Mapped[str] = mapped_column(String(16))
    seated_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)


class PanelSeat(Model):
    """One seat; `reasons` are codes, rule ids and numbers, never names."""

    __tablename__ = "panel_seat"
    __table_args__ = (UniqueConstraint("panel_id", "expert_id"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    panel_id: Mapped[UUID] = mapped_column(Id, ForeignKey("panel.id"), index=True)
    expert_id: Mapped[UUID] = mapped_column(Id, ForeignKey("expert.id"), index=True)
    place: Mapped[int] = mapped_column(Integer)
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    until: Mapped[datetime | None] = mapped_column(Instant)
