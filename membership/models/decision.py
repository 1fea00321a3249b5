"""Decisions that a business write relied on, kept with the ids of their evidence."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Recorded
from consortium.kernel.ids import new_id


class RecognitionDecision(Recorded, Model):
    """The question, the evidence ids and the exact bytes of the answer."""

    __tablename__ = "recognition_decision"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"), index=True)
    host_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    benefit: Mapped[str] = mapped_column(String(40))
    valid_at: Mapped[datetime] = mapped_column(Instant)
    known_at: Mapped[datetime | None] = mapped_column(Instant)
    evidence: Mapped[list[str]] = mapped_column(Json)
    answer: Mapped[str] = mapped_column(Text)
    decision_hash: Mapped[str] = mapped_column(String(64), index=True)
    purpose: Mapped[str] = mapped_column(String(60))
    made_at: Mapped[datetime] = mapped_column(Instant)
