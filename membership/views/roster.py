"""/s/<code>/import: a society sends in its roster, sees what it would change, applies, undoes."""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, cast
from uuid import UUID

from defusedcsv import csv
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from consortium.kernel.clock import read_now
from consortium.kernel.errors import N_
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page, select_language
from consortium.kernel.web.answers import say
from consortium.services import organisations
from membership import values
from membership.roster.errors import DecisionUnknown, FileMissing, FileSeveral, ImportNotFound
from membership.roster.values import FIELDS
from membership.services import catalogue, roster_imports, roster_undo

blueprint = Blueprint("membership_roster", __name__, template_folder="../templates")

SHOWN = 100
"""Refusals and changed cells on the page; the tables to download have more."""

LEFT_OUT = "-"
"""The value of the drop-downs for a column that is not imported."""

ASKED = ("tied", "dates")
"""Reasons that ask for a choice: until one is made, sending the drop-downs leaves them open."""

FIELD_NAMES: Mapping[str, str] = {
    "member_number": N_("Member number"),
    "name": N_("Name"),
    "name_latin": N_("Name in Latin letters"),
    "class": N_("Membership class"),
    "grade": N_("Grade"),
    "branch": N_("Branch"),
    "since": N_("Member since"),
    "until": N_("Last day of membership"),
    "email": N_("E-mail"),
    "mobile": N_("Mobile"),
    "employer": N_("Employer"),
    "title": N_("Professional title"),
    "birth_date": N_("Birth date"),
    "gender": N_("Gender"),
    "orcid": N_("ORCID iD"),
    "national_id": N_("Identity number"),
}

REASONS: Mapping[str, str] = {
    "unknown": N_("Not recognised; not imported."),
    "sensitive": N_("Sensitive; recognised, never imported and never stored."),
    "another": N_("Belongs to another person or thing than the member; not imported."),
    "ignored": N_("Counts the rows; not imported."),
    "counter": N_(
        "Counts 1, 2, 3 down the sheet, so it names nobody once the list is sorted anew; not "
        "imported. Choose the field if these are the members' own numbers."
    ),
    "taken": N_("Another column fits this field better; not imported."),
    "tied": N_("Another column fits this field as well; neither is imported. Choose one."),
    "dates": N_(
        "Holds dates, and no column was found for the first or the last day of membership. Choose "
        "what it holds, or that it is not imported."
    ),
    "joined": N_("Read as one name with the column of family names."),
    "dropped": N_("Left out by your choice."),
}

STATES: Mapping[str, str] = {
    "read": N_("Tried"),
    "applied": N_("Applied"),
    "undone": N_("Undone"),
}


P = ParamSpec("P")


def for_keepers(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Guard a page: anybody but the society's own officers finds nothing, and leaves a trace."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        roster_imports.require_keeper(current_principal(), str(kwargs["code"]))
        return view(*args, **kwargs)

    return guarded


@blueprint.get("/s/<code>/import")
@require_sign_in
def show_import(code: str) -> str:
    """Show the form and the society's latest imports."""
    principal = current_principal()
    return page(
        "membership/import.html",
        imports=roster_imports.list_imports(principal, society=code),
        society=organisations.get_organisation(code),
        STATES=_told(STATES),
    )


@blueprint.post("/s/<code>/import")
@require_sign_in
@for_keepers
@on_refusal(show_import)
def take_file(code: str) -> Response:
    """Try a file (`file`) and lead to its report; nothing is written yet."""
    chosen = [sent for sent in request.files.getlist("file") if sent.filename]
    if len(chosen) > 1:
        raise FileSeveral
    if not chosen:
        raise FileMissing
    (sent,) = chosen
    report = roster_imports.import_roster(
        current_principal(), society=code, data=sent.stream.read(), file_name=sent.filename or ""
    )
    return _to_report(code, report.import_id)


@blueprint.get("/s/<code>/import/<import_id>")
@require_sign_in
def show_report(code: str, import_id: str) -> str:
    """Show what an import found, cell by cell, and what can be done with it."""
    report = roster_imports.get_import(
        current_principal(), society=code, import_id=_read_id(import_id)
    )
    shown = report.as_json(say)
    return page(
        "membership/import_report.html",
        report=shown,
        refusals=shown["refusals"][:SHOWN],
        changes=shown["changes"][:SHOWN],
        show_value=_name_values(code),
        society=organisations.get_organisation(code),
        FIELD_NAMES=_told(FIELD_NAMES),
        REASONS=_told(REASONS),
        STATES=_told(STATES),
        options=[(LEFT_OUT, say(N_("Not imported"))), *_told(FIELD_NAMES).items()],
        LEFT_OUT=LEFT_OUT,
        ASKED=ASKED,
    )


@blueprint.post("/s/<code>/import/<import_id>")
@require_sign_in
@for_keepers
@on_refusal(show_report)
def decide_import(code: str, import_id: str) -> Response:
    """Apply, undo, or read again (`decision=apply|undo|columns|sheet`).

    `columns` reads the same sheet with other columns, `sheet` another one as it is.
    """
    principal = current_principal()
    known = _read_id(import_id)
    roster_imports.get_import(principal, society=code, import_id=known)
    decision = request.form.get("decision")
    if decision == "apply":
        roster_imports.apply_import(principal, import_id=known)
    elif decision == "undo":
        flash(_tell(roster_undo.undo_import(principal, import_id=known)), "good")
    elif decision == "sheet":
        sheet = request.form.get("sheet")
        made = roster_imports.remap_import(principal, import_id=known, mapping={}, sheet=sheet)
        known = made.import_id
    elif decision == "columns":
        made = roster_imports.remap_import(principal, import_id=known, mapping=_read_columns())
        known = made.import_id
    else:
        raise DecisionUnknown
    return _to_report(code, known)


def _tell(undone: roster_undo.Undone) -> str:
    """What an undo did, for the secretary who has to know whom it left as they are."""
    told = gettext(
        "Undone. Taken off the roster: %(removed)s; set back: %(restored)s.",
        removed=undone.removed,
        restored=undone.restored,
    )
    if undone.kept:
        told += " " + gettext(
            "Left as they are, because something was done with them since: %(kept)s.",
            kept=undone.kept,
        )
    if undone.held_by:
        told += " " + gettext(roster_undo.HELD, untouched=undone.untouched)
    return told


@blueprint.get("/s/<code>/import/<import_id>/refusals.csv")
@require_sign_in
def download_refusals(code: str, import_id: str) -> ResponseReturnValue:
    """Every refused cell as a table that spreadsheets open, for whoever corrects the roster."""
    report = roster_imports.get_import(
        current_principal(), society=code, import_id=_read_id(import_id)
    )
    names = ("sheet", "row", "cell", "field", "value", "code", "message")
    return _as_table(f"refusals-{code}.csv", names, report.as_json(say)["refusals"])


@blueprint.get("/s/<code>/import/<import_id>/changes.csv")
@require_sign_in
def download_changes(code: str, import_id: str) -> ResponseReturnValue:
    """The changed cells as a table, for whoever compares them with the roster."""
    report = roster_imports.get_import(
        current_principal(), society=code, import_id=_read_id(import_id)
    )
    names = ("row", "member_number", "name", "field", "before", "after")
    return _as_table(f"changes-{code}.csv", names, report.changes)


def _as_table(
    file_name: str, names: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> ResponseReturnValue:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(names)
    table.writerows([row[name] for name in names] for row in rows)
    # With a byte order mark Excel takes it for UTF-8.
    body = text.getvalue().encode("utf-8-sig")
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return body, 200, {"Content-Type": "text/csv; charset=utf-8", **headers}


def _name_values(code: str) -> Callable[[str, object], str]:
    """How a stored value is shown: classes and grades by their names, no end in words."""
    chinese, now = select_language().code.startswith("zh"), read_now()
    names = {
        (field, one.code): one.name_zh if chinese else one.name_en
        for field, found in (
            ("class", catalogue.list_classes(code, at=now)),
            ("grade", catalogue.list_grades(code, at=now)),
        )
        for one in cast(Sequence[values.Grade | values.MembershipClass], found)
    }

    def show(field: str, value: object) -> str:
        if value is None or value == "":
            return "–"
        if value == "open" and field == "until":
            return say(N_("No last day"))
        return names.get((field, str(value)), str(value))

    return show


def _read_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ImportNotFound from error


def _read_columns() -> dict[str, str | None]:
    """The drop-downs: `column.<letter>` to a field, or `-` for none."""
    return {
        name.removeprefix("column."): None if value == LEFT_OUT else value
        for name, value in request.form.items()
        if name.startswith("column.") and (value in FIELDS or value == LEFT_OUT)
    }


def _told(names: Mapping[str, str]) -> dict[str, str]:
    return {name: say(text) for name, text in names.items()}


def _to_report(code: str, import_id: UUID) -> Response:
    place = url_for("membership_roster.show_report", code=code, import_id=str(import_id))
    return redirect(place, 303)
