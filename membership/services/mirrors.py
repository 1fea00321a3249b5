"""Members across nodes: what a peer may see of ours, and read-only copies of theirs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, tuple_

from auth.services import subjects
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.feature import FeedRecord
from consortium.kernel.unit_of_work import current_unit_of_work, reading
from membership.models import Member, MemberMirror, MemberProfile, RecognitionConsent, Term
from membership.rules import instant
from membership.services.selects import ORGANISATION, covering, not_superseded
from membership.values import CONSENT_PURPOSE_RECOGNITION


def describe_members(keys: Sequence[str], *, recipient: str) -> Mapping[str, Mapping[str, Any]]:
    """Describe members to a peer: only those who consented that a society there is told.

    Args:
        keys: `society:member_number`.
        recipient: issuer of the peer; her subject there is pairwise.

    Returns:
        Data by key; a member who has not consented, or no longer does, is left out, so that the
        peer gets a tombstone.
    """
    return {
        f"{code}:{member.member_number}": _describe(member, profile, code, term, recipient)
        for member, profile, code, term in _read_consented(keys, recipient)
    }


@reading
def _read_consented(
    keys: Sequence[str], recipient: str
) -> Sequence[Row[Member, MemberProfile, str, Term]]:
    """Read files, profiles and terms, the newest term of each member last."""
    pairs = [tuple(key.split(":", 1)) for key in keys if ":" in key]
    return db.session.execute(
        select(Member, MemberProfile, ORGANISATION.c.code, Term)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .join(Term, Term.member_id == Member.id)
        .outerjoin(MemberProfile, MemberProfile.member_id == Member.id)
        .where(
            tuple_(ORGANISATION.c.code, Member.member_number).in_(pairs),
            Member.erased_at.is_(None),
            not_superseded(Term),
            Term.state != "void",
            _consented(recipient, read_now()),
        )
        .order_by(Term.since)
    ).all()


def _consented(recipient: str, now: datetime) -> Any:
    """Match members who agreed that a society of the recipient's node is told."""
    given, host = RecognitionConsent, ORGANISATION.alias("host")
    return (
        select(given.id)
        .join(host, host.c.id == given.host_id)
        .where(
            host.c.origin == recipient,
            given.member_id == Member.id,
            given.purpose == CONSENT_PURPOSE_RECOGNITION,
            given.state == "active",
            covering(given, now),
            not_superseded(given),
        )
        .exists()
    )


def _describe(
    member: Member, profile: MemberProfile | None, code: str, term: Term, recipient: str
) -> dict[str, Any]:
    return {
        "society": code,
        "member_number": member.member_number,
        "subject": subjects.subject_in(f"peer:{recipient}", member.person_id),
        "name": profile.name if profile else None,
        "class": term.class_code,
        "grade": term.grade_code,
        "state": term.state,
        "since": instant(term.since),
        "until": instant(term.until),
    }


def apply_member(record: FeedRecord) -> None:
    """Take a record into the mirror inside the open unit of work.

    Repeated and late records change nothing: the highest version of a key wins, whatever the
    order of arrival. A tombstone clears every personal column and keeps the version.
    """
    uow = current_unit_of_work()
    row = uow.session.scalar(
        select(MemberMirror)
        .where(MemberMirror.origin == record.origin, MemberMirror.key == record.key)
        .with_for_update()
    )
    if row is None:
        row = MemberMirror(origin=record.origin, key=record.key, version=0)
        uow.session.add(row)
    elif record.version <= row.version:
        row.observed_at = max(row.observed_at, record.observed_at)
        return
    row.version = record.version
    row.observed_at = record.observed_at
    row.deleted = record.op == "delete"
    for name, value in _columns({} if row.deleted else record.data).items():
        setattr(row, name, value)
    uow.flush()


def _columns(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "society": data.get("society"),
        "member_number": data.get("member_number"),
        "subject": data.get("subject"),
        "class_code": data.get("class"),
        "grade_code": data.get("grade"),
        "state": data.get("state"),
        "since": _read(data.get("since")),
        "until": _read(data.get("until")),
        "name": data.get("name"),
    }


def _read(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None


@reading
def find_mirror(origin: str, key: str) -> Mapping[str, Any] | None:
    """Return a mirrored member's columns, or None when there is none or it was deleted."""
    row = db.session.scalar(
        select(MemberMirror).where(
            MemberMirror.origin == origin, MemberMirror.key == key, MemberMirror.deleted.is_(False)
        )
    )
    if row is None:
        return None
    return {
        column.name: getattr(row, column.name)
        for column in MemberMirror.__table__.columns
        if column.name != "id"
    }
