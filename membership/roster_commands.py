"""`flask membership roster import FILE --society CODE`, `... roster undo IMPORT_ID`."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from consortium.kernel.cli import command_group, json_command, ran_with_faults
from consortium.kernel.errors import fill
from consortium.kernel.principal import current_principal
from consortium.kernel.settings import current_settings
from membership.roster.errors import (
    ImportNotFound,
    MappingInvalid,
    MappingNotJson,
    MappingShapeless,
    RosterTooLarge,
)
from membership.services import roster_imports, roster_undo
from membership.services.roster_undo import HELD

roster_group = command_group("roster", "Rosters as offices have them.")

_SHOWN = 40

readable_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@json_command(roster_group, "import")
@click.argument("file", type=readable_file)
@click.option("--society", required=True, help="Code of the society whose roster it is.")
@click.option("--apply", is_flag=True, help="Write; without it the import is tried only.")
@click.option(
    "--columns",
    type=readable_file,
    help="JSON object from a column's name or letter to a field, or to null to leave it out.",
)
@click.option("--sheet", help="The sheet to read; without it, the one most like a roster.")
def import_file(
    file: Path, society: str, apply: bool, columns: Path | None, sheet: str | None
) -> dict[str, Any]:
    """Import a roster from a workbook or text file; exit 3 if a row is refused."""
    limit = current_settings().upload_limit_bytes
    if file.stat().st_size > limit:
        raise RosterTooLarge(limit=f"{limit >> 20} MiB")
    report = roster_imports.import_roster(
        current_principal(),
        society=society,
        data=file.read_bytes(),
        file_name=file.name,
        mapping=read_columns(columns) if columns else None,
        sheet=sheet,
        apply=apply,
    )
    if report.refused:
        raise ran_with_faults(report.as_json())
    return report.as_json()


def read_columns(path: Path) -> dict[str, str | None]:
    """Read a mapping: an object by column or by field, or the `columns` of a report.

    Raises:
        MappingNotJson: the file is no JSON.
        MappingShapeless: it holds something else.
        MappingInvalid: a column is mapped to what is no field.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise MappingNotJson(
            name=path.name, fault=error.msg, line=str(error.lineno), column=str(error.colno)
        ) from error
    except UnicodeDecodeError as error:
        raise MappingNotJson(name=path.name, fault="not UTF-8", line="1", column="1") from error
    if isinstance(found, dict) and isinstance(found.get("columns"), list):
        found = found["columns"]
    if isinstance(found, list):
        found = _read_listed(found, path.name)
    if not isinstance(found, dict):
        raise MappingShapeless(name=path.name, found=_shorten(found))
    for field in found.values():
        if field is not None and not isinstance(field, str):
            raise MappingInvalid(name=_shorten(field))
    return found


def _read_listed(entries: list[Any], file_name: str) -> dict[str, Any]:
    """The `columns` of a report; columns of one name are told apart by their letters."""
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("source"), str):
            raise MappingShapeless(name=file_name, found=_shorten(entry))
    names = Counter(entry["source"] for entry in entries)
    return {
        entry["source"]
        if names[entry["source"]] == 1
        else str(entry.get("letter", entry["source"])): entry.get("field")
        for entry in entries
        # The given name goes where its family name goes; what was asked is not answered by asking.
        if entry.get("reason") not in ("joined", "sensitive", "tied", "dates")
    }


def _shorten(found: object) -> str:
    text = json.dumps(found, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


@json_command(roster_group, "undo")
@click.argument("import_id")
def undo_import(import_id: str) -> dict[str, Any]:
    """Undo an applied import; what people did themselves stays.

    Exit 3 if a later import holds some of its members as they are; `held_by` names it.
    """
    try:
        known = UUID(import_id)
    except ValueError as error:
        raise ImportNotFound from error
    undone = roster_undo.undo_import(current_principal(), import_id=known)
    if not undone.held_by:
        return asdict(undone)
    words = fill(HELD, {"untouched": undone.untouched})
    raise ran_with_faults({**asdict(undone), "note": words})
