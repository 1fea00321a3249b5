"""`flask membership roster import FILE --society CODE`, `... roster undo IMPORT_ID`."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from consortium.kernel.cli import command_group, json_command, ran_with_faults
from consortium.kernel.principal import current_principal
from consortium.kernel.settings import current_settings
from membership.roster.errors import ImportNotFound, MappingInvalid, RosterTooLarge
from membership.services import roster_imports, roster_undo
from membership.services.roster_undo import Undone

roster_group = command_group("roster", "Rosters as offices have them.")

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
def import_file(file: Path, society: str, apply: bool, columns: Path | None) -> dict[str, Any]:
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
        apply=apply,
    )
    if report.refused:
        raise ran_with_faults(report.as_json())
    return report.as_json()


def read_columns(path: Path) -> dict[str, str | None]:
    """Read a mapping: an object by column or by field, or the `columns` of a report.

    Raises:
        MappingInvalid: the file holds neither.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise MappingInvalid(name=path.name) from error
    if isinstance(found, dict) and isinstance(found.get("columns"), list):
        found = found["columns"]
    if isinstance(found, list):
        found = {
            one["source"]: one.get("field")
            for one in found
            if isinstance(one, dict) and isinstance(one.get("source"), str)
        }
    if not isinstance(found, dict):
        raise MappingInvalid(name=path.name)
    for name, field in found.items():
        if field is not None and not isinstance(field, str):
            raise MappingInvalid(name=name)
    return found


@json_command(roster_group, "undo")
@click.argument("import_id")
def undo_import(import_id: str) -> Undone:
    """Undo an applied import; what people did themselves stays."""
    try:
        known = UUID(import_id)
    except ValueError as error:
        raise ImportNotFound from error
    return roster_undo.undo_import(current_principal(), import_id=known)
