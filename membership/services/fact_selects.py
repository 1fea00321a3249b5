"""The statements that bring facts from the database, each as one row shape.

They are built once and take parameters: building one costs more than running it.
"""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
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
from membership.services.selects import ORGANISATION, not_superseded

HOST = ORGANISATION.alias("host")
HOME = ORGANISATION.alias("home")


def _none(kind: TypeEngine[Any] | type[TypeEngine[Any]], name: str) -> ColumnElement[Any]:
    # PostgreSQL types a bare NULL of a union as text.
    return cast(null(), kind).label(name)


def known(model: type[Any], as_of: bool) -> ColumnElement[bool]:
    """Match the rows that count live or, `as_of`, every row recorded by `:known_at`."""
    if as_of:
        return Change.recorded_at <= bindparam("known_at", type_=Instant)
    return not_superseded(model) if hasattr(model, "supersedes") else true()


def _any_of(name: str) -> Any:
    return bindparam(name, expanding=True)


@cache
def terms_of_persons(as_of: bool) -> Any:
    """Select the terms of `:persons`."""
    return terms().where(Member.person_id.in_(_any_of("persons")), known(Term, as_of))


@cache
def dues_of_persons(as_of: bool) -> Any:
    """Select the dues of `:persons`."""
    return dues().where(Member.person_id.in_(_any_of("persons")), known(Dues, as_of))


@cache
def consents_of_persons(as_of: bool) -> Any:
    """Select the consents of `:persons`."""
    return consents().where(
        Member.person_id.in_(_any_of("persons")), known(RecognitionConsent, as_of)
    )


@cache
def grades_of_hosts(as_of: bool) -> Any:
    """Select the catalogues of `:hosts`."""
    return grades().where(ORGANISATION.c.code.in_(_any_of("hosts")), known(Grade, as_of))


@cache
def agreements_between(as_of: bool) -> Any:
    """Select what is known of agreements to which some of `:homes` and of `:hosts` belong."""
    found = []
    for model in (AgreementParty, Accession):
        one, other = model.__table__.alias("one"), model.__table__.alias("other")
        found.append(
            select(one.c.agreement_id)
            .join(HOME, HOME.c.id == one.c.society_id)
            .join(other, other.c.agreement_id == one.c.agreement_id)
            .join(HOST, HOST.c.id == other.c.society_id)
            .where(HOME.c.code.in_(_any_of("homes")), HOST.c.code.in_(_any_of("hosts")))
        )
    between = union(*found)
    return union_all(
        *(
            statement.where(agreement_id.in_(between), known(model, as_of))
            for model, statement, agreement_id in _agreement_parts().values()
        )
    )


@cache
def agreements_by_ids() -> Any:
    """Select versions, signatures, accessions and endings by the ids of each kind."""
    return union_all(
        *(
            statement.where(model.id.in_(_any_of(kind)))
            for kind, (model, statement, _) in _agreement_parts().items()
        )
    )


@cache
def by_ids(kind: str) -> Any:
    """Select the personal or catalogue rows of `:ids`, superseded ones included."""
    model, statement = {
        "term": (Term, terms()),
        "grade": (Grade, grades()),
        "dues": (Dues, dues()),
        "consent": (RecognitionConsent, consents()),
    }[kind]
    return statement.where(model.__table__.c.id.in_(_any_of("ids")))


def _agreement_parts() -> dict[str, Any]:
    return {
        "agreement_version": _versions(),
        "signature": _signatures(),
        "accession": _accessions(),
        "ending": _endings(),
    }


def terms() -> Select[*tuple[Any, ...]]:
    """Select terms with person, society and its zone; filter by Member or by Term.id."""
    return (
        select(
            Term.id,
            Member.person_id,
            ORGANISATION.c.code.label("society"),
            ORGANISATION.c.time_zone,
            Term.class_code,
            Term.grade_code,
            Term.state,
            Term.since,
            Term.until,
            Term.supersedes,
            Change.recorded_at,
        )
        .join(Member, Member.id == Term.member_id)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .join(Change, Change.id == Term.change_id)
    )


def dues() -> Select[*tuple[Any, ...]]:
    """Select dues with person and society; filter by Member or by Dues.id."""
    return (
        select(
            Dues.id,
            Member.person_id,
            ORGANISATION.c.code.label("society"),
            Dues.amount,
            Dues.currency,
            Dues.state,
            Dues.since,
            Dues.until,
            Dues.supersedes,
            Change.recorded_at,
        )
        .join(Member, Member.id == Dues.member_id)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .join(Change, Change.id == Dues.change_id)
    )


def consents() -> Select[*tuple[Any, ...]]:
    """Select consents with person, home and host; filter by Member or by RecognitionConsent.id."""
    return (
        select(
            RecognitionConsent.id,
            Member.person_id,
            HOME.c.code.label("society"),
            HOST.c.code.label("host"),
            RecognitionConsent.purpose,
            RecognitionConsent.state,
            RecognitionConsent.since,
            RecognitionConsent.until,
            RecognitionConsent.supersedes,
            Change.recorded_at,
        )
        .join(Member, Member.id == RecognitionConsent.member_id)
        .join(HOME, HOME.c.id == Member.society_id)
        .join(HOST, HOST.c.id == RecognitionConsent.host_id)
        .join(Change, Change.id == RecognitionConsent.change_id)
    )


def grades() -> Select[*tuple[Any, ...]]:
    """Select catalogue rows; filter by ORGANISATION.c.code or by Grade.id."""
    return (
        select(
            Grade.id,
            ORGANISATION.c.code.label("society"),
            Grade.code,
            Grade.rank,
            Grade.since,
            Grade.until,
            Grade.supersedes,
            Change.recorded_at,
        )
        .join(ORGANISATION, ORGANISATION.c.id == Grade.society_id)
        .join(Change, Change.id == Grade.change_id)
    )


_Part = tuple[type[Any], Select[*tuple[Any, ...]], Any]


def _versions() -> _Part:
    model = AgreementVersion
    statement = (
        select(
            literal("agreement_version").label("kind"),
            model.id,
            model.agreement_id,
            model.version,
            Agreement.form,
            _none(String, "society"),
            _none(String, "state"),
            model.since,
            model.until,
            model.hash,
            model.content,
            _none(Id, "supersedes"),
            Change.recorded_at,
        )
        .join(Agreement, Agreement.id == model.agreement_id)
        .join(Change, Change.id == model.change_id)
    )
    return model, statement, model.agreement_id


def _signatures() -> _Part:
    model = AgreementSignature
    statement = (
        select(
            literal("signature").label("kind"),
            model.id,
            model.version_id.label("agreement_id"),
            literal(0).label("version"),
            _none(String, "form"),
            ORGANISATION.c.code.label("society"),
            _none(String, "state"),
            model.signed_at.label("since"),
            _none(Instant, "until"),
            _none(String, "hash"),
            _none(Text, "content"),
            _none(Id, "supersedes"),
            Change.recorded_at,
        )
        .join(AgreementVersion, AgreementVersion.id == model.version_id)
        .join(ORGANISATION, ORGANISATION.c.id == model.society_id)
        .join(Change, Change.id == model.change_id)
    )
    return model, statement, AgreementVersion.agreement_id


def _accessions() -> _Part:
    model = Accession
    statement = (
        select(
            literal("accession").label("kind"),
            model.id,
            model.agreement_id,
            literal(0).label("version"),
            _none(String, "form"),
            ORGANISATION.c.code.label("society"),
            model.state,
            model.since,
            model.until,
            _none(String, "hash"),
            _none(Text, "content"),
            model.supersedes,
            Change.recorded_at,
        )
        .join(ORGANISATION, ORGANISATION.c.id == model.society_id)
        .join(Change, Change.id == model.change_id)
    )
    return model, statement, model.agreement_id


def _endings() -> _Part:
    model = AgreementEnding
    statement = select(
        literal("ending").label("kind"),
        model.id,
        model.agreement_id,
        literal(0).label("version"),
        _none(String, "form"),
        _none(String, "society"),
        _none(String, "state"),
        model.ends_at.label("since"),
        _none(Instant, "until"),
        _none(String, "hash"),
        _none(Text, "content"),
        model.supersedes,
        Change.recorded_at,
    ).join(Change, Change.id == model.change_id)
    return model, statement, model.agreement_id


AGREEMENT_KINDS = ("agreement_version", "signature", "accession", "ending")
