"""Sign-in by password or by a code sent to a mobile number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.errors import (
    CodeMissing,
    CodeRefused,
    MobileInvalid,
    SignInRefused,
    TooManyAttempts,
    TooManyCodes,
)
from auth.rules.access import network_of
from auth.rules.identifiers import normalise_mobile, read_identifier
from auth.services import one_time_codes, throttles
from auth.services.accounts import find_login, find_row_by
from auth.services.passwords import hash_password, needs_rehash, verify_password
from auth.services.sessions import Opened, knows_network, open_session
from auth.services.throttles import Counter
from auth.values import ACR_SINGLE_FACTOR, Identifier
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction


@dataclass(frozen=True)
class _Candidate:
    """What is known before the password is looked at; the same shape for nobody."""

    person_id: UUID | None
    password_hash: str | None
    has_failures: bool
    wait: timedelta | None


def sign_in_with_password(
    *, identifier: str, password: str, address: str, replaced: str | None = None
) -> Opened:
    """Open a session for whoever proves to own an account.

    Args:
        identifier: e-mail, mobile, `society:number` or an unambiguous member number.
        address: the network address it comes from.
        replaced: the cookie that the browser sent, whose session ends.

    Raises:
        SignInRefused: wrong identifier or password; which one is not told.
        TooManyAttempts: told before the password is looked at, to known and unknown alike.
    """
    read = read_identifier(identifier)
    candidate = _find_candidate(read, address, read_now())
    if candidate.wait is not None:
        raise TooManyAttempts(candidate.wait)
    # Outside any transaction: a hash takes 30 ms, and SQLite has one writer.
    if not verify_password(candidate.password_hash, password) or candidate.person_id is None:
        _count_failure(read, address)
        raise SignInRefused
    stored = candidate.password_hash or ""
    renewed = hash_password(password) if needs_rehash(stored) else None
    return _open(candidate, stored, renewed, read, address, replaced)


@reading
def _find_candidate(identifier: Identifier, address: str, now: datetime) -> _Candidate:
    counters = _counters(identifier, address)
    standing = throttles.find_standing(counters)
    exhausted = [c for c in counters if throttles.is_at_limit(c, standing, now)]
    row = find_login(identifier)
    person_id = None if row is None else row.person_id
    barred = [c for c in exhausted if c.name != "account"]
    if exhausted and not barred:
        # Guesses from many networks: those she has signed in from before stay open to her.
        known = person_id is not None and knows_network(person_id, address, now)
        barred = [] if known else exhausted
    wait = max((throttles.time_left(c, standing, now) for c in barred), default=None)
    if row is not None and row.is_demo and not current_settings().is_loopback:
        person_id = None
    return _Candidate(person_id, row.password_hash if row else None, bool(standing), wait)


def _may_sign_in(person_id: UUID) -> bool:
    """Demo accounts have a published password, so they open nothing but a loopback node."""
    is_demo = db.session.scalar(
        sa.select(models.Person.is_demo).where(models.Person.id == person_id)
    )
    return not is_demo or current_settings().is_loopback


def _counters(identifier: Identifier, address: str) -> Sequence[Counter]:
    network = network_of(address)
    return (
        Counter("pair", f"{identifier.key}|{network}", throttles.PAIR),
        Counter("network", network, throttles.NETWORK),
        Counter("account", identifier.key, throttles.ACCOUNT),
    )


@transaction
def _count_failure(identifier: Identifier, address: str) -> None:
    uow = current_unit_of_work()
    throttles.count(uow, _counters(identifier, address))


@transaction
def _open(
    candidate: _Candidate,
    stored: str,
    renewed: str | None,
    identifier: Identifier,
    address: str,
    replaced: str | None,
) -> Opened:
    uow = current_unit_of_work()
    assert candidate.person_id is not None
    # The password may have been changed, or the account closed, while we hashed.
    unchanged = uow.execute(_lock_query(), {"person_id": candidate.person_id, "stored": stored})
    account_id = unchanged.scalar()
    if account_id is None:
        raise SignInRefused
    if renewed is not None:
        accounts = models.Account
        uow.execute(
            sa.update(accounts).where(accounts.id == account_id).values(password_hash=renewed)
        )
    if candidate.has_failures:
        pair, _, whole = _counters(identifier, address)
        throttles.forget(uow, (pair, whole))
    return open_session(
        candidate.person_id,
        acr=ACR_SINGLE_FACTOR,
        amr=("pwd",),
        address=address,
        replaced=replaced,
    )


@cache
def _lock_query() -> sa.Select[UUID]:
    accounts = models.Account
    return (
        sa.select(accounts.id)
        .where(
            accounts.person_id == sa.bindparam("person_id"),
            accounts.password_hash == sa.bindparam("stored"),
            accounts.disabled_at.is_(None),
        )
        .with_for_update()
    )


def send_sign_in_code(*, mobile: str, address: str) -> UUID:
    """Send a code to a mobile number, if an account signs in with it.

    Returns:
        The challenge to keep in the asking browser; also for numbers that nobody has, so
        that the answer tells nothing.

    Raises:
        MobileInvalid: no number at all.
        TooManyCodes: limited per number, network and day, whether or not anybody has it.
    """
    number = normalise_mobile(mobile)
    if number is None:
        raise MobileInvalid
    made = _make_sign_in_code(number, address)
    if isinstance(made, timedelta):
        raise TooManyCodes(made)
    return made


@transaction
def _make_sign_in_code(number: str, address: str) -> UUID | timedelta:
    uow = current_unit_of_work()
    wait = one_time_codes.claim_sending(uow, number, address)
    if wait is not None:
        return wait
    row = find_row_by(Identifier("mobile", number))
    person_id = row.person_id if row is not None and _may_sign_in(row.person_id) else None
    return one_time_codes.make_code(
        uow, purpose="sign-in", person_id=person_id, channel="mobile", to=number
    )


def sign_in_with_code(
    *, challenge: UUID, code: str, address: str, replaced: str | None = None
) -> Opened:
    """Open a session for whoever holds the phone.

    Raises:
        CodeMissing: nothing was filled in; it takes no attempt.
        CodeRefused: wrong, used, too old, tried too often, or sent to nobody.
    """
    if not code.strip():
        raise CodeMissing
    opened = _redeem(challenge, code, address, replaced)
    if opened is None:
        raise CodeRefused
    return opened


@transaction
def _redeem(challenge: UUID, code: str, address: str, replaced: str | None) -> Opened | None:
    uow = current_unit_of_work()
    found = one_time_codes.consume_code(uow, challenge, code, purpose="sign-in")
    if found is None:
        return None
    account = uow.session.scalar(
        sa.select(models.Account).where(
            models.Account.person_id == found, models.Account.disabled_at.is_(None)
        )
    )
    if account is None:
        return None
    return open_session(
        found, acr=ACR_SINGLE_FACTOR, amr=("sms",), address=address, replaced=replaced
    )
