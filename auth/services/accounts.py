"""Accounts: how a person proves who she is."""

from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from auth import models
from auth.errors import (
    AccountIncomplete,
    AddressTaken,
    EmailInvalid,
    MobileInvalid,
    PersonNotFound,
)
from auth.rules.identifiers import (
    looks_like_mobile,
    normalise_email,
    normalise_mobile,
    read_identifier,
)
from auth.services.passwords import check_new_password, hash_password
from auth.services.rosters import roster
from auth.services.sessions import end_sessions_of
from auth.values import Account, Identifier
from consortium.kernel import people as people_port
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.mail import send_mail
from consortium.kernel.principal import Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.sms import send_sms
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction


def open_account(
    principal: Principal,
    *,
    person_id: UUID,
    email: str | None = None,
    mobile: str | None = None,
    password: str | None = None,
) -> Account:
    """Give a person an account, or complete the one she has.

    The caller has made sure that the addresses are hers.

    Raises:
        EmailInvalid, MobileInvalid, PasswordTooShort, PasswordTooCommon: bad input.
        AccountIncomplete: neither address.
        AddressTaken: another account has it.
        PersonNotFound: unknown or erased.
    """
    known_email, known_mobile = read_addresses(email, mobile)
    hashed = None
    if password is not None:
        hashed = hash_password(check_new_password(password, known_email, known_mobile))
    return store_account(
        principal, person_id=person_id, email=known_email, mobile=known_mobile, hashed=hashed
    )


def read_addresses(email: str | None, mobile: str | None) -> tuple[str | None, str | None]:
    """E-mail and mobile as they are stored; empty ones are None.

    Raises:
        EmailInvalid, MobileInvalid: not one.
        AccountIncomplete: neither is given.
    """
    read = (
        _read(email, normalise_email, EmailInvalid),
        _read(mobile, normalise_mobile, MobileInvalid),
    )
    if read == (None, None):
        raise AccountIncomplete
    return read


def read_new_identifier(text: str) -> Identifier:
    """The e-mail or mobile with which a new account is to sign in.

    Raises:
        AccountIncomplete: nothing is given.
        EmailInvalid, MobileInvalid: not one, told as what it looks like.
    """
    read = read_identifier(text)
    if read.kind in {"email", "mobile"}:
        return read
    if not read.value:
        raise AccountIncomplete
    raise MobileInvalid if looks_like_mobile(text) else EmailInvalid


def _read(
    text: str | None, normalise: Callable[[str], str | None], refusal: type[ConsortiumError]
) -> str | None:
    if text is None or not text.strip():
        return None
    known = normalise(text)
    if known is None:
        raise refusal
    return known


@transaction
def store_account(
    principal: Principal,
    *,
    person_id: UUID,
    email: str | None = None,
    mobile: str | None = None,
    hashed: str | None,
) -> Account:
    """Open or complete an account from checked values; open_account says more."""
    uow = current_unit_of_work()
    person = uow.session.get(models.Person, person_id, with_for_update=True)
    if person is None or person.erased_at is not None:
        raise PersonNotFound
    row = _find_row(person_id)
    if row is None:
        row = uow.add(models.Account(person_id=person_id, created_at=uow.now))
        uow.emit("auth.account.opened", str(person_id), {"person_id": str(person_id)})
    row.email, row.mobile = email or row.email, mobile or row.mobile
    if hashed is not None:
        row.password_hash, row.password_changed_at = hashed, uow.now
    _flush_addresses()
    uow.audit("auth.account.opened", subject=str(person_id), principal=principal)
    return _as_value(row)


def _flush_addresses() -> None:
    try:
        current_unit_of_work().flush()
    except IntegrityError as error:
        _refuse_taken(error)


def _refuse_taken(error: IntegrityError) -> NoReturn:
    raise AddressTaken from error


def set_password(principal: Principal, *, person_id: UUID, password: str) -> None:
    """Set a password and end every sign-in of the account.

    Raises:
        PasswordTooShort, PasswordTooCommon: it will not do.
        PersonNotFound: she has no account.
    """
    account = find_account(person_id)
    if account is None:
        raise PersonNotFound
    hashed = hash_password(check_new_password(password, account.email, account.mobile))
    _store_password(principal, person_id=person_id, hashed=hashed)


@transaction
def _store_password(principal: Principal, *, person_id: UUID, hashed: str) -> None:
    uow = current_unit_of_work()
    uow.execute(
        sa.update(models.Account)
        .where(models.Account.person_id == person_id)
        .values(password_hash=hashed, password_changed_at=uow.now)
    )
    end_sessions_of(person_id)
    uow.audit("auth.password.set", subject=str(person_id), principal=principal)


@reading
def find_account(person_id: UUID) -> Account | None:
    """A person's account, or None."""
    rows = fetch_rows(_account_query(), person_id=person_id)
    return Account(*rows[0]) if rows else None


@reading
def find_account_by(text: str) -> Account | None:
    """The account that a text names: e-mail, mobile, `society:number` or an unambiguous number."""
    row = find_row_by(read_identifier(text))
    return None if row is None else _as_value(row)


def find_row_by(identifier: Identifier) -> models.Account | None:
    """The account row that an identifier names, in the open transaction; disabled ones not."""
    kind, value = _column_of(identifier)
    rows = models.Account
    return db.session.scalar(
        sa.select(rows).where(getattr(rows, kind) == value, rows.disabled_at.is_(None))
    )


def find_login(identifier: Identifier) -> sa.Row[UUID, str | None, bool] | None:
    """Columns person_id, password_hash, is_demo of the account that an identifier names."""
    kind, value = _column_of(identifier)
    rows = fetch_rows(_login_query(kind), value=value)
    return rows[0] if rows else None


def _column_of(identifier: Identifier) -> tuple[str, str | UUID | None]:
    if identifier.kind != "number":
        return identifier.kind, identifier.value
    found = set(roster().find_persons(number=identifier.value, society=identifier.society))
    # A number that two societies use names nobody until the society is said.
    return "person_id", found.pop() if len(found) == 1 else None


@cache
def _login_query(kind: str) -> sa.Select[UUID, str | None, bool]:
    rows, people = models.Account, models.Person
    return (
        sa.select(rows.person_id, rows.password_hash, people.is_demo)
        .join(people, people.id == rows.person_id)
        .where(getattr(rows, kind) == sa.bindparam("value"), rows.disabled_at.is_(None))
    )


@reading
def has_demo_accounts() -> bool:
    """Whether anybody of the demonstration could sign in here."""
    found = db.session.scalar(
        sa.select(models.Account.id)
        .join(models.Person, models.Person.id == models.Account.person_id)
        .where(models.Person.is_demo.is_(True))
        .limit(1)
    )
    return found is not None


@reading
def address_of(person_id: UUID, kind: str) -> str | None:
    """A person's `email` or `mobile`: the account's, else her roster's."""
    account = find_account(person_id)
    known = getattr(account, kind, None) if kind in {"email", "mobile"} else None
    return known or roster().address_of(person_id, kind)


@transaction
def notify(person_id: UUID, subject: str, text: str) -> None:
    """Queue a message by mail, else by SMS; without either address nothing can be done."""
    email = people_port.address_of(person_id, "email")
    if email:
        send_mail(email, subject, text)
        return
    mobile = people_port.address_of(person_id, "mobile")
    if mobile:
        send_sms(mobile, f"{subject}: {text}" if text else subject)


@cache
def _account_query() -> sa.Select[*tuple[Any, ...]]:
    rows = models.Account
    return sa.select(
        rows.person_id, rows.email, rows.mobile, rows.password_hash.is_not(None)
    ).where(rows.person_id == sa.bindparam("person_id"))


def _find_row(person_id: UUID) -> models.Account | None:
    return db.session.scalar(sa.select(models.Account).where(models.Account.person_id == person_id))


def _as_value(row: models.Account) -> Account:
    return Account(row.person_id, row.email, row.mobile, row.password_hash is not None)
