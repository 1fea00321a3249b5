"""Her own addresses: the ones of her roster row become ones she signs in with once she proves them.

An address is proven by a code sent to it. The code fits only together with the address it went to
and the account that asked, so a roster that changes meanwhile makes it worthless.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from auth import models
from auth.errors import AddressNotOffered, CodeMissing, CodeRefused, TooManyCodes
from auth.rules.identifiers import mask_address, read_identifier
from auth.services import accounts, one_time_codes
from auth.services.rosters import roster
from consortium.kernel.db import db
from consortium.kernel.errors import SignInRequired
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

PURPOSE = "prove-address"
KINDS = ("email", "mobile")


@dataclass(frozen=True)
class OwnAddress:
    """One kind of address, masked: what she signs in with, and what her roster would add."""

    kind: str
    proven: str | None
    offered: str | None


@reading
def list_own_addresses(principal: Principal) -> tuple[OwnAddress, ...]:
    """E-mail and mobile of the reader, each with the one of her roster that she may prove.

    Raises:
        SignInRequired: nobody is signed in.
    """
    person_id = _person(principal)
    account = accounts.find_account(person_id)
    found = []
    for kind in KINDS:
        proven: str | None = getattr(account, kind, None)
        offered = _find_offered(person_id, kind)
        found.append(OwnAddress(kind, _mask(proven), _mask(offered)))
    return tuple(found)


def send_address_code(principal: Principal, *, kind: str, address: str) -> UUID:
    """Send a code to the address of a kind in her roster.

    Args:
        kind: `email` or `mobile`.
        address: the network address it comes from.

    Returns:
        The challenge to keep in the asking browser.

    Raises:
        SignInRequired: nobody is signed in.
        AddressNotOffered: her roster has none of this kind, or she has proven it.
        TooManyCodes: limited per address, network and day.
    """
    made = _make_code(_person(principal), kind, address)
    if isinstance(made, timedelta):
        raise TooManyCodes(made)
    return made


@transaction
def _make_code(person_id: UUID, kind: str, address: str) -> UUID | timedelta:
    uow = current_unit_of_work()
    to = _find_offered(person_id, kind)
    if to is None:
        raise AddressNotOffered
    wait = one_time_codes.claim_sending(uow, to, address)
    if wait is not None:
        return wait
    return one_time_codes.make_code(
        uow, purpose=PURPOSE, person_id=person_id, channel=kind, to=to, bound=to
    )


def prove_address(principal: Principal, *, challenge: UUID, code: str) -> None:
    """Let her sign in from now on by the address that the code was sent to.

    An address of the same kind that she signed in with before is replaced.

    Raises:
        SignInRequired: nobody is signed in.
        CodeMissing: nothing was filled in; it takes no attempt.
        CodeRefused: wrong, used, too old, tried too often, or sent for somebody else.
        AddressTaken: another account signs in with it; told only to who holds the address.
    """
    person_id = _person(principal)
    if not code.strip():
        raise CodeMissing
    if not _prove(principal, person_id, challenge, code):
        raise CodeRefused


@transaction
def _prove(principal: Principal, person_id: UUID, challenge: UUID, code: str) -> bool:
    uow = current_unit_of_work()
    row = db.session.get(models.OneTimeCode, challenge)
    if row is None or row.purpose != PURPOSE or row.person_id != person_id:
        return False
    kind = row.channel
    to = _find_offered(person_id, kind)
    # Tried even where nothing is offered any more, so that the attempt counts.
    found = one_time_codes.consume_code(uow, challenge, code, purpose=PURPOSE, bound=to or "")
    if found is None or to is None:
        return False
    accounts.store_account(principal, person_id=person_id, hashed=None, **{kind: to})
    uow.audit(
        "auth.address.proven", subject=str(person_id), detail={"kind": kind}, principal=principal
    )
    return True


def _person(principal: Principal) -> UUID:
    if principal.person_id is None:
        raise SignInRequired
    return principal.person_id


def _find_offered(person_id: UUID, kind: str) -> str | None:
    """The roster's address of a kind as accounts keep it, unless it is the account's already."""
    if kind not in KINDS:
        return None
    read = read_identifier(roster().address_of(person_id, kind) or "")
    account = accounts.find_account(person_id)
    if read.kind != kind or getattr(account, kind, None) == read.value:
        return None
    return read.value


def _mask(address: str | None) -> str | None:
    return None if address is None else mask_address(address)
