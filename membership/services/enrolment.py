"""What auth asks of the roster: whose number it is, whose row it is, where she can be reached."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Row, select

from auth.values import RosterEntry
from consortium.kernel.db import db
from consortium.kernel.errors import N_
from consortium.kernel.member_numbers import fold_number
from consortium.kernel.search import fold
from consortium.kernel.unit_of_work import reading
from membership.models import Member, MemberProfile
from membership.services import selects


class MembershipRoster:
    """The roster of this node's societies, as auth's port wants it (auth.values.Roster)."""

    @reading
    def find_persons(self, *, number: str, society: str | None) -> Sequence[UUID]:
        """Return the persons whose member number it is, in one society or in any."""
        statement = (
            select(Member.person_id)
            .join(selects.ORGANISATION, selects.ORGANISATION.c.id == Member.society_id)
            .where(selects.is_numbered(number, fold_number(number)), Member.erased_at.is_(None))
        )
        if society is not None:
            statement = statement.where(selects.ORGANISATION.c.code == society)
        return tuple(dict.fromkeys(db.session.scalars(statement)))

    @reading
    def find_entry(self, *, society: str, number: str, name: str) -> RosterEntry | None:
        """Return the row whose number and name both match; spelling does not matter."""
        row = db.session.execute(
            selects.member_by_number(society, number).where(Member.erased_at.is_(None))
        ).one_or_none()
        if row is None or row.MemberProfile is None or not _is_named(row.MemberProfile, name):
            return None
        return _entry(row, society)

    @reading
    def address_of(self, person_id: UUID, kind: str) -> str | None:
        """Return an e-mail address or mobile number that a roster has of the person."""
        column = {"email": MemberProfile.email, "mobile": MemberProfile.mobile}.get(kind)
        if column is None:
            return None
        statement = (
            select(column)
            .join(Member, Member.id == MemberProfile.member_id)
            .where(Member.person_id == person_id, column.is_not(None))
            .order_by(Member.id.desc())
        )
        found: str | None = db.session.scalar(statement.limit(1))
        return found


def _is_named(profile: MemberProfile, name: str) -> bool:
    wanted = _letters(name)
    known = (profile.name, profile.name_latin)
    return bool(wanted) and wanted in {_letters(text) for text in known if text}


def _letters(name: str) -> str:
    return "".join(sign for sign in fold(name) if sign.isalnum())


def _entry(row: Row[Member, MemberProfile], society: str) -> RosterEntry:
    profile = row.MemberProfile
    name = profile.name or profile.name_latin or ""
    lines = (
        (N_("Name in Latin letters"), profile.name_latin if profile.name_latin != name else None),
        (N_("Employer"), profile.employer),
        (N_("Professional title"), profile.title),
        (N_("Branch"), row.Member.branch),
    )
    return RosterEntry(
        person_id=row.Member.person_id,
        society=society,
        member_number=row.Member.member_number,
        name=name,
        mobile=profile.mobile,
        email=profile.email,
        lines=tuple((label, text) for label, text in lines if text),
    )
