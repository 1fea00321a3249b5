"""The statements that bring facts from the database.

They are built once and take parameters: building one costs more than running it. What concerns
societies (agreements, catalogues, standing) comes in one row shape and one statement.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    Text,
    bindparam,
    cast,
    literal,
    null,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.types import TypeEngine

from consortium.kernel.db import Change, Id, Instant
from consortium.kernel.lists import is_any_of
from consortium.services.selects import select_standing_facts
from membership.models import (
    Accession,
    Agreement,
    AgreementEnding,
    AgreementParty,
    AgreementSignature,
    AgreementVersion,
    Dues,
    Grade,
    Member,
    RecognitionConsent,
    Term,
)
from membership.services.selects import ORGANISATION, not_superseded, person_by_member

HOST = ORGANISATION.alias("host")
HOME = ORGANISATION.alias("home")
STANDING = select_standing_facts().subquery("standing")
EVERY_STANDING = select_standing_facts(every=True).subquery("every_standing")
Columns = Select[*tuple[Any, ...]]


@cache
def terms_of_persons(as_of: bool) -> Columns:
    """Select the terms of `:persons`, with person, society and its zone."""
    return _terms().where(is_any_of(Member.person_id, "persons"), _known(Term, as_of))


@cache
def terms_of_member(as_of: bool) -> Columns:
    """Select every term of the person behind `:society` and `:number`, in all her societies.

    `:number_key` is the number's `fold_number`.
    """
    person = person_by_member(bindparam("society"), bindparam("number"), bindparam("number_key"))
    named = person.where(Member.erased_at.is_(None)).scalar_subquery()
    return _terms().where(Member.person_id == named, _known(Term, as_of))


@cache
def dues_of_persons(as_of: bool) -> Columns:
    """Select the dues of `:persons`."""
    return _dues().where(is_any_of(Member.person_id, "persons"), _known(Dues, as_of))


@cache
def consents_of_persons(as_of: bool) -> Columns:
    """Select the consents of `:persons`."""
    return _consents().where(
        is_any_of(Member.person_id, "persons"), _known(RecognitionConsent, as_of)
    )


@cache
def between_societies(as_of: bool) -> Any:
    """Select what bears on recognition of members of `:home_ids` by `:hosts`.

    Agreements to which a home and a host belong with their signatures, accessions and endings,
    the hosts' catalogues, and the standing of both.
    """
    found = []
    for model in (AgreementParty, Accession):
        one, other = model.__table__.alias("one"), model.__table__.alias("other")
        found.append(
            select(one.c.agreement_id)
            .join(other, other.c.agreement_id == one.c.agreement_id)
            .join(HOST, HOST.c.id == other.c.society_id)
            .where(is_any_of(one.c.society_id, "home_ids"), is_any_of(HOST.c.code, "hosts"))
        )
    # Worked out once for the four kinds of rows; planning it four times costs more than running.
    between = union(*found).cte("between_societies")
    agreements = [
        statement.where(agreement_id.in_(select(between.c.agreement_id)), _known(model, as_of))
        for model, statement, agreement_id in _agreement_parts().values()
    ]
    grades = _grades().where(is_any_of(ORGANISATION.c.code, "hosts"), _known(Grade, as_of))
    standings = _standings().where(is_any_of(STANDING.c.code, "societies"))
    if as_of:
        standings = standings.where(STANDING.c.recorded_at <= bindparam("known_at", type_=Instant))
    return union_all(*agreements, grades, standings)


@cache
def societies_by_ids() -> Any:
    """Select the same kinds of rows by the ids of each kind, superseded ones included."""
    agreements = [
        statement.where(is_any_of(model.__table__.c.id, kind))
        for kind, (model, statement, _) in _agreement_parts().items()
    ]
    grades = _grades().where(is_any_of(Grade.id, "grade"))
    standings = _standings(EVERY_STANDING).where(is_any_of(EVERY_STANDING.c.id, "standing"))
    return union_all(*agreements, grades, standings)


SOCIETY_KINDS = ("agreement_version", "signature", "accession", "ending", "grade", "standing")
"""Evidence kinds that `societies_by_ids` takes as parameters."""


@cache
def personal_by_ids(kind: str) -> Columns:
    """Select personal rows of a kind by `:ids`, superseded ones included."""
    model, statement = {
        "term": (Term, _terms()),
        "dues": (Dues, _dues()),
        "consent": (RecognitionConsent, _consents()),
    }[kind]
    return statement.where(is_any_of(model.__table__.c.id, "ids"))


def _none(kind: TypeEngine[Any] | type[TypeEngine[Any]], name: str) -> ColumnElement[Any]:
    # PostgreSQL types a bare NULL of a union as text.
    return cast(null(), kind).label(name)


def _known(model: type[Any], as_of: bool) -> ColumnElement[bool]:
    """Match the rows that count live or, `as_of`, every row recorded by `:known_at`."""
    if as_of:
        return Change.recorded_at <= bindparam("known_at", type_=Instant)
    return not_superseded(model) if hasattr(model, "supersedes") else true()


def _dated(model: type[Any]) -> tuple[Any, ...]:
    return (model.since, model.until, model.supersedes, Change.recorded_at)


def _terms() -> Columns:
    return (
        select(
            Term.id,
            Member.person_id,
            Member.society_id,
            ORGANISATION.c.code.label("society"),
            ORGANISATION.c.time_zone,
            Term.class_code,
            Term.grade_code,
            Term.state,
            Term.by_officer,
            *_dated(Term),
        )
        .join(Member, Member.id == Term.member_id)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .join(Change, Change.id == Term.change_id)
    )


def _dues() -> Columns:
    return (
        select(
            Dues.id,
            Member.person_id,
            ORGANISATION.c.code.label("society"),
            Dues.amount,
            Dues.currency,
            Dues.state,
            *_dated(Dues),
        )
        .join(Member, Member.id == Dues.member_id)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .join(Change, Change.id == Dues.change_id)
    )


def _consents() -> Columns:
    model = RecognitionConsent
    return (
        select(
            model.id,
            Member.person_id,
            HOME.c.code.label("society"),
            HOST.c.code.label("host"),
            model.purpose,
            model.state,
            *_dated(model),
        )
        .join(Member, Member.id == model.member_id)
        .join(HOME, HOME.c.id == Member.society_id)
        .join(HOST, HOST.c.id == model.host_id)
        .join(Change, Change.id == model.change_id)
    )


def _row(kind: str, identity: Any, since: Any, recorded_at: Any, **members: Any) -> Columns:
    """Select one row shape; what a kind does not have is NULL."""
    empty: dict[str, Any] = {
        "agreement_id": Id,
        "form": String,
        "society": String,
        "state": String,
        "until": Instant,
        "hash": String,
        "content": Text,
        "supersedes": Id,
    }
    number = members.pop("number", literal(0))
    columns: dict[str, Any] = {name: _none(type_, name) for name, type_ in empty.items()}
    columns |= {name: value.label(name) for name, value in members.items()}
    return select(
        literal(kind).label("kind"),
        identity.label("id"),
        number.label("number"),
        since.label("since"),
        recorded_at.label("recorded_at"),
        *columns.values(),
    )


def _agreement_parts() -> dict[str, tuple[type[Any], Columns, Any]]:
    """Return model, select and agreement id of each kind of row about agreements."""
    version, signature = AgreementVersion, AgreementSignature
    versions = (
        _row(
            "agreement_version",
            version.id,
            version.since,
            Change.recorded_at,
            agreement_id=version.agreement_id,
            number=version.version,
            form=Agreement.form,
            until=version.until,
            hash=version.hash,
            content=version.content,
        )
        .join(Agreement, Agreement.id == version.agreement_id)
        .join(Change, Change.id == version.change_id)
    )
    signatures = (
        _row(
            "signature",
            signature.id,
            signature.signed_at,
            Change.recorded_at,
            agreement_id=signature.version_id,
            society=ORGANISATION.c.code,
        )
        .join(version, version.id == signature.version_id)
        .join(ORGANISATION, ORGANISATION.c.id == signature.society_id)
        .join(Change, Change.id == signature.change_id)
    )
    return {
        "agreement_version": (version, versions, version.agreement_id),
        "signature": (signature, signatures, version.agreement_id),
        "accession": (Accession, _accessions(), Accession.agreement_id),
        "ending": (AgreementEnding, _endings(), AgreementEnding.agreement_id),
    }


def _accessions() -> Columns:
    return (
        _row(
            "accession",
            Accession.id,
            Accession.since,
            Change.recorded_at,
            agreement_id=Accession.agreement_id,
            society=ORGANISATION.c.code,
            state=Accession.state,
            until=Accession.until,
            supersedes=Accession.supersedes,
        )
        .join(ORGANISATION, ORGANISATION.c.id == Accession.society_id)
        .join(Change, Change.id == Accession.change_id)
    )


def _endings() -> Columns:
    return _row(
        "ending",
        AgreementEnding.id,
        AgreementEnding.ends_at,
        Change.recorded_at,
        agreement_id=AgreementEnding.agreement_id,
        supersedes=AgreementEnding.supersedes,
    ).join(Change, Change.id == AgreementEnding.change_id)


def _grades() -> Columns:
    return (
        _row(
            "grade",
            Grade.id,
            Grade.since,
            Change.recorded_at,
            number=Grade.rank,
            society=ORGANISATION.c.code,
            state=Grade.code,
            until=Grade.until,
            supersedes=Grade.supersedes,
        )
        .join(ORGANISATION, ORGANISATION.c.id == Grade.society_id)
        .join(Change, Change.id == Grade.change_id)
    )


def _standings(of: Subquery = STANDING) -> Columns:
    row = of.c
    return _row(
        "standing",
        row.id,
        row.since,
        row.recorded_at,
        society=row.code,
        state=row.standing,
        until=row.until,
        supersedes=row.supersedes,
    )
