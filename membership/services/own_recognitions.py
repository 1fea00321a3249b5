"""A person's own view: her memberships, and where she is recognised, as what, why, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from consortium.kernel.db import Instant
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import reading
from consortium.services import organisations
from consortium.services.selects import select_names
from consortium.values import Organisation
from membership import values
from membership.models import Member, Term
from membership.services import catalogue, selects
from membership.services.members import term_value
from membership.services.recognitions import decide_recognitions
from membership.services.selects import covering, not_superseded

BENEFIT = "membership"


@dataclass(frozen=True)
class OwnMembership:
    """A membership that counts at an instant."""

    society: str
    member_number: str
    term: values.Term
    name_zh: str
    name_en: str

    def name(self, lang: str) -> str:
        """The society's name in a language."""
        return self.name_zh if lang.startswith("zh") else self.name_en


@dataclass(frozen=True)
class RecognitionCard:
    """One host on the page: who it is, what it decided, and the names to say it with."""

    host: Organisation
    decision: values.RecognitionDecision
    grade: str
    host_grade: str


@dataclass(frozen=True)
class OwnRecognitions:
    """Everything the page shows; `count` leaves out the societies she is a member of."""

    cards: tuple[RecognitionCard, ...]
    names: dict[str, str]
    grades: dict[tuple[str, str], str]
    count: int


@reading
def list_own_memberships(person_id: UUID, *, at: datetime) -> tuple[OwnMembership, ...]:
    """List the memberships that count at an instant, by society, in one statement."""
    rows = fetch_rows(_own_query(), person_id=person_id, at=at)
    return tuple(
        OwnMembership(
            row.society, row.member_number, term_value(row, row.society), row.name_zh, row.name_en
        )
        for row in rows
    )


@cache
def _own_query() -> Select[*tuple[Any, ...]]:
    """Built once: every sign-in at a site asks it."""
    known = select_names().subquery()
    named = (known.c.code.label("society"), known.c.name_zh, known.c.name_en)
    return (
        select(*selects.TERM_COLUMNS, *named, Member.member_number)
        .join(Member, Member.id == Term.member_id)
        .join(known, known.c.id == Member.society_id)
        .where(
            Member.person_id == bindparam("person_id"),
            Term.state == "active",
            covering(Term, bindparam("at", type_=Instant)),
            not_superseded(Term),
        )
        .order_by(known.c.code, Term.since)
    )


@reading
def list_own_recognitions(person_id: UUID, *, at: datetime, lang: str) -> OwnRecognitions:
    """List every society of the register with what it makes of this person.

    Eight statements, whatever the number of societies. Recognised ones come first.
    """
    hosts = organisations.list_organisations(is_home=None, at=at)
    codes = [host.code for host in hosts]
    decisions = decide_recognitions(person_id, codes, BENEFIT, at)
    chinese = lang.startswith("zh")
    names = {host.code: host.name_zh if chinese else host.name_en for host in hosts}
    grades = {key: grade.name(lang) for key, grade in catalogue.grade_names(codes, at=at).items()}
    cards = [_card(host, made, grades) for host, made in zip(hosts, decisions, strict=True)]
    return OwnRecognitions(
        cards=tuple(sorted(cards, key=_rank)),
        names=names,
        grades=grades,
        count=_count(decisions),
    )


@reading
def count_own_recognitions(person_id: UUID, *, at: datetime) -> int:
    """Count the other societies that recognise a person at an instant."""
    hosts = [host.code for host in organisations.list_organisations(at=at)]
    return _count(decide_recognitions(person_id, hosts, BENEFIT, at))


def _count(decisions: Sequence[values.RecognitionDecision]) -> int:
    return sum(1 for made in decisions if made.recognised and made.home != made.host)


def _card(
    host: Organisation, made: values.RecognitionDecision, grades: dict[tuple[str, str], str]
) -> RecognitionCard:
    grade, host_grade = made.grade or "", made.host_grade or ""
    return RecognitionCard(
        host=host,
        decision=made,
        grade=grades.get((made.home or "", grade), grade),
        host_grade=grades.get((host.code, host_grade), host_grade),
    )


def _rank(card: RecognitionCard) -> tuple[int, str]:
    order = {True: 0, None: 1, False: 2}
    return order[card.decision.recognised], card.host.code
