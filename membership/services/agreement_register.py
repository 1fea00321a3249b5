"""The register of agreements, readable by everybody, and the check of its signatures."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consortium.kernel import people
from consortium.kernel.db import db
from consortium.kernel.signing import canonical_bytes, verify_json
from consortium.kernel.unit_of_work import reading
from membership import models, values
from membership.errors import AgreementNotFound
from membership.services.selects import ORGANISATION, not_superseded
from membership.services.texts import seal_text


@reading
def list_agreements(
    *, society: str | None = None, after: UUID | None = None, limit: int = 50
) -> tuple[tuple[values.Agreement, ...], UUID | None]:
    """Page through agreements by id, in six statements whatever their number.

    Args:
        society: only those this society is a party to or has acceded to.
        after: continue after this agreement.
        limit: how many.
    """
    statement = select(models.Agreement.id).order_by(models.Agreement.id).limit(limit + 1)
    if after is not None:
        statement = statement.where(models.Agreement.id > after)
    if society is not None:
        statement = statement.where(models.Agreement.id.in_(_joined_by(society)))
    ids = list(db.session.scalars(statement))
    page = ids[:limit]
    found = _read(page)
    return tuple(found[key] for key in page), (page[-1] if len(ids) > limit else None)


@reading
def get_agreement(agreement_id: UUID) -> values.Agreement:
    """Return an agreement with every version and signature.

    Raises:
        AgreementNotFound: there is none of that id.
    """
    found = _read([agreement_id])
    if agreement_id not in found:
        raise AgreementNotFound
    return found[agreement_id]


@reading
def get_version(agreement_id: UUID, version: int) -> values.AgreementVersion:
    """Return one text of an agreement.

    Raises:
        AgreementNotFound: no such agreement or version.
    """
    for item in get_agreement(agreement_id).versions:
        if item.version == version:
            return item
    raise AgreementNotFound


@reading
def verify_agreement(agreement_id: UUID) -> dict[str, Any]:
    """Check every text's hash and every signature again.

    Returns:
        `{ok, versions: [{version, hash_ok, signatures: [{society, ok, kid}]}]}`.

    Raises:
        AgreementNotFound: there is none of that id.
    """
    agreement = get_agreement(agreement_id)
    versions = [_verify(version) for version in agreement.versions]
    ok = all(
        item["hash_ok"] and all(signature["ok"] for signature in item["signatures"])
        for item in versions
    )
    return {"agreement": str(agreement_id), "ok": ok, "versions": versions}


def _verify(version: values.AgreementVersion) -> dict[str, Any]:
    rows = db.session.execute(
        select(models.AgreementSignature, ORGANISATION.c.code)
        .join(ORGANISATION, ORGANISATION.c.id == models.AgreementSignature.society_id)
        .where(models.AgreementSignature.version_id == version.id)
        .order_by(ORGANISATION.c.code)
    ).all()
    return {
        "version": version.version,
        "hash": version.hash,
        "hash_ok": seal_text(version.content)[1] == version.hash,
        "signatures": [_verify_signature(version, row, code) for row, code in rows],
    }


def _verify_signature(
    version: values.AgreementVersion, row: models.AgreementSignature, society: str
) -> dict[str, Any]:
    payload = json.loads(row.payload)
    says = (payload.get("agreement"), payload.get("version"), payload.get("hash"))
    sealed = (str(version.agreement_id), version.version, version.hash)
    canonical = canonical_bytes(payload).decode() == row.payload
    kid = verify_json(society, payload, row.jws)
    ok = kid is not None and canonical and says == sealed and payload.get("society") == society
    return {"society": society, "ok": ok, "kid": kid}


def _joined_by(society: str) -> Any:
    party, accession = models.AgreementParty, models.Accession
    own = select(ORGANISATION.c.id).where(ORGANISATION.c.code == society)
    return (
        select(party.agreement_id)
        .where(party.society_id.in_(own))
        .union(select(accession.agreement_id).where(accession.society_id.in_(own)))
    )


def _read(ids: Collection[UUID]) -> dict[UUID, values.Agreement]:
    if not ids:
        return {}
    agreement = models.Agreement
    parties, accessions = _parties(ids), _accessions(ids)
    versions, ends = _versions(ids), _ends(ids)
    return {
        row.id: values.Agreement(
            id=row.id,
            form=row.form,
            title_zh=row.title_zh,
            title_en=row.title_en,
            parties=tuple(parties[row.id]),
            ends_at=ends.get(row.id),
            versions=tuple(versions[row.id]),
            accessions=tuple(accessions[row.id]),
        )
        for row in db.session.scalars(select(agreement).where(agreement.id.in_(ids)))
    }


def _parties(ids: Collection[UUID]) -> dict[UUID, list[str]]:
    party = models.AgreementParty
    rows = db.session.execute(
        select(party.agreement_id, ORGANISATION.c.code)
        .join(ORGANISATION, ORGANISATION.c.id == party.society_id)
        .where(party.agreement_id.in_(ids))
        .order_by(ORGANISATION.c.code)
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for row in rows:
        found[row.agreement_id].append(row.code)
    return found


def _accessions(ids: Collection[UUID]) -> dict[UUID, list[values.Accession]]:
    model = models.Accession
    rows = db.session.execute(
        select(model.agreement_id, ORGANISATION.c.code, model.since, model.until)
        .join(ORGANISATION, ORGANISATION.c.id == model.society_id)
        .where(model.agreement_id.in_(ids), model.state == "active", not_superseded(model))
        .order_by(ORGANISATION.c.code, model.since)
    )
    found: dict[UUID, list[values.Accession]] = defaultdict(list)
    for row in rows:
        found[row.agreement_id].append(values.Accession(row.code, row.since, row.until))
    return found


def _ends(ids: Collection[UUID]) -> dict[UUID, datetime]:
    model = models.AgreementEnding
    rows = db.session.execute(
        select(model.agreement_id, model.ends_at).where(
            model.agreement_id.in_(ids), not_superseded(model), model.ends_at.is_not(None)
        )
    )
    return {row.agreement_id: row.ends_at for row in rows if row.ends_at is not None}


def _versions(ids: Collection[UUID]) -> dict[UUID, list[values.AgreementVersion]]:
    model = models.AgreementVersion
    rows: Sequence[models.AgreementVersion] = db.session.scalars(
        select(model).where(model.agreement_id.in_(ids)).order_by(model.version)
    ).all()
    signatures = _signatures([row.id for row in rows])
    found: dict[UUID, list[values.AgreementVersion]] = defaultdict(list)
    for row in rows:
        found[row.agreement_id].append(
            values.AgreementVersion(
                id=row.id,
                agreement_id=row.agreement_id,
                version=row.version,
                since=row.since,
                until=row.until,
                hash=row.hash,
                content=json.loads(row.content),
                signatures=tuple(signatures[row.id]),
            )
        )
    return found


def _signatures(version_ids: Sequence[UUID]) -> dict[UUID, list[values.Signature]]:
    model = models.AgreementSignature
    rows = db.session.execute(
        select(model, ORGANISATION.c.code)
        .join(ORGANISATION, ORGANISATION.c.id == model.society_id)
        .where(model.version_id.in_(version_ids))
        .order_by(ORGANISATION.c.code)
    ).all()
    names = people.names_of({row.signer_id for row, _ in rows if row.signer_id})
    found: dict[UUID, list[values.Signature]] = defaultdict(list)
    for row, code in rows:
        found[row.version_id].append(
            values.Signature(
                society=code,
                signer=names.get(row.signer_id, "") if row.signer_id else "",
                office=row.office,
                signed_at=row.signed_at,
                jws=row.jws,
            )
        )
    return found
