"""Importing organisations from a file: a dry run first, then the same rows applied."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sqlalchemy import select

from consortium.errors import CodeTaken, OrganisationInvalid, UsccTaken
from consortium.kernel.db import db
from consortium.kernel.errors import N_, ConsortiumError, FieldError, Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.search import fold
from consortium.kernel.unit_of_work import reading, transaction
from consortium.models import OrganisationRow
from consortium.policies import may_register
from consortium.services.organisations import register_organisation, update_organisation
from consortium.services.tables import Table, read_table
from consortium.services.wishes import check_wish
from consortium.values import ImportReport, OrganisationWish, Refusal

_SEPARATORS = re.compile(r"[;；,，、\s]+")
_KINDS = {
    "society": ("学会", "协会", "研究会", "社会团体", "社团"),
    "university": ("高校", "大学", "高等学校", "学院"),
    "institute": ("科研院所", "研究院", "研究所", "科研机构"),
    "enterprise": ("企业", "公司"),
    "other": ("其他", "其它"),
}
_LEVELS = {
    "international": ("国际", "国际级"),
    "national": ("全国", "国家级", "全国性", "国家"),
    "provincial": ("省级", "省", "自治区", "直辖市"),
    "municipal": ("市级", "市", "地市级"),
    "county": ("县级", "县", "区县级", "区级"),
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done with one row."""

    row: int
    wish: OrganisationWish
    action: str


def import_organisations(principal: Principal, data: bytes, *, apply: bool) -> ImportReport:
    """Import organisations from CSV (UTF-8, GB18030, Big5) or a workbook.

    Rows are matched by code. A column that the file does not have leaves what is registered as
    it is. Nothing is written unless `apply` is true; then all good rows are, or none.

    Raises:
        Forbidden: only the operator registers.
        FileUnreadable, HeaderMissing, QuoteNotClosed: the file as a whole cannot be used.
    """
    if not may_register(principal):
        raise Forbidden
    table = read_table(data)
    return _apply(principal, table) if apply else _look(table)


@reading
def _look(table: Table) -> ImportReport:
    plans, refusals = _plan(table)
    return _report(table, plans, refusals, applied=False)


@transaction
def _apply(principal: Principal, table: Table) -> ImportReport:
    plans, refusals = _plan(table)
    for plan in plans:
        values = asdict(plan.wish)
        if plan.action == "create":
            register_organisation(principal, **values)
        elif plan.action == "update":
            values.pop("code")
            update_organisation(principal, plan.wish.code, **values)
    return _report(table, plans, refusals, applied=True)


def _plan(table: Table) -> tuple[list[_Plan], list[Refusal]]:
    held = {row.code: row for row in db.session.scalars(select(OrganisationRow))}
    owners = {row.uscc: row.code for row in held.values() if row.uscc}
    plans: list[_Plan] = []
    refusals: list[Refusal] = []
    seen: set[str] = set()
    for number, cells in table.rows:
        try:
            wish = _read_row(table, cells, held)
            _refuse_double(wish, seen, owners)
        except ConsortiumError as error:
            refusals.extend(_refusals(table, number, cells, error))
            continue
        seen.add(wish.code)
        if wish.uscc is not None:
            owners[wish.uscc] = wish.code
        plans.append(_Plan(number, wish, _action(wish, held.get(wish.code))))
    return plans, refusals


def _read_row(
    table: Table, cells: tuple[str, ...], held: Mapping[str, OrganisationRow]
) -> OrganisationWish:
    given = {
        field: cells[column] if column < len(cells) else ""
        for field, column in table.columns.items()
    }
    code = given["code"].strip().lower()
    known = held.get(code)
    if known is not None and known.origin is not None:
        message = N_("Another node keeps this organisation. Leave the row out.")
        raise OrganisationInvalid(errors=[FieldError("not-ours", message, pointer="/code")])
    before = _wish_of(known) if known else OrganisationWish(code=code, name_zh="", name_en="")
    values = {name: _read(name, text) for name, text in given.items()} | {"code": code}
    wish = replace(before, **values)
    return check_wish(replace(wish, name_en=wish.name_en or wish.name_zh))


def _read(field: str, text: str) -> Any:
    """The value of a cell; an empty cell says "nothing", but for kind, level and zone."""
    default = {"kind": "society", "level": "national", "time_zone": "Asia/Shanghai"}
    if field == "disciplines":
        return tuple(code for code in _SEPARATORS.split(text) if code)
    if field in ("kind", "level"):
        return _choice(_KINDS if field == "kind" else _LEVELS, text) or default[field]
    if field in ("uscc", "supervising_unit", "supporting_unit"):
        return text or None
    return text or default.get(field, "")


def _choice(choices: Mapping[str, tuple[str, ...]], text: str) -> str:
    folded = fold(text)
    return next((value for value, names in choices.items() if folded in names), folded)


def _wish_of(row: OrganisationRow) -> OrganisationWish:
    values = {field.name: getattr(row, field.name) for field in fields(OrganisationWish)}
    return OrganisationWish(**values | {"disciplines": tuple(row.disciplines)})


def _refuse_double(wish: OrganisationWish, seen: set[str], owners: Mapping[str, str]) -> None:
    if wish.code in seen:
        raise CodeTaken(
            taken=wish.code,
            errors=[
                FieldError(
                    "code-taken",
                    N_("The code %(taken)s stands in an earlier row. Keep one of them."),
                    pointer="/code",
                    params={"taken": wish.code},
                )
            ],
        )
    owner = owners.get(wish.uscc or "", wish.code)
    if owner != wish.code:
        message = UsccTaken.message
        params = {"organisation": owner}
        raise UsccTaken(
            organisation=owner,
            errors=[FieldError("uscc-taken", message, pointer="/uscc", params=params)],
        )


def _action(wish: OrganisationWish, row: OrganisationRow | None) -> str:
    if row is None:
        return "create"
    return "unchanged" if _wish_of(row) == wish else "update"


def _refusals(
    table: Table, row: int, cells: tuple[str, ...], error: ConsortiumError
) -> list[Refusal]:
    """One refusal a cell, with all that is wrong with it; the first fault gives the code."""
    by_field: dict[str, list[FieldError]] = {}
    for fault in error.errors:
        by_field.setdefault((fault.pointer or "/").split("/")[1], []).append(fault)
    found = []
    for field, faults in by_field.items():
        column = table.columns.get(field)
        value = cells[column] if column is not None and column < len(cells) else ""
        message = " ".join(fault.as_problem(str)["message"] for fault in faults)
        cell = table.cell(field, row)
        found.append(Refusal(table.sheet, row, cell, field, value, faults[0].code, message))
    return found


def _report(
    table: Table, plans: list[_Plan], refusals: list[Refusal], *, applied: bool
) -> ImportReport:
    counts = {"create": 0, "update": 0, "unchanged": 0}
    # A row may be refused for several cells.
    refused = len({refusal.row for refusal in refusals})
    for plan in plans:
        counts[plan.action] += 1
    return ImportReport(
        encoding=table.encoding,
        sheet=table.sheet,
        header_row=table.header_row,
        columns=table.titles,
        read=len(plans) + refused,
        refused=refused,
        refusals=tuple(refusals),
        applied=applied,
        **counts,
    )
