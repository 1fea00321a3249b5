"""Members across nodes: what a peer may see of ours, and read-only copies of theirs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select, tuple_

from auth.services import subjects
from consortium.errors import NotOurs, RecordRefused
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.feature import FeedRecord
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, reading
from consortium.services import organisations
from membership.models import Member, MemberMirror, MemberProfile, RecognitionConsent, Term
from membership.rules import instant
from membership.services.selects import ORGANISATION, covering, not_superseded
from membership.values import CONSENT_PURPOSE_RECOGNITION

_HOST = ORGANISATION.alias("host")


def describe_members(
    keys: Sequence[str], *, recipient: str
) -> Mapping[str, Mapping[str, Any] | None]:
    """Describe members to a peer: only those who consented that a society there is told.

    Args:
        keys: `society:member_number`.
        recipient: issuer of the peer; her subject there is pairwise.

    Returns:
        Data by key. None for a member who has withdrawn her consent or is not on file any more,
        so that the peer gets a tombstone; who never consented is left out, number and all.
    """
    told: dict[str, Mapping[str, Any] | None] = dict.fromkeys(_read_once_told(keys, recipient))
    now, in_force = read_now(), set()
    for member, profile, code, term in _read_consented(keys, recipient):
        key = f"{code}:{member.member_number}"
        if term.since <= now and (term.until is None or now < term.until):
            in_force.add(key)
        elif key in in_force:
            # A renewal that begins later does not hide the term that counts today.
            continue
        told[key] = _describe(member, profile, code, term, recipient)
    return told


@reading
def _read_once_told(keys: Sequence[str], recipient: str) -> Sequence[str]:
    """Read the keys of members who have ever consented, withdrawn and erased ones included."""
    rows = db.session.execute(
        select(ORGANISATION.c.code, Member.member_number)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .where(_named(keys), _consented(recipient))
    )
    return [f"{code}:{number}" for code, number in rows]


def _named(keys: Sequence[str]) -> ColumnElement[bool]:
    pairs = [tuple(key.split(":", 1)) for key in keys if ":" in key]
    return tuple_(ORGANISATION.c.code, Member.member_number).in_(pairs)


@reading
def _read_consented(
    keys: Sequence[str], recipient: str
) -> Sequence[Row[Member, MemberProfile, str, Term]]:
    """Read files, profiles and terms, the newest term of each member last."""
    return db.session.execute(
        select(Member, MemberProfile, ORGANISATION.c.code, Term)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .join(Term, Term.member_id == Member.id)
        .outerjoin(MemberProfile, MemberProfile.member_id == Member.id)
        .where(
            _named(keys),
            Member.erased_at.is_(None),
            not_superseded(Term),
            Term.state != "void",
            _consented(recipient, at=read_now()),
        )
        .order_by(Term.since)
    ).all()


def _consented(recipient: str, *, at: datetime | None = None) -> Any:
    """Match members who agree at an instant, or ever did, that a society of a node is told."""
    given = RecognitionConsent
    query = (
        select(given.id)
        .join(_HOST, _HOST.c.id == given.host_id)
        .where(
            _HOST.c.origin == recipient,
            given.member_id == Member.id,
            given.purpose == CONSENT_PURPOSE_RECOGNITION,
            given.state == "active",
        )
    )
    if at is not None:
        query = query.where(covering(given, at), not_superseded(given))
    return query.exists()


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

    Raises:
        OrganisationNotFound: her society has not been heard of yet.
        NotOurs: her society is not the sender's.
        RecordRefused: the key names somebody else than the data.
    """
    uow = current_unit_of_work()
    if record.op != "delete":
        _require_own_society(record)
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


def _require_own_society(record: FeedRecord) -> None:
    """Refuse what a node says of members of a society that has its home elsewhere."""
    society, number = record.data["society"], record.data["member_number"]
    if record.key != f"{society}:{number}":
        raise RecordRefused
    home = organisations.get_organisation(society).origin
    if home != record.origin:
        raise NotOurs(origin=home or current_settings().issuer)


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
