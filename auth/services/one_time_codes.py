"""Codes sent by SMS or mail: six digits, few attempts, single use."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask_babel import gettext, ngettext

from auth import models
from auth.rules.access import network_of
from auth.services import throttles
from auth.services.throttles import Counter
from consortium.kernel.crypto import digest, digests
from consortium.kernel.db import db
from consortium.kernel.errors import N_
from consortium.kernel.ids import new_id
from consortium.kernel.mail import send_mail
from consortium.kernel.settings import current_settings
from consortium.kernel.sms import send_sms
from consortium.kernel.unit_of_work import UnitOfWork

ATTEMPTS = 5
DIGITS = 6
PURPOSE = "auth.one-time-code"
SUBJECT = N_("Your code")


def claim_sending(uow: UnitOfWork, to: str, address: str) -> timedelta | None:
    """Count a sending on number and network; how long to wait if it is one too many.

    The refused are counted too, so that asking on and on does not help.
    """
    counters = [
        *(Counter("code-to", to, limit) for limit in throttles.CODE_PER_MOBILE),
        *(Counter("code-from", network_of(address), limit) for limit in throttles.CODE_PER_NETWORK),
    ]
    standing = throttles.find_standing(counters)
    full = [c for c in counters if throttles.is_at_limit(c, standing, uow.now)]
    if full:
        return max(throttles.time_left(c, standing, uow.now) for c in full)
    throttles.count(uow, counters)
    return None


def make_code(
    uow: UnitOfWork,
    *,
    purpose: str,
    person_id: UUID | None,
    channel: str,
    to: str,
    society: str | None = None,
    member_number: str | None = None,
    name: str | None = None,
    bound: str = "",
) -> UUID:
    """Make a challenge and, if it is for somebody, queue the message with its code.

    Args:
        bound: a text without which the code does not fit either.

    Returns:
        The challenge's id; it means nothing without the code.
    """
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    seconds = current_settings().one_time_code_seconds
    challenge = new_id()
    uow.add(
        models.OneTimeCode(
            id=challenge,
            purpose=purpose,
            code_digest=_digest_text(challenge, code, digest, bound),
            person_id=person_id,
            society=society,
            member_number=member_number,
            name=name if person_id is not None else None,
            channel=channel,
            attempts_left=ATTEMPTS,
            created_at=uow.now,
            expires_at=uow.now + timedelta(seconds=seconds),
        )
    )
    if person_id is not None:
        minutes = max(1, seconds // 60)
        text = ngettext(
            "%(code)s is your code, good for %(minutes)s minute. Give it to nobody.",
            "%(code)s is your code, good for %(minutes)s minutes. Give it to nobody.",
            minutes,
            code=code,
            minutes=minutes,
        )
        if channel == "mobile":
            send_sms(to, text)
        else:
            send_mail(to, gettext(SUBJECT), text)
    return challenge


def _digest_text(challenge: UUID, code: str, how: Any, bound: str = "") -> Any:
    text = f"{challenge}|{code}|{bound}" if bound else f"{challenge}|{code}"
    return how(text, PURPOSE)


def prove_code(
    uow: UnitOfWork, challenge: UUID, code: str, *, purpose: str, bound: str = ""
) -> UUID | None:
    """Try a code without using it up; the person it was sent to, or None.

    The attempt is taken by one conditional UPDATE before the code is compared, so that
    guesses at the same time have no more attempts than guesses one by one.
    """
    codes = models.OneTimeCode
    taken = uow.execute(
        sa.update(codes)
        .where(
            codes.id == challenge,
            codes.purpose == purpose,
            codes.used_at.is_(None),
            codes.attempts_left > 0,
            codes.expires_at > uow.now,
        )
        .values(attempts_left=codes.attempts_left - 1)
        .returning(codes.code_digest, codes.person_id)
    ).one_or_none()
    if taken is None:
        return None
    typed = "".join(code.split())
    fits = any(
        secrets.compare_digest(taken.code_digest, candidate)
        for candidate in _digest_text(challenge, typed, digests, bound)
    )
    found: UUID | None = taken.person_id if fits else None
    return found


def use_up(uow: UnitOfWork, challenge: UUID) -> bool:
    """Consume a proven code; whether this call was the one that did."""
    codes = models.OneTimeCode
    used = uow.execute(
        sa.update(codes)
        .where(codes.id == challenge, codes.used_at.is_(None))
        .values(used_at=uow.now)
    )
    return bool(used.rowcount == 1)


def consume_code(
    uow: UnitOfWork, challenge: UUID, code: str, *, purpose: str, bound: str = ""
) -> UUID | None:
    """Try a code and, if it fits, use it up."""
    person_id = prove_code(uow, challenge, code, purpose=purpose, bound=bound)
    return person_id if person_id is not None and use_up(uow, challenge) else None


def purge_codes(before: datetime, most: int) -> int:
    """Remove codes that expired before an instant; at most so many."""
    ids = (
        sa.select(models.OneTimeCode.id)
        .where(models.OneTimeCode.expires_at < before)
        .order_by(models.OneTimeCode.expires_at)
        .limit(most)
    )
    result: Any = db.session.execute(
        sa.delete(models.OneTimeCode).where(models.OneTimeCode.id.in_(ids))
    )
    return int(result.rowcount)
