"""Writing a plan: whole statements per table, never one per row."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, select, update

from auth.services import people
from auth.values import PersonWish
from consortium.kernel.clock import end_of_day, start_of_day
from consortium.kernel.db import Model, db, refresh_statistics
from consortium.kernel.ids import new_id
from consortium.kernel.member_numbers import fold_number
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork
from consortium.services.organisations import Organisation
from membership import models
from membership.roster.periods import Held
from membership.roster.plan import Plan, Planned, encode_planned
from membership.roster.values import OPEN_END
from membership.services.terms import TOPIC

PROFILE_COLUMNS = {
    "name": "name",
    "name_latin": "name_latin",
    "email": "email",
    "mobile": "mobile",
    "employer": "employer",
    "title": "title",
    "birth_date": "birth_date",
    "gender": "gender",
    "orcid": "orcid",
    "national_id": "national_id_digest",
}
"""Which column of `member_profile` holds a field."""

MANY = 1000
_TERM_COLUMNS = {"class": "class_code", "grade": "grade_code"}


def table_of(model: type[Model]) -> Table:
    """A model's table: statements over it skip the identity map, which 50,000 rows would fill."""
    return db.metadata.tables[model.__tablename__]


class Writer:
    """Writes member files and terms of one society inside the open unit of work."""

    def __init__(self, uow: UnitOfWork, society: Organisation) -> None:
        """Prepare for one society."""
        self._uow = uow
        self._society = society
        zone = society.time_zone

        @lru_cache(maxsize=20_000)
        def first(day: date) -> datetime:
            return start_of_day(day, zone)

        @lru_cache(maxsize=20_000)
        def end(day: date) -> datetime:
            return end_of_day(day, zone)

        self._first, self._end = first, end
        self._instants = {"since": self.instant_since, "until": self.instant_until}

    def insert(self, table: type[Model], rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows of one shape."""
        self._uow.insert_rows(table_of(table), rows)

    def instant_since(self, day: object) -> datetime:
        """The first instant of a term's first day."""
        assert isinstance(day, date)
        return self._first(day)

    def instant_until(self, day: object) -> datetime | None:
        """The instant after a term's last day (含当日); None when it has no end."""
        if day is None or day == OPEN_END:
            return None
        assert isinstance(day, date)
        return self._end(day)

    def term_row(self, member_id: UUID, values: Mapping[str, Any]) -> dict[str, Any]:
        """A row of `term` that opens one, from fields in the reader's form."""
        return {
            "id": new_id(),
            "change_id": self._uow.change_id,
            "member_id": member_id,
            "class_code": values["class"],
            "grade_code": values["grade"],
            "since": self.instant_since(values["since"]),
            "until": self.instant_until(values.get("until")),
            "state": "active",
            "supersedes": None,
            "by_officer": False,
        }

    def next_row(self, member_id: UUID, term: Held, **changes: Any) -> dict[str, Any]:
        """A row of `term` that supersedes one, exact to the instant but for the changes.

        Args:
            member_id: whose term it is.
            term: the row that counts now.
            changes: columns to set.
        """
        return {
            "id": new_id(),
            "change_id": self._uow.change_id,
            "member_id": member_id,
            "class_code": term.class_code,
            "grade_code": term.grade_code,
            "since": term.since,
            "until": term.until,
            "state": term.state,
            "supersedes": term.id,
            "by_officer": term.by_officer,
            **changes,
        }

    def columns(self, fields: Mapping[str, object]) -> dict[str, Any]:
        """Columns of `term` from fields in the reader's form."""
        return {
            _TERM_COLUMNS.get(name, name): self._instants[name](value)
            if name in self._instants
            else value
            for name, value in fields.items()
        }

    def tell_newest(
        self, number: str, rows: Sequence[dict[str, Any]], live: Iterable[Held]
    ) -> None:
        """Tell the newest of a member's terms after the rows are written: each has her key."""
        gone = {row["supersedes"] for row in rows}
        held = [
            self.next_row(row["member_id"], term) | {"id": term.id}
            for row in rows[:1]
            for term in live
            if term.id not in gone
        ]
        known = [row for row in (*held, *rows) if row["state"] != "void"] or rows
        self.tell(number, max(known, key=lambda row: row["since"]))

    def tell(self, number: str, term: dict[str, Any]) -> None:
        """Tell the world about a member's term, by codes and dates."""
        until = term["until"]
        record = {
            "society": self._society.code,
            "member_number": number,
            "term": str(term["id"]),
            "class": term["class_code"],
            "grade": term["grade_code"],
            "since": term["since"].isoformat(),
            "until": None if until is None else until.isoformat(),
            "state": term["state"],
        }
        self._uow.emit(TOPIC, f"{self._society.code}:{number}", record)

    def update_profiles(self, changes: Iterable[tuple[UUID, dict[str, object]]]) -> None:
        """Set profile fields; members that change the same fields share one statement."""
        groups: dict[tuple[str, ...], list[dict[str, object]]] = {}
        for member_id, fields in changes:
            columns = {PROFILE_COLUMNS[name]: value for name, value in fields.items()}
            if columns:
                groups.setdefault(tuple(columns), []).append({"_member": member_id, **columns})
        table = table_of(models.MemberProfile)
        for columns_of, rows in groups.items():
            statement = (
                update(table)
                .where(table.c.member_id == bindparam("_member"))
                .values({name: bindparam(name) for name in columns_of})
            )
            self._uow.execute(statement, rows)

    def update_members(self, rows: Sequence[dict[str, object]]) -> None:
        """Set `member_number` and `branch` of members, each row with `_member` and both."""
        if not rows:
            return
        table = table_of(models.Member)
        self._uow.execute(
            update(table)
            .where(table.c.id == bindparam("_member"))
            .values({name: bindparam(name) for name in ("member_number", "number_key", "branch")}),
            [{**row, "number_key": fold_number(str(row["member_number"]))} for row in rows],
        )


def write_plan(
    uow: UnitOfWork,
    principal: Principal,
    society: Organisation,
    plan: Plan,
    *,
    import_id: UUID,
    is_demo: bool = False,
) -> None:
    """Apply every planned row and keep what undo needs."""
    writer = Writer(uow, society)
    created = [one for one in plan.planned if one.action == "create"]
    updated = [one for one in plan.planned if one.action == "update"]
    ids, terms = _write_created(uow, writer, principal, society, created, is_demo=is_demo)
    terms |= _write_updated(uow, writer, principal, updated)
    lines = [
        _line(uow, import_id, ids.get(id(one)) or _member_id(one), one, terms.get(id(one), ()))
        for one in plan.planned
    ]
    writer.insert(models.RosterImportLine, lines)
    if len(created) > MANY:
        refresh_statistics(models.Member, models.MemberProfile, models.Term)


def _member_id(planned: Planned) -> UUID:
    assert planned.known is not None
    return planned.known.member_id


def _line(
    uow: UnitOfWork,
    import_id: UUID,
    member_id: UUID,
    planned: Planned,
    terms: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """What undo needs; of the rows of `term` that were written the first is the one spoken of."""
    spoken_of = planned.terms.term
    steps = [[str(row["id"]), row["supersedes"] and str(row["supersedes"])] for row in terms]
    return {
        "import_id": import_id,
        "member_id": member_id,
        "action": planned.action,
        "asserted": planned.asserted,
        "changes": encode_planned(planned),
        "term_id": terms[0]["id"] if terms else spoken_of.id if spoken_of else None,
        "steps": steps if len(steps) > 1 and planned.action != "create" else None,
        "made_at": uow.now,
    }


def _write_created(
    uow: UnitOfWork,
    writer: Writer,
    principal: Principal,
    society: Organisation,
    created: Sequence[Planned],
    *,
    is_demo: bool,
) -> tuple[dict[int, UUID], dict[int, list[dict[str, Any]]]]:
    """Record persons, files, profiles and terms; return member ids and terms by planned row."""
    wishes = [
        PersonWish(str(one.values["name"]), _text(one.values.get("name_latin")), is_demo)
        for one in created
    ]
    persons = people.create_persons(principal, wishes)
    ids: dict[int, UUID] = {}
    members: list[dict[str, Any]] = []
    revived: list[dict[str, Any]] = []
    terms: dict[int, list[dict[str, Any]]] = {}
    for one, person_id in zip(created, persons, strict=True):
        member_id = one.known.member_id if one.known else new_id()
        ids[id(one)] = member_id
        row = {
            "id": member_id,
            "society_id": society.id,
            "person_id": person_id,
            "member_number": one.values["member_number"],
            "number_key": fold_number(str(one.values["member_number"])),
            "branch": one.values.get("branch"),
            "created_at": uow.now,
            "erased_at": None,
        }
        (revived if one.known else members).append(row)
        # Whoever had the file before has left it; her terms are not the new member's.
        left = one.known.live if one.known else ()
        terms[id(one)] = [
            writer.term_row(member_id, one.values),
            *(writer.next_row(member_id, term, state="void", by_officer=False) for term in left),
        ]
        writer.tell(str(one.values["member_number"]), terms[id(one)][0])
    writer.insert(models.Member, members)
    _revive(uow, revived)
    profiles = [_profile(ids[id(one)], one.values) for one in created]
    writer.insert(models.MemberProfile, profiles)
    writer.insert(models.Term, [row for rows in terms.values() for row in rows])
    return ids, terms


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _profile(member_id: UUID, values: dict[str, object]) -> dict[str, Any]:
    columns = {column: values.get(name) for name, column in PROFILE_COLUMNS.items()}
    return {"member_id": member_id, **columns}


def _revive(uow: UnitOfWork, rows: Sequence[dict[str, Any]]) -> None:
    """Give files that were taken back a person and a profile again."""
    for row in rows:
        uow.execute(
            update(models.Member)
            .where(models.Member.id == row["id"])
            .values(person_id=row["person_id"], branch=row["branch"], erased_at=None)
            .execution_options(synchronize_session=False)
        )


def _write_updated(
    uow: UnitOfWork, writer: Writer, principal: Principal, updated: Sequence[Planned]
) -> dict[int, list[dict[str, Any]]]:
    """Write what changes in files, profiles and terms; return the terms by planned row."""
    profiles = [
        (
            _member_id(one),
            {name: after for name, (_, after) in one.changes.items() if name in PROFILE_COLUMNS},
        )
        for one in updated
    ]
    follow_names(uow, principal, profiles)
    writer.update_profiles(profiles)
    writer.update_members(
        [
            _file_row(one)
            for one in updated
            if "member_number" in one.changes or "branch" in one.changes
        ]
    )
    terms = {id(one): _term_rows(writer, one) for one in updated if one.terms.changes}
    for one in updated:
        if one.terms.changes:
            assert one.known is not None
            number = str(one.values.get("member_number") or one.known.values["member_number"])
            writer.tell_newest(number, terms[id(one)], one.known.live)
    writer.insert(models.Term, [row for rows in terms.values() for row in rows])
    return terms


def _term_rows(writer: Writer, planned: Planned) -> list[dict[str, Any]]:
    """The rows that a plan for a member's terms makes, the one that it speaks of first."""
    member_id, plan = _member_id(planned), planned.terms
    after = {name: value for name, (_, value) in plan.changes.items()}
    if plan.term is None:
        return [writer.term_row(member_id, after)]
    columns = writer.columns(after)
    if plan.cut is None:
        rows = [writer.next_row(member_id, plan.term, **columns)]
    else:
        cut = writer.instant_since(plan.cut)
        opened = {"since": cut, "supersedes": None}
        rows = [
            writer.next_row(member_id, plan.term, **columns, **opened),
            writer.next_row(member_id, plan.term, until=cut, by_officer=False),
        ]
    turned = {name: columns[name] for name in _TERM_COLUMNS.values() if name in columns}
    return rows + [writer.next_row(member_id, term, **turned) for term in plan.also]


def _file_row(planned: Planned) -> dict[str, object]:
    held = planned.known.values if planned.known else {}
    changed = {name: after for name, (_, after) in planned.changes.items()}
    return {
        "_member": _member_id(planned),
        "member_number": changed.get("member_number", held.get("member_number")),
        "branch": changed.get("branch", held.get("branch")),
    }


def chunks(ids: Sequence[UUID], size: int = 500) -> Iterator[Sequence[UUID]]:
    """Cut a list of ids to what one statement of SQLite takes."""
    return (ids[start : start + size] for start in range(0, len(ids), size))


def follow_names(
    uow: UnitOfWork, principal: Principal, profiles: Iterable[tuple[UUID, dict[str, object]]]
) -> None:
    """Let a person's own record follow her roster's name, where it has followed it so far.

    Call it before the profiles are written; a name that she has changed herself stays.
    """
    renamed = {member_id: fields for member_id, fields in profiles if fields.get("name")}
    for chunk in chunks(list(renamed)):
        rows = uow.execute(
            select(models.Member.id, models.Member.person_id, models.MemberProfile.name)
            .join(models.MemberProfile, models.MemberProfile.member_id == models.Member.id)
            .where(models.Member.id.in_(chunk))
        ).all()
        names = people.names_of([row.person_id for row in rows])
        for row in rows:
            if names.get(row.person_id) == row.name:
                name = str(renamed[row.id]["name"])
                people.update_person(principal, person_id=row.person_id, name=name)
