"""Mirrors of what other nodes keep: their organisations, consortia, members and standing.

Every function takes one verified record in the open unit of work and may be called again with
the same record.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select

from consortium.errors import (
    CodeTaken,
    ConsortiumNotFound,
    NotAMember,
    NotOurs,
    OrganisationNotFound,
    RecordRefused,
)
from consortium.kernel.db import db
from consortium.kernel.feature import FeedRecord
from consortium.kernel.search import remove_text
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work
from consortium.models import (
    CharterVersion,
    ConsortiumMember,
    ConsortiumRow,
    OrganisationRow,
    OrganisationStanding,
)
from consortium.rules import hash_charter
from consortium.services.organisations import SEARCH_KIND, index_organisation
from consortium.services.standing import is_member
from consortium.services.wishes import check_wish
from consortium.values import OrganisationWish, Standing

R = TypeVar("R", ConsortiumMember, OrganisationStanding)


def apply_organisation(record: FeedRecord) -> None:
    """Mirror an organisation; one that is gone is no longer listed.

    Raises:
        CodeTaken: this node, or a third one, has an organisation with that code.
        OrganisationInvalid: its data are wrong.
    """
    uow = current_unit_of_work()
    row = _organisation_of(record.key)
    if row is not None and row.origin != record.origin:
        raise CodeTaken(taken=record.key)
    if record.op == "delete":
        if row is not None:
            row.withdrawn_at = uow.now
            remove_text(SEARCH_KIND, str(row.id))
        return
    wish = check_wish(_wish(record))
    if row is None:
        row = OrganisationRow(code=record.key, origin=record.origin, registered_at=uow.now)
    for name in OrganisationWish.__dataclass_fields__:
        value = getattr(wish, name)
        setattr(row, name, list(value) if isinstance(value, tuple) else value)
    row.withdrawn_at = None
    uow.add(row)
    uow.flush()
    index_organisation(row)


def apply_consortium(record: FeedRecord) -> None:
    """Mirror a consortium with the newest version of its charter; it is never deleted.

    Raises:
        CodeTaken: another node has a consortium with that code.
        RecordRefused: the charter's hash does not fit its text.
        OrganisationNotFound: its lead has not been heard of yet.
    """
    uow = current_unit_of_work()
    row = db.session.scalar(select(ConsortiumRow).where(ConsortiumRow.code == record.key))
    if row is not None and row.origin != record.origin:
        raise CodeTaken(taken=record.key)
    if record.op == "delete":
        return
    data = record.data
    if row is None:
        row = ConsortiumRow(code=record.key, origin=record.origin)
    row.kind, row.name_zh, row.name_en = data["kind"], data["name_zh"], data["name_en"]
    row.founded_at = datetime.fromisoformat(data["founded_at"])
    row.lead_id = _id_of(data["lead"])
    row.legal_representative_id = _id_of(data["legal_representative"])
    uow.add(row)
    uow.flush()
    _keep_charter(row.id, data["charter"])


def apply_member(record: FeedRecord) -> None:
    """Mirror a row about a membership; one that is gone covers nothing any more.

    Raises:
        OrganisationNotFound, ConsortiumNotFound: it has not been heard of yet.
        NotOurs: the consortium, the row, or the row that it supersedes is not the sender's.
        RecordRefused: what it supersedes is unknown, or about somebody else.
    """
    uow = current_unit_of_work()
    held = _held(ConsortiumMember, record)
    if record.op == "delete":
        if held is not None and not _is_superseded(ConsortiumMember, held.id):
            uow.add(
                ConsortiumMember(
                    consortium_id=held.consortium_id,
                    organisation_id=held.organisation_id,
                    since=held.since,
                    until=held.since,
                    supersedes_id=held.id,
                )
            )
        return
    if held is not None:
        return
    data = record.data
    consortium_id = _consortium_of(data, record.origin)
    organisation_id = _required(data["organisation"])
    uow.add(
        ConsortiumMember(
            id=UUID(record.key),
            consortium_id=consortium_id,
            organisation_id=organisation_id,
            since=datetime.fromisoformat(data["since"]),
            until=_instant(data["until"]),
            supersedes_id=_superseded(ConsortiumMember, record, consortium_id, organisation_id),
        )
    )


def apply_standing(record: FeedRecord) -> None:
    """Mirror a row about a standing; one that is gone covers nothing any more.

    A node speaks of the standing of its own societies alone, and only where they were members:
    nobody else's society has joined a consortium because the consortium's node says so.

    Raises:
        OrganisationNotFound, ConsortiumNotFound: it has not been heard of yet.
        NotOurs: the consortium, the society, the row, or the row that it supersedes is not the
            sender's.
        NotAMember: the society was no member when it began, as far as we have heard.
        RecordRefused: what it supersedes is unknown, or about somebody else.
    """
    uow = current_unit_of_work()
    held = _held(OrganisationStanding, record)
    if record.op == "delete":
        if held is not None and not _is_superseded(OrganisationStanding, held.id):
            uow.add(
                OrganisationStanding(
                    organisation_id=held.organisation_id,
                    consortium_id=held.consortium_id,
                    standing=held.standing,
                    since=held.since,
                    until=held.since,
                    supersedes_id=held.id,
                )
            )
        return
    if held is not None:
        return
    data = record.data
    consortium_id = _consortium_of(data, record.origin)
    organisation_id = _own_society(data["organisation"], record.origin)
    since = datetime.fromisoformat(data["since"])
    if not is_member(organisation_id, consortium_id, since):
        raise NotAMember(organisation=data["organisation"], consortium=data["consortium"])
    uow.add(
        OrganisationStanding(
            id=UUID(record.key),
            organisation_id=organisation_id,
            consortium_id=consortium_id,
            standing=Standing(data["standing"]).value,
            since=since,
            until=_instant(data["until"]),
            supersedes_id=_superseded(OrganisationStanding, record, consortium_id, organisation_id),
        )
    )


def _keep_charter(consortium_id: UUID, told: Mapping[str, Any]) -> None:
    uow = current_unit_of_work()
    if hash_charter(told["text_zh"]) != told["text_hash"]:
        raise RecordRefused
    held = select(CharterVersion.id).where(
        CharterVersion.consortium_id == consortium_id, CharterVersion.number == told["number"]
    )
    if uow.session.scalar(held) is not None:
        return
    uow.add(
        CharterVersion(
            consortium_id=consortium_id,
            number=int(told["number"]),
            text_zh=told["text_zh"],
            text_en=told["text_en"],
            text_hash=told["text_hash"],
            kinds_admitted=list(told["kinds_admitted"]),
            adopted_at=datetime.fromisoformat(told["adopted_at"]),
        )
    )


def _wish(record: FeedRecord) -> OrganisationWish:
    known = OrganisationWish.__dataclass_fields__
    values = {name: value for name, value in record.data.items() if name in known}
    return OrganisationWish(
        **{**values, "code": record.key, "disciplines": tuple(values.get("disciplines", ()))}
    )


def _organisation_of(code: str) -> OrganisationRow | None:
    return db.session.scalar(select(OrganisationRow).where(OrganisationRow.code == code))


def _id_of(code: str | None) -> UUID | None:
    return _required(code) if code is not None else None


def _required(code: str) -> UUID:
    return _known(code).id


def _known(code: str) -> OrganisationRow:
    row = _organisation_of(code)
    if row is None:
        raise OrganisationNotFound(organisation=code)
    return row


def _own_society(code: str, origin: str) -> UUID:
    row = _known(code)
    _require_origin(row.origin, origin)
    return row.id


def _consortium_of(data: Mapping[str, Any], origin: str) -> UUID:
    code = data["consortium"]
    row = db.session.scalar(select(ConsortiumRow).where(ConsortiumRow.code == code))
    if row is None:
        raise ConsortiumNotFound(consortium=code)
    # Only the node that keeps a consortium tells who belongs to it.
    _require_origin(row.origin, origin)
    return row.id


def _require_origin(held: str | None, sender: str) -> None:
    """Refuse what this node, or one that is not the sender, keeps."""
    if held != sender:
        raise NotOurs(origin=held or current_settings().issuer)


def _held(model: type[R], record: FeedRecord) -> R | None:
    """The row that a record names; ids are public, so whose it is has to be asked.

    Raises:
        NotOurs: it is about a consortium that the sender does not keep.
    """
    row = current_unit_of_work().session.get(model, UUID(record.key))
    if row is not None:
        _require_origin(_origin_of(row.consortium_id), record.origin)
    return row


def _superseded(
    model: type[R], record: FeedRecord, consortium_id: UUID, organisation_id: UUID
) -> UUID | None:
    """The id of the row that a record takes the place of: of the same sender and subject."""
    told = _uuid(record.data["supersedes"])
    if told is None:
        return None
    row = current_unit_of_work().session.get(model, told)
    if row is None:
        # It may come yet: what is refused is tried again.
        raise RecordRefused
    _require_origin(_origin_of(row.consortium_id), record.origin)
    if (row.consortium_id, row.organisation_id) != (consortium_id, organisation_id):
        raise RecordRefused
    return row.id


def _origin_of(consortium_id: UUID) -> str | None:
    """The node that keeps a consortium, and so every row about it; None for this one."""
    query = select(ConsortiumRow.origin).where(ConsortiumRow.id == consortium_id)
    return db.session.scalar(query)


def _is_superseded(model: type[R], row_id: UUID) -> bool:
    return db.session.scalar(select(model.id).where(model.supersedes_id == row_id)) is not None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None
