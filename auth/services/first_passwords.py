"""First passwords: set by the account's owner herself, through a single-use link."""

from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.errors import LinkRefused, PasswordSet, PersonNotFound
from auth.policies import may_manage_accounts
from auth.rules.identifiers import mask_address
from auth.services import accounts, links
from auth.services.passwords import check_new_password, hash_password
from auth.services.sessions import Opened, open_session
from auth.values import ACR_SINGLE_FACTOR
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

PASSWORD_LINK = "first-password"  # noqa: S105  what a link is for


@transaction
def make_password_link(principal: Principal, person_id: UUID) -> str:
    """Make a link for an account that has no password yet; the caller has made sure of that."""
    detail = {"person_id": str(person_id)}
    return links.make_link(principal, purpose=PASSWORD_LINK, detail=detail)


@transaction
def invite_owner(principal: Principal, *, person_id: UUID) -> str:
    """Make another single-use link by which an account's owner sets her first password.

    Raises:
        Forbidden: only the system or an operator may.
        PersonNotFound: she has no account.
        PasswordSet: she has a password; a link to set another would be a way around it.
    """
    if not may_manage_accounts(principal):
        raise Forbidden
    account = accounts.find_account(person_id)
    if account is None:
        raise PersonNotFound
    if account.has_password:
        raise PasswordSet
    return make_password_link(principal, person_id)


@reading
def get_invited(token: str) -> str:
    """The masked address of the account whose first password a link sets.

    Raises:
        LinkRefused: used, too old, not ours, or the account has a password by now.
    """
    detail = links.read_detail(token, purpose=PASSWORD_LINK)
    account = accounts.find_account(UUID(detail["person_id"]))
    if account is None or account.has_password:
        raise LinkRefused
    return mask_address(account.email or account.mobile or "")


def accept_password_link(
    *, token: str, password: str, address: str, replaced: str | None = None
) -> Opened:
    """Set the first password of an account and sign its owner in; the link is used up with it.

    Raises:
        LinkRefused: used, too old, not ours, or the account has a password by now.
        PasswordTooShort, PasswordTooCommon: it will not do.
    """
    detail = links.read_detail(token, purpose=PASSWORD_LINK)
    account = accounts.find_account(UUID(detail["person_id"]))
    if account is None:
        raise LinkRefused
    hashed = hash_password(check_new_password(password, account.email, account.mobile))
    return _set_first_password(token, hashed, address, replaced)


@transaction
def _set_first_password(token: str, hashed: str, address: str, replaced: str | None) -> Opened:
    uow = current_unit_of_work()
    detail = links.consume_link(uow, token, purpose=PASSWORD_LINK)
    person_id = UUID(detail["person_id"])
    rows = models.Account
    # Whoever has set a password meanwhile, by another link or from the roster, keeps it.
    done = uow.execute(
        sa.update(rows)
        .where(
            rows.person_id == person_id,
            rows.password_hash.is_(None),
            rows.disabled_at.is_(None),
        )
        .values(password_hash=hashed, password_changed_at=uow.now)
    )
    if done.rowcount != 1:
        raise LinkRefused
    uow.audit("auth.password.set", subject=str(person_id), principal=Principal(person_id))
    return open_session(
        person_id, acr=ACR_SINGLE_FACTOR, amr=("pwd",), address=address, replaced=replaced
    )
