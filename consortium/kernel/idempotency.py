"""Writes that may be sent twice: `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header)."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, ParamSpec

import sqlalchemy as sa
from flask import Response, current_app, g, make_response, request
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Instant, Model, insert_if_absent
from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.feature import JobPage
from consortium.kernel.principal import Principal, current_principal
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, transaction

P = ParamSpec("P")
HEADER = "Idempotency-Key"
LONGEST = 255
KEPT_HEADERS = ("ETag", "Location")
PURGED_A_PAGE = 500


class IdempotencyKeyReused(ConsortiumError):
    """The key was used for another request."""

    status, code = 422, "idempotency-key-reused"
    message = N_("This Idempotency-Key belongs to another request. Use a new one.")


class IdempotencyKeyInvalid(ConsortiumError):
    """The key cannot be used."""

    status, code = 400, "idempotency-key-invalid"
    message = N_("An Idempotency-Key takes 1 to 255 visible ASCII characters.")


class IdempotencyRecord(Model):
    """The answer that a key has earned; written in the transaction of the effect itself."""

    __tablename__ = "idempotency_record"

    owner: Mapped[str] = mapped_column(sa.String(160), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(LONGEST), primary_key=True)
    request_hash: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int | None] = mapped_column(sa.Integer)
    headers: Mapped[str | None] = mapped_column(sa.Text)
    body: Mapped[str | None] = mapped_column(sa.Text)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


def idempotent(door: Callable[P, Any]) -> Callable[P, Any]:
    """Let a write be repeated safely under one key. Stands directly below the route.

    Claim, effect and kept answer commit together: of two equal requests at once the second
    waits and gets the first one's answer, marked `Idempotency-Replayed: true`. A refused
    request keeps nothing, so it may be corrected and sent again under the same key.
    """

    @wraps(door)
    def run(*args: P.args, **kwargs: P.kwargs) -> Any:
        key = request.headers.get(HEADER)
        if key is None:
            return door(*args, **kwargs)
        if not (0 < len(key) <= LONGEST and key.isascii() and key.isprintable()):
            raise IdempotencyKeyInvalid
        return _run_once(key, lambda: make_response(current_app.ensure_sync(door)(*args, **kwargs)))

    # The API's description names the header where it is taken.
    setattr(run, "_apidoc", {**getattr(door, "_apidoc", {}), "idempotent": True})  # noqa: B010
    return run


@transaction
def _run_once(key: str, effect: Callable[[], Response]) -> Response:
    uow = current_unit_of_work()
    owner, wanted = _owner(current_principal()), _request_hash()
    claim = insert_if_absent(
        IdempotencyRecord, owner=owner, key=key, request_hash=wanted, at=uow.now
    )
    if uow.execute(claim).rowcount == 0:
        return _replay(uow.lock(IdempotencyRecord, (owner, key)), wanted)
    answer = effect()
    if "entity_tag" in g:
        # Sent with every answer after the view; the kept one needs it now.
        answer.headers["ETag"] = g.entity_tag
    record = uow.lock(IdempotencyRecord, (owner, key))
    record.status, record.body = answer.status_code, answer.get_data(as_text=True)
    kept = [f"{name}: {answer.headers[name]}" for name in KEPT_HEADERS if name in answer.headers]
    record.headers = "\n".join(kept)
    return answer


def _replay(record: IdempotencyRecord, wanted: str) -> Response:
    if record.request_hash != wanted:
        raise IdempotencyKeyReused
    answer = Response(record.body, record.status, content_type="application/json")
    for line in (record.headers or "").splitlines():
        name, _, value = line.partition(": ")
        answer.headers[name] = value
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _owner(principal: Principal) -> str:
    return (
        f"person:{principal.person_id}" if principal.person_id else f"client:{principal.client_id}"
    )


def _request_hash() -> str:
    seen = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    seen.update(request.get_data(cache=True))
    return seen.hexdigest()


def purge_records(page: JobPage) -> str | None:
    """Forget keys after their days, a page of 500 at a time."""
    uow = current_unit_of_work()
    before = page.now - timedelta(days=current_settings().idempotency_days)
    old = (
        sa.select(IdempotencyRecord.owner, IdempotencyRecord.key)
        .where(IdempotencyRecord.at < before)
        .limit(PURGED_A_PAGE)
    )
    columns = sa.tuple_(IdempotencyRecord.owner, IdempotencyRecord.key)
    statement = sa.delete(IdempotencyRecord).where(columns.in_(old))
    gone = uow.execute(statement.execution_options(synchronize_session=False)).rowcount
    return "more" if gone == PURGED_A_PAGE else None
