"""What membership holds about a person: for her export, and erasable on request."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from consortium.kernel.db import db
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from membership import models
from membership.rules import instant
from membership.services.members import PROFILE_FIELDS
from membership.services.selects import ORGANISATION
from membership.services.terms import TOPIC


@reading
def export_membership(person_id: UUID) -> Mapping[str, Any]:
    """Return her member files with profiles and terms, and the decisions made about her."""
    member, profile, term = models.Member, models.MemberProfile, models.Term
    files = db.session.execute(
        select(member, profile, ORGANISATION.c.code)
        .join(ORGANISATION, ORGANISATION.c.id == member.society_id)
        .outerjoin(profile, profile.member_id == member.id)
        .where(member.person_id == person_id)
        .order_by(ORGANISATION.c.code)
    ).all()
    terms = db.session.scalars(
        select(term)
        .where(term.member_id.in_([row.Member.id for row in files]))
        .order_by(term.since, term.id)
    ).all()
    decision = models.RecognitionDecision
    decisions = db.session.scalars(
        select(decision).where(decision.person_id == person_id).order_by(decision.id)
    )
    return {
        "memberships": [
            {
                "society": row.code,
                "member_number": row.Member.member_number,
                "branch": row.Member.branch,
                **_profile(row.MemberProfile),
                "terms": [_term(held) for held in terms if held.member_id == row.Member.id],
            }
            for row in files
        ],
        "recognition_decisions": [
            {"made_at": instant(row.made_at), "purpose": row.purpose, "hash": row.decision_hash}
            for row in decisions
        ],
    }


def _profile(profile: models.MemberProfile | None) -> dict[str, Any]:
    if profile is None:
        return {}
    held = {name: getattr(profile, name) for name in PROFILE_FIELDS}
    return {name: str(value) for name, value in held.items() if value is not None}


def _term(row: models.Term) -> dict[str, Any]:
    return {
        "class": row.class_code,
        "grade": row.grade_code,
        "since": instant(row.since),
        "until": instant(row.until),
        "state": row.state,
    }


@transaction
def erase_membership(person_id: UUID) -> None:
    """Delete her profiles and close her files; terms and decisions keep ids, codes and dates."""
    uow = current_unit_of_work()
    member, profile = models.Member, models.MemberProfile
    rows = uow.session.execute(
        select(member, ORGANISATION.c.code)
        .join(ORGANISATION, ORGANISATION.c.id == member.society_id)
        .where(member.person_id == person_id, member.erased_at.is_(None))
    ).all()
    for row in rows:
        uow.execute(delete(profile).where(profile.member_id == row.Member.id))
        row.Member.erased_at = uow.now
        uow.emit(TOPIC, f"{row.code}:{row.Member.member_number}", {}, op="delete")
        uow.audit("membership.member.erased", subject=str(row.Member.id), society=row.code)
