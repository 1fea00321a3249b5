"""Single-use links by which an expert is asked for consent; only the answer uses one up."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update

from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import N_, Forbidden
from consortium.kernel.mail import send_mail
from consortium.kernel.principal import Principal
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, reading, transaction
from consortium.services.organisations import get_organisation, get_organisation_by_id
from consortium.values import Organisation
from think_tank.errors import LinkRefused
from think_tank.models import ExpertLink, ExpertRow
from think_tank.policies import may_import_experts
from think_tank.services.consents import (
    OFFERED,
    end_consents,
    held_by,
    record_consent,
    tell_consents,
)
from think_tank.services.selects import select_consents


@transaction
def invite_experts(principal: Principal, *, society: str) -> int:
    """Mail a single-use link to every expert of a society who waits (待授权) and has an address.

    Returns:
        How many links went out; experts with an open link are not asked twice.
    """
    uow = current_unit_of_work()
    if not may_import_experts(principal, society):
        raise Forbidden
    organisation = get_organisation(society)
    asked = 0
    for row in list_pending_rows(uow.now, organisation.id):
        if row.email and not _has_open_link(row.id, uow.now):
            token = make_link(uow, row, organisation)
            _write_invitation(row.email, organisation, token)
            asked += 1
    detail = {"links": asked}
    uow.audit("think_tank.experts.invited", society=society, detail=detail, principal=principal)
    return asked


def list_pending_rows(now: datetime, society_id: UUID | None = None) -> list[ExpertRow]:
    """Experts who have agreed to nothing yet."""
    consenting = select(select_consents(now).subquery().c.expert_id)
    query = select(ExpertRow).where(ExpertRow.erased_at.is_(None), ExpertRow.id.not_in(consenting))
    if society_id is not None:
        query = query.where(ExpertRow.society_id == society_id)
    return list(db.session.scalars(query.order_by(ExpertRow.id)))


def _has_open_link(expert_id: UUID, now: datetime) -> bool:
    query = select(func.count()).where(
        ExpertLink.expert_id == expert_id,
        ExpertLink.used_at.is_(None),
        ExpertLink.expires_at > now,
    )
    return bool(db.session.scalar(query))


def make_link(uow: UnitOfWork, row: ExpertRow, society: Organisation) -> str:
    """Make a single-use link for one expert; the secret is returned and not kept."""
    token = secrets.token_urlsafe(32)
    lifetime = timedelta(days=current_settings().expert_link_days)
    uow.add(
        ExpertLink(
            expert_id=row.id,
            society_id=society.id,
            token_digest=_digest(token),
            made_at=uow.now,
            expires_at=uow.now + lifetime,
        )
    )
    return token


def purge_links(before: datetime, most: int) -> int:
    """Remove links that expired before an instant; at most so many."""
    old = select(ExpertLink.id).where(ExpertLink.expires_at < before).limit(most)
    removed = current_unit_of_work().execute(
        delete(ExpertLink)
        .where(ExpertLink.id.in_(old))
        .execution_options(synchronize_session=False)
    )
    return int(removed.rowcount)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _write_invitation(address: str, society: Organisation, token: str) -> None:
    url = f"{current_settings().issuer}/experts/consent/{token}"
    subject = f"{society.name_zh}: 专家库授权 / {society.name_en}: consent for the expert pool"
    text = (
        f"{society.name_zh}拟将您列入联合体专家库。未经您授权，任何人都查不到您。\n"
        f"{society.name_en} would like to list you in the consortium's pool of experts. "
        f"Nobody finds you there before you agree.\n\n{url}\n"
    )
    send_mail(address, subject, text)


@dataclass(frozen=True, slots=True)
class ConsentQuestion:
    """What an expert is asked, with all that is held about her."""

    society_zh: str
    society_en: str
    held: dict[str, str]


@reading
def get_consent_question(token: str) -> ConsentQuestion:
    """What a link asks; looking does not use it up.

    Raises:
        LinkRefused: used, too old or not ours.
    """
    link = db.session.scalar(
        select(ExpertLink).where(
            ExpertLink.token_digest == _digest(token),
            ExpertLink.used_at.is_(None),
            ExpertLink.expires_at > read_now(),
        )
    )
    row = db.session.get(ExpertRow, link.expert_id) if link else None
    if link is None or row is None or row.erased_at is not None:
        raise LinkRefused
    society = get_organisation_by_id(link.society_id)
    held = {
        "name": row.name, "employer": row.employer, "title": row.title, "email": row.email,
        "disciplines": "; ".join(row.disciplines), "keywords": "; ".join(row.keywords),
        "biography": row.biography, "seniority": row.seniority,
        "birth_date": row.birth_date.isoformat() if row.birth_date else None,
        "front_line": {True: N_("yes"), False: N_("no"), None: None}[row.front_line],
    }  # fmt: skip
    told = {name: value for name, value in held.items() if value}
    return ConsentQuestion(society.name_zh, society.name_en, told)


@transaction
def answer_consent(
    principal: Principal, *, token: str, purposes: Sequence[str], join_account: bool = False
) -> int:
    """Take an expert's answer and use the link up; purposes not ticked are refused.

    Args:
        join_account: whether the account that is signed in is hers; then she sees and ends her
            consents there.

    Raises:
        LinkRefused: used, too old or not ours.
    """
    uow = current_unit_of_work()
    used = uow.execute(
        update(ExpertLink)
        .where(
            ExpertLink.token_digest == _digest(token),
            ExpertLink.used_at.is_(None),
            ExpertLink.expires_at > uow.now,
        )
        .values(used_at=uow.now)
        .returning(ExpertLink.expert_id, ExpertLink.society_id)
    ).one_or_none()
    if used is None:
        raise LinkRefused
    row = uow.lock(ExpertRow, used.expert_id)
    if join_account and row.person_id is None:
        row.person_id = principal.person_id
    end_consents(uow, row, [p for p in OFFERED if p not in purposes], principal, "expert")
    held = {(c.expert_id, c.society_id, c.purpose) for c in held_by(row.id, uow.now)}
    agreed = [purpose for purpose in OFFERED if purpose in purposes]
    for purpose in agreed:
        key = (row.id, used.society_id, purpose)
        if key not in held:
            record_consent(uow, key, uow.now, given_by="expert")
    tell_consents(uow, principal, [row] if agreed else [])
    return len(agreed)
