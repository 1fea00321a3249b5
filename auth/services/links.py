"""Single-use links: shown by GET, consumed by POST, because scanners and previews open links."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from auth import models
from auth.errors import LinkRefused
from auth.rules.access import hash_secret
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.principal import Principal
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)

TOKEN_BYTES = 32


@transaction
def make_link(principal: Principal, *, purpose: str, detail: dict[str, Any]) -> str:
    """Make a link for one purpose and give back its secret, which is not kept."""
    uow = current_unit_of_work()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    seconds = current_settings().single_use_link_seconds
    row = uow.add(
        models.SingleUseLink(
            token_hash=hash_secret(token),
            purpose=purpose,
            detail=detail,
            created_at=uow.now,
            expires_at=uow.now + timedelta(seconds=seconds),
        )
    )
    uow.flush()
    uow.audit(
        "auth.link.made", subject=str(row.id), detail={"purpose": purpose}, principal=principal
    )
    return token


@reading
def check_link(token: str) -> str:
    """The purpose of a link that may still be used; looking does not use it.

    Raises:
        LinkRefused: used, too old or not ours.
    """
    return _find_usable(token).purpose


@reading
def read_detail(token: str, *, purpose: str) -> dict[str, Any]:
    """What a link that may still be used for a purpose is about; looking does not use it.

    Raises:
        LinkRefused: used, too old, not ours, or for something else.
    """
    found = _find_usable(token)
    if found.purpose != purpose:
        raise LinkRefused
    return found.detail


def _find_usable(token: str) -> models.SingleUseLink:
    links = models.SingleUseLink
    found = db.session.scalar(
        sa.select(links).where(
            links.token_hash == hash_secret(token),
            links.used_at.is_(None),
            links.expires_at > read_now(),
        )
    )
    if found is None:
        raise LinkRefused
    return found


def consume_link(uow: UnitOfWork, token: str, *, purpose: str) -> dict[str, Any]:
    """Use a link up by one conditional UPDATE and give back its detail.

    Raises:
        LinkRefused: used, too old or not ours.
    """
    links = models.SingleUseLink
    used = uow.execute(
        sa.update(links)
        .where(
            links.token_hash == hash_secret(token),
            links.purpose == purpose,
            links.used_at.is_(None),
            links.expires_at > uow.now,
        )
        .values(used_at=uow.now)
        .returning(links.detail)
    ).one_or_none()
    if used is None:
        raise LinkRefused
    detail: dict[str, Any] = used.detail
    return detail


def purge_links(before: datetime, most: int) -> int:
    """Remove links that expired before an instant; at most so many."""
    links = models.SingleUseLink
    ids = (
        sa.select(links.id).where(links.expires_at < before).order_by(links.expires_at).limit(most)
    )
    result: Any = db.session.execute(sa.delete(links).where(links.id.in_(ids)))
    return int(result.rowcount)
