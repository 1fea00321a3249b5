"""A small house for service tests: societies, catalogues, members, agreements, all by services."""

from datetime import UTC, datetime
from uuid import UUID

from auth.services import people
from consortium.kernel.principal import SYSTEM, Grant, Principal
from consortium.services import organisations
from membership import values
from membership.services import agreements, catalogue, members, terms

T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = datetime(2027, 1, 1, tzinfo=UTC)
LAST = datetime(2028, 1, 1, tzinfo=UTC)
GRADES = (("ordinary", "普通会员", 1), ("senior", "高级会员", 2), ("fellow", "会士", 3))


def register(*codes: str) -> None:
    """Register societies with three grades and one class each."""
    for code in codes:
        organisations.register_organisation(
            SYSTEM,
            code=code,
            name_zh=f"{code}学会",
            name_en=f"{code.title()} Society",
            abbreviation=code.upper(),
            time_zone="Asia/Shanghai",
        )
        for grade, name_zh, rank in GRADES:
            catalogue.add_grade(
                SYSTEM,
                society=code,
                code=grade,
                name_zh=name_zh,
                name_en=grade.title(),
                rank=rank,
                since=T0.replace(year=2000),
            )
        catalogue.add_class(
            SYSTEM,
            society=code,
            code="individual",
            name_zh="个人会员",
            name_en="Individual",
            since=T0.replace(year=2000),
        )


def register_math_and_phys() -> None:
    """Two societies with catalogues."""
    register("math", "phys")


def join(society: str, number: str, *, grade: str = "senior", name: str = "张三") -> values.Term:
    """Record a person with a member file and a term over 2026."""
    person = people.create_person(SYSTEM, name=name)
    return rejoin(person.id, society, number, grade=grade, name=name)


def rejoin(
    person_id: UUID, society: str, number: str, *, grade: str = "senior", name: str = "张三"
) -> values.Term:
    """Give a known person a member file and a term over 2026."""
    member = members.add_member(
        SYSTEM, society=society, person_id=person_id, member_number=number, name=name
    )
    return terms.open_term(
        SYSTEM,
        society=society,
        member_id=member.id,
        class_code="individual",
        grade_code=grade,
        since=T0,
        until=T1,
    )


def secretary(*societies: str) -> Principal:
    """Return a secretary of these societies, signed in."""
    person = people.create_person(SYSTEM, name="李秘书")
    return Principal(
        person_id=person.id,
        grants=tuple(Grant("secretary", "society", code) for code in societies),
        acr="1",
        auth_time=T0,
    )


def clause(home: str, host: str, grades: dict[str, str], **more: object) -> dict[str, object]:
    """Return a clause for the member price, as the API takes it."""
    return {
        "home": home,
        "host": host,
        "benefits": ["membership", "member-price"],
        "grades": grades,
        **more,
    }


def agree(
    one: str,
    other: str,
    *clauses: dict[str, object],
    signed_by: tuple[str, ...] | None = None,
    until: datetime | None = LAST,
) -> values.Agreement:
    """Make an agreement with one text, signed by both societies unless told."""
    made = agreements.create_agreement(
        secretary(one),
        form="bilateral",
        title_zh="会员互认协议",
        title_en="Recognition agreement",
        parties=[one, other],
    )
    sealed = agreements.add_version(
        secretary(one), agreement_id=made.id, since=T0, until=until, clauses=clauses
    )
    for code in (one, other) if signed_by is None else signed_by:
        agreements.sign_version(
            secretary(code),
            agreement_id=made.id,
            version=sealed.version,
            society=code,
            digest=sealed.hash,
        )
    return agreements.get_agreement(made.id)


def person_of(term: values.Term) -> UUID:
    """Return the person who holds a term."""
    number = next(
        line.member
        for line in members.list_members(SYSTEM, society=term.society)[0]
        if line.member.id == term.member_id
    )
    return number.person_id
