"""`flask events ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from consortium.kernel.cli import command_group, json_command, ran_with_faults
from consortium.kernel.principal import current_principal
from events.errors import ListUnreadable
from events.rules.ccf_list import Edition
from events.services import listings

events = command_group("events", "Joint events and the calendar.")


@json_command(events, name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["ccf"]),
    required=True,
    help="ccf: JSON Lines of ccf-deadlines.",
)
@click.option("--apply", "applies", is_flag=True, help="List them; without it only read.")
@click.option("--society", help="Code of the society that lists them, in whose zone days begin.")
def import_events(file: Path, form: str, applies: bool, society: str | None) -> Any:
    """Read a list of conferences, a row for each edition; exit 3 if dates cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        raise ListUnreadable(line=line) from None
    if applies:
        report = listings.import_conferences(current_principal(), text=text, society=society)
        editions = report.editions
        click.echo(
            f"created {report.create}, updated {report.update}, unchanged {report.unchanged}, "
            f"not read {len(report.unparsed)}",
            err=True,
        )
    else:
        editions = listings.read_list(text)
    rows = [_row(edition) for edition in editions]
    if any(not edition.dates.is_parsed for edition in editions):
        raise ran_with_faults(rows)
    return rows


def _row(edition: Edition) -> dict[str, Any]:
    """One edition; `start` and `end` are civil days, both included."""
    dates = edition.dates
    return {
        "uid": edition.uid,
        "start": dates.start,
        "end": dates.end,
        "precision": dates.precision,
        "code": dates.code,
        "edition": edition.edition,
        "title": edition.title,
        "text": edition.text,
    }
