"""Recognition agreements: draft, seal a version, sign, end."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from consortium.kernel.errors import N_, FieldError, Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.signing import canonical_bytes, sign_json
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from consortium.services import organisations
from membership import models, policies, values
from membership.errors import (
    AgreementNotFound,
    AgreementTextInvalid,
    AlreadySigned,
    GradeUnknown,
    NotAParty,
    NotYourEnding,
    PartiesInvalid,
    TextChanged,
)
from membership.rules import instant
from membership.rules.clauses import read_clause
from membership.rules.drafts import FORMS, Fault, check_clauses, check_period
from membership.services import catalogue
from membership.services.agreement_register import get_agreement, get_version
from membership.services.seals import open_agreement, seal_payload, society_id, tell
from membership.services.selects import not_superseded
from membership.services.texts import seal_text

FAULTS = {
    "clauses-missing": N_("The text has no clause. Add at least one."),
    "not-a-party": N_("%(society)s is not a party to this agreement."),
    "same-society": N_("A clause leads from one society to another, not to itself."),
    "grades-missing": N_("The clause names no grade. Map at least one."),
    "grade-unknown": N_("%(society)s has no grade %(grade)s."),
    "effect-unknown": N_("A clause grants or denies; write grant or deny."),
    "condition-unknown": N_("There is no condition of this kind."),
    "period-invalid": N_("The period must end after it begins."),
}


@transaction
def create_agreement(
    principal: Principal, *, form: str, title_zh: str, title_en: str, parties: Collection[str]
) -> values.Agreement:
    """Open an agreement between societies; it has no text and no effect yet.

    Args:
        principal: secretary of one of the parties.
        form: `bilateral` (two or more named parties, all sign), or `multilateral` (the parties
            are the initiators, who sign; societies accede).
        title_zh, title_en: what the register shows.
        parties: codes of the societies.

    Raises:
        PartiesInvalid: fewer parties than the form needs, or an unknown form.
        OrganisationNotFound: a party is not in the register.
        NotAParty: the principal is not the secretary of any of them.
    """
    uow = current_unit_of_work()
    codes = sorted(set(parties))
    if form not in FORMS or len(codes) < (2 if form == "bilateral" else 1):
        raise PartiesInvalid
    found = {code: organisations.get_organisation(code) for code in codes}
    drafter = next((code for code in codes if policies.may_draft_agreement(principal, code)), None)
    if drafter is None:
        raise NotAParty(society=principal.society or "-")
    row = uow.add(
        models.Agreement(
            id=new_id(),
            form=form,
            title_zh=title_zh,
            title_en=title_en,
            created_by=found[drafter].id,
            created_at=uow.now,
        )
    )
    uow.flush()
    for code in codes:
        uow.add(models.AgreementParty(agreement_id=row.id, society_id=found[code].id))
    tell(uow, row.id, "created", drafter, parties=codes)
    uow.flush()
    return get_agreement(row.id)


@transaction
def add_version(
    principal: Principal,
    *,
    agreement_id: UUID,
    since: datetime,
    until: datetime | None,
    clauses: Sequence[Mapping[str, Any]],
    text: Mapping[str, str] | None = None,
) -> values.AgreementVersion:
    """Seal a new text. It never changes; it has effect once every party has signed it.

    Args:
        principal: secretary of a party.
        agreement_id: which agreement.
        since, until: the period of the text, half-open.
        clauses: home, host, benefits, grades and the rest, as the API takes them.
        text: the wording by language, for readers; the clauses decide.

    Raises:
        AgreementNotFound, AgreementLapsed, NotAParty: as their messages say.
        GradeUnknown: a clause maps a grade that a society does not have.
        AgreementTextInvalid: other faults, each with its pointer.
    """
    uow = current_unit_of_work()
    agreement = open_agreement(uow, agreement_id)
    drafter = _party(principal, agreement)
    _check(agreement, since, until, clauses, at=uow.now)
    number = 1 + (uow.session.scalar(_last_version(agreement_id)) or 0)
    sealed_clauses = [_plain_clause(item) for item in clauses]
    content = _head(agreement, number, since, until) | {
        "text": dict(text or {}),
        "clauses": sealed_clauses,
    }
    digest = _store(uow, agreement_id, number, (since, until), content)
    tell(uow, agreement_id, "versioned", drafter, version=number, hash=digest)
    uow.flush()
    return get_agreement(agreement_id).versions[-1]


def _head(
    agreement: values.Agreement, number: int, since: datetime, until: datetime | None
) -> dict[str, Any]:
    return {
        "agreement": str(agreement.id),
        "version": number,
        "form": agreement.form,
        "title": {"zh": agreement.title_zh, "en": agreement.title_en},
        "parties": sorted(agreement.parties),
        "since": instant(since),
        "until": instant(until),
    }


def _store(
    uow: UnitOfWork,
    agreement_id: UUID,
    number: int,
    period: tuple[datetime, datetime | None],
    content: Mapping[str, Any],
) -> str:
    """Write the sealed text and a row for each of its clauses; give the text's hash."""
    sealed, digest = seal_text(content)
    row = uow.add(
        models.AgreementVersion(
            id=new_id(),
            agreement_id=agreement_id,
            version=number,
            since=period[0],
            until=period[1],
            hash=digest,
            content=sealed,
        )
    )
    uow.flush()
    for place, item in enumerate(content["clauses"], start=1):
        clause = read_clause(place, item)
        uow.add(
            models.Clause(
                version_id=row.id, number=place, home=clause.home, host=clause.host, content=item
            )
        )
    return digest


def _last_version(agreement_id: UUID) -> Any:
    version = models.AgreementVersion
    return select(func.max(version.version)).where(version.agreement_id == agreement_id)


def _plain_clause(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clause as it is sealed: members in use only, lists in a fixed order."""
    sealed = {name: value for name, value in item.items() if value is not None}
    sealed["benefits"] = sorted(set(item["benefits"]))
    return sealed


def _check(
    agreement: values.Agreement,
    since: datetime,
    until: datetime | None,
    clauses: Sequence[Mapping[str, Any]],
    *,
    at: datetime,
) -> None:
    named = {clause[side] for clause in clauses for side in ("home", "host")} - {"*"}
    grades: dict[str, set[str]] = {code: set() for code in named & set(agreement.parties)}
    for society, grade in catalogue.grade_names(sorted(grades), at=at):
        grades[society].add(grade)
    faults = list(check_period(since, until))
    faults += check_clauses(clauses, form=agreement.form, parties=agreement.parties, grades=grades)
    if not faults:
        return
    errors = [_field_error(fault) for fault in faults]
    unknown = next((fault for fault in faults if fault.code == "grade-unknown"), None)
    if unknown is not None:
        known = ", ".join(sorted(grades.get(unknown.society, ())))
        raise GradeUnknown(society=unknown.society, grade=unknown.grade, known=known, errors=errors)
    raise AgreementTextInvalid(errors=errors)


def _field_error(fault: Fault) -> FieldError:
    params = {"society": fault.society, "grade": fault.grade}
    return FieldError(fault.code, FAULTS[fault.code], pointer=fault.pointer, params=params)


@transaction
def sign_version(
    principal: Principal,
    *,
    agreement_id: UUID,
    version: int,
    society: str,
    digest: str | None = None,
    office: str = "secretary",
) -> values.AgreementVersion:
    """Sign a text with the society's key, in the name of the officer who is signed in.

    Args:
        principal: the society's secretary, a person.
        agreement_id, version: which text.
        society: the party signed for.
        digest: the hash of the text the officer has read; refused if it differs.
        office: the officer's post, as it goes under the signature.

    Raises:
        AgreementNotFound, AgreementLapsed, NotAParty, AlreadySigned, TextChanged: see messages.
        Forbidden: the principal is not this society's secretary.
    """
    uow = current_unit_of_work()
    agreement = open_agreement(uow, agreement_id)
    sealed = next((item for item in agreement.versions if item.version == version), None)
    if sealed is None:
        raise AgreementNotFound
    if society not in agreement.parties:
        raise NotAParty(society=society)
    if not policies.may_sign_agreement(principal, society):
        raise Forbidden
    if society in sealed.signed_by:
        raise AlreadySigned(society=society)
    if digest is not None and digest != sealed.hash:
        raise TextChanged
    _seal(uow, principal, sealed, society, office)
    tell(uow, agreement_id, "signed", society, version=version, hash=sealed.hash)
    uow.flush()
    return get_version(agreement_id, version)


def _seal(
    uow: UnitOfWork,
    principal: Principal,
    sealed: values.AgreementVersion,
    society: str,
    office: str,
) -> None:
    payload = seal_payload(principal, uow, society, office) | {
        "agreement": str(sealed.agreement_id),
        "version": sealed.version,
        "hash": sealed.hash,
    }
    uow.add(
        models.AgreementSignature(
            version_id=sealed.id,
            society_id=society_id(society),
            signer_id=principal.person_id,
            office=office,
            acr=principal.acr,
            auth_time=principal.auth_time,
            signed_at=uow.now,
            payload=canonical_bytes(payload).decode(),
            jws=sign_json(society, payload),
        )
    )


@transaction
def end_agreement(
    principal: Principal, *, agreement_id: UUID, at: datetime | None = None
) -> values.Agreement:
    """End an agreement at an instant, now unless told (终止). Any party may.

    Raises:
        AgreementNotFound, NotAParty: see messages.
    """
    uow = current_unit_of_work()
    return _set_end(principal, agreement_id, at or uow.now, "ended")


@transaction
def restore_agreement(principal: Principal, *, agreement_id: UUID) -> values.Agreement:
    """Take the ending of an agreement back; who ended it may, or the node's operator.

    Raises:
        AgreementNotFound, NotAParty, NotYourEnding: see messages.
    """
    return _set_end(principal, agreement_id, None, "restored")


def _set_end(
    principal: Principal, agreement_id: UUID, at: datetime | None, verb: str
) -> values.Agreement:
    uow = current_unit_of_work()
    uow.lock(models.Agreement, agreement_id)
    party = _party(principal, get_agreement(agreement_id))
    model = models.AgreementEnding
    held = uow.session.scalar(
        select(model).where(model.agreement_id == agreement_id, not_superseded(model))
    )
    if at is None and held is not None and not principal.is_system:
        # The party's own ending stands whatever the others think of it.
        ended_by = organisations.get_organisation_by_id(held.society_id).code
        if not policies.may_draft_agreement(principal, ended_by):
            raise NotYourEnding(society=ended_by)
    uow.add(
        model(
            agreement_id=agreement_id,
            society_id=society_id(party),
            ends_at=at,
            supersedes=held.id if held else None,
        )
    )
    tell(uow, agreement_id, verb, party, until=instant(at))
    uow.flush()
    return get_agreement(agreement_id)


def _party(principal: Principal, agreement: values.Agreement) -> str:
    """Return the party the principal drafts for."""
    for code in agreement.parties:
        if policies.may_draft_agreement(principal, code):
            return code
    raise NotAParty(society=principal.society or "-")
