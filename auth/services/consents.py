"""What a person lets a site learn about her: dated, per site and scope, revocable."""

from collections.abc import Iterable
from functools import cache
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.errors import ClientNotFound
from consortium.kernel.db import db
from consortium.kernel.principal import Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction


@reading
def consented_scopes(person_id: UUID, client_id: str) -> frozenset[str]:
    """The scopes that a person lets a client have now; the newest row of each decides."""
    rows = fetch_rows(_consent_query(), person_id=person_id, client_id=client_id)
    newest = {row.scope: row.given for row in rows}
    return frozenset(scope for scope, given in newest.items() if given)


@cache
def _consent_query() -> sa.Select[str, bool]:
    consents = models.ClientConsent
    return (
        sa.select(consents.scope, consents.given)
        .where(
            consents.person_id == sa.bindparam("person_id"),
            consents.client_id == sa.bindparam("client_id"),
        )
        .order_by(consents.at, consents.id)
    )


@transaction
def give_consent(principal: Principal, *, client_id: str, scopes: Iterable[str]) -> None:
    """Remember that the person allows a client these scopes; known ones stay as they are."""
    assert principal.person_id is not None
    fresh = set(scopes) - consented_scopes(principal.person_id, client_id)
    _record(principal, client_id, fresh, given=True)


@transaction
def withdraw_consent(principal: Principal, *, client_id: str) -> None:
    """Take back every consent to a client and revoke what it was given.

    Raises:
        ClientNotFound: she has given it none.
    """
    assert principal.person_id is not None
    uow = current_unit_of_work()
    held = consented_scopes(principal.person_id, client_id)
    if not held:
        raise ClientNotFound(client_id=client_id)
    _record(principal, client_id, held, given=False)
    tokens = models.AccessToken
    uow.execute(
        sa.update(tokens)
        .where(
            tokens.person_id == principal.person_id,
            tokens.client_id == client_id,
            tokens.revoked_at.is_(None),
        )
        .values(revoked_at=uow.now)
    )


def _record(principal: Principal, client_id: str, scopes: Iterable[str], *, given: bool) -> None:
    uow = current_unit_of_work()
    chosen = sorted(scopes)
    for scope in chosen:
        uow.add(
            models.ClientConsent(
                person_id=principal.person_id, client_id=client_id, scope=scope, given=given,
                at=uow.now,
            )
        )  # fmt: skip
    if not chosen:
        return
    word = "given" if given else "withdrawn"
    uow.audit(
        f"auth.consent.{word}",
        subject=str(principal.person_id),
        detail={"client_id": client_id, "scopes": chosen},
        principal=principal,
    )


@reading
def list_consents(person_id: UUID) -> list[tuple[str, str, frozenset[str]]]:
    """(client id, its name, scopes) for every client that holds a consent, by name."""
    consents, clients = models.ClientConsent, models.OAuthClient
    rows = db.session.execute(
        sa.select(consents.client_id, clients.name, consents.scope, consents.given)
        .join(clients, clients.client_id == consents.client_id)
        .where(consents.person_id == person_id)
        .order_by(consents.at, consents.id)
    )
    newest = {(row.name, row.client_id, row.scope): row.given for row in rows}
    held: dict[tuple[str, str], set[str]] = {}
    for (name, client_id, scope), given in newest.items():
        if given:
            held.setdefault((name, client_id), set()).add(scope)
    return [(cid, name, frozenset(scopes)) for (name, cid), scopes in sorted(held.items())]
