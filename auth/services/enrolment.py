"""New accounts: of a roster row by its owner, of an operator by link, of anybody by an operator."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.errors import CodeMissing, CodeRefused, NameMissing, SocietyDiffers, TooManyCodes
from auth.policies import may_manage_accounts
from auth.rules.identifiers import fold, read_identifier, read_number
from auth.services import accounts, links, one_time_codes
from auth.services.first_passwords import make_password_link
from auth.services.grants import grant_role
from auth.services.passwords import check_new_password, hash_password
from auth.services.people import create_person
from auth.services.rosters import roster
from auth.services.sessions import Opened, open_session
from auth.values import ACR_SINGLE_FACTOR, Account, RosterEntry
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.member_numbers import fold_number
from consortium.kernel.principal import SYSTEM, Principal
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from consortium.services.organisations import find_organisation

OPERATOR_LINK = "operator"


@dataclass(frozen=True)
class Added:
    """An account made by an operator, and the role given with it.

    Attributes:
        token: secret of the link by which its owner sets her first password; None if it has one.
    """

    person_id: UUID
    email: str | None
    mobile: str | None
    role: str | None
    token: str | None = field(default=None, repr=False)


def send_activation_code(*, society: str, member_number: str, name: str, address: str) -> UUID:
    """Send a code to the address that the roster has for a row.

    Args:
        society: code of the society; may be empty where the number names it.
        member_number: in any spelling, with or without `society:` before it.
        name: as the roster has it.
        address: the network address it comes from.

    Returns:
        The challenge to keep in the asking browser, whether or not there is such a row, so
        that the answer tells nothing.

    Raises:
        SocietyDiffers: the number names another society than the one that was given.
        TooManyCodes: limited per row, network and day.
    """
    code, number = _read_row(fold(society).lower(), member_number)
    made = _make_activation_code(code, number, fold(name), address)
    if isinstance(made, timedelta):
        raise TooManyCodes(made)
    return made


def _read_row(society: str, member_number: str) -> tuple[str, str]:
    read = read_number(member_number)
    if read.society is None or read.society == society or not society:
        return read.society or society, read.value
    if find_organisation(read.society) is not None:
        raise SocietyDiffers(society=society, other=read.society)
    # What stands before the colon names no society, so it belongs to the number.
    return society, fold(member_number)


@transaction
def _make_activation_code(society: str, number: str, name: str, address: str) -> UUID | timedelta:
    uow = current_unit_of_work()
    wait = one_time_codes.claim_sending(uow, f"{society}:{fold_number(number)}", address)
    if wait is not None:
        return wait
    entry = roster().find_entry(society=society, number=number, name=name)
    to = (entry.mobile or entry.email) if entry else None
    # Who has an account signs in with it: a roster's old number must not open it (二次放号).
    is_open = entry is not None and to is not None and not _has_password(entry.person_id)
    return one_time_codes.make_code(
        uow,
        purpose="activation",
        person_id=entry.person_id if entry and is_open else None,
        channel="mobile" if entry and entry.mobile else "email",
        to=to or "",
        society=society if entry else None,
        member_number=entry.member_number if entry else None,
        name=name,
    )


def _has_password(person_id: UUID) -> bool:
    account = accounts.find_account(person_id)
    return account is not None and account.has_password


def prove_activation(*, challenge: UUID, code: str) -> RosterEntry:
    """Show the person her own row once she has the code.

    Raises:
        CodeMissing: nothing was filled in; it takes no attempt.
        CodeRefused: wrong, used, too old, tried too often, or sent to nobody.
    """
    if not code.strip():
        raise CodeMissing
    entry = _prove(challenge, code)
    if entry is None:
        raise CodeRefused
    return entry


@transaction
def _prove(challenge: UUID, code: str) -> RosterEntry | None:
    uow = current_unit_of_work()
    person_id = one_time_codes.prove_code(uow, challenge, code, purpose="activation")
    if person_id is None:
        return None
    row = uow.lock(models.OneTimeCode, challenge)
    row.proven_at = uow.now
    return _entry_of(row)


@reading
def get_proven_entry(challenge: UUID) -> RosterEntry:
    """The row of a proven challenge, for the page that asks for a password.

    Raises:
        CodeRefused: not proven, or used up.
    """
    row = db.session.get(models.OneTimeCode, challenge)
    entry = _entry_of(row) if row is not None and row.proven_at and not row.used_at else None
    if entry is None:
        raise CodeRefused
    return entry


def _entry_of(row: models.OneTimeCode) -> RosterEntry | None:
    entry = roster().find_entry(
        society=row.society or "", number=row.member_number or "", name=row.name or ""
    )
    return entry if entry is not None and entry.person_id == row.person_id else None


def finish_activation(
    *, challenge: UUID, password: str, address: str, replaced: str | None = None
) -> Opened:
    """Open the account of a proven row with a password, and sign its owner in.

    Raises:
        PasswordTooShort, PasswordTooCommon: it will not do.
        CodeRefused: not proven, used up or too old.
    """
    hashed = hash_password(check_new_password(password))
    return _finish(challenge, hashed, address, replaced)


@transaction
def _finish(challenge: UUID, hashed: str, address: str, replaced: str | None) -> Opened:
    uow = current_unit_of_work()
    codes = models.OneTimeCode
    used = uow.execute(
        sa.update(codes)
        .where(
            codes.id == challenge,
            codes.purpose == "activation",
            codes.proven_at.is_not(None),
            codes.used_at.is_(None),
            codes.expires_at > uow.now,
        )
        .values(used_at=uow.now)
    )
    row = uow.lock(codes, challenge) if used.rowcount == 1 else None
    entry = _entry_of(row) if row is not None else None
    if row is None or entry is None or _has_password(entry.person_id):
        raise CodeRefused
    proven = _proven_address(row.channel, entry)
    accounts.store_account(SYSTEM, person_id=entry.person_id, hashed=hashed, **proven)
    uow.emit(
        "auth.account.activated",
        str(entry.person_id),
        {"person_id": str(entry.person_id), "society": entry.society},
    )
    return open_session(
        entry.person_id,
        acr=ACR_SINGLE_FACTOR,
        amr=("sms",) if row.channel == "mobile" else ("otp",),
        address=address,
        replaced=replaced,
    )


def _proven_address(channel: str, entry: RosterEntry) -> dict[str, str]:
    """The address the code went to; none if another account signs in with it already.

    Two people of one household may share a phone; the second signs in by member number.
    """
    read = read_identifier(getattr(entry, channel) or "")
    if read.kind != channel or accounts.find_row_by(read) is not None:
        return {}
    return {channel: read.value}


def add_account(
    principal: Principal,
    *,
    name: str,
    email: str | None = None,
    mobile: str | None = None,
    password: str | None = None,
    role: str | None = None,
    key: str = "",
    is_demo: bool = False,
) -> Added:
    """Record a person with an account and, perhaps, a role.

    Args:
        password: None for an account whose owner sets it by the link that is made with it.

    Raises:
        Forbidden: only operators open accounts for others.
        NameMissing: no name.
        AccountIncomplete: no address.
        EmailInvalid, MobileInvalid, AddressTaken: as for any account.
        PasswordTooShort, PasswordTooCommon: it will not do; an empty one is too short.
    """
    if not may_manage_accounts(principal):
        raise Forbidden
    if not name.strip():
        raise NameMissing
    read = accounts.read_addresses(email, mobile)
    hashed = None
    if password is not None:
        hashed = hash_password(check_new_password(password, email, mobile))
    return _add(principal, name.strip(), *read, hashed, role, key, is_demo)


@transaction
def _add(
    principal: Principal,
    name: str,
    email: str | None,
    mobile: str | None,
    hashed: str | None,
    role: str | None,
    key: str,
    is_demo: bool,
) -> Added:
    person = create_person(principal, name=name, is_demo=is_demo)
    account: Account = accounts.store_account(
        principal, person_id=person.id, email=email, mobile=mobile, hashed=hashed
    )
    if role is not None:
        grant_role(principal, person_id=person.id, role=role, key=key)
    token = make_password_link(principal, person.id) if hashed is None else None
    return Added(person.id, account.email, account.mobile, role, token)


def invite_operator(principal: Principal) -> str:
    """Make a single-use link that makes its opener an operator of the node.

    Raises:
        Forbidden: only the system or an operator may.
    """
    if not may_manage_accounts(principal):
        raise Forbidden
    return links.make_link(principal, purpose=OPERATOR_LINK, detail={})


def accept_operator_link(
    *,
    token: str,
    name: str,
    identifier: str,
    password: str,
    address: str,
    replaced: str | None = None,
) -> Opened:
    """Make the account of a new operator and sign her in; the link is used up with it.

    Raises:
        LinkRefused: used, too old or not ours.
        NameMissing, AccountIncomplete: no name, or no address.
        EmailInvalid, MobileInvalid, AddressTaken: as for any account.
        PasswordTooShort, PasswordTooCommon: as for any account.
    """
    links.check_link(token)
    if not name.strip():
        raise NameMissing
    read = accounts.read_new_identifier(identifier)
    hashed = hash_password(check_new_password(password, read.value, name))
    found = {read.kind: read.value}
    return _accept(token, name.strip(), found, hashed, address, replaced)


@transaction
def _accept(
    token: str,
    name: str,
    found: dict[str, str],
    hashed: str,
    address: str,
    replaced: str | None,
) -> Opened:
    uow = current_unit_of_work()
    links.consume_link(uow, token, purpose=OPERATOR_LINK)
    person = create_person(SYSTEM, name=name)
    accounts.store_account(SYSTEM, person_id=person.id, hashed=hashed, **found)
    grant_role(SYSTEM, person_id=person.id, role="operator")
    return open_session(
        person.id, acr=ACR_SINGLE_FACTOR, amr=("pwd",), address=address, replaced=replaced
    )
