"""`flask think-tank ...`."""

from pathlib import Path
from typing import Any

import click

from consortium.kernel.cli import command_group, json_command, ran_with_faults
from consortium.kernel.clock import read_now
from consortium.kernel.principal import current_principal
from think_tank.services import conflicts, consent_links, consents, experts, panel_files
from think_tank.values import ImportReport

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SECONDS = click.option(
    "--seconds", default=60.0, show_default=True, type=click.FloatRange(min=0.1),
    help="Time for the solver; then the best panel found so far is printed.",
)  # fmt: skip

think_tank = command_group("think-tank", "Expert pools, briefs and panels.")


@think_tank.group()
def panel() -> None:
    """Panels from files; nothing is stored."""


@think_tank.group()
def expert() -> None:
    """The pool of experts."""


def _ids(_context: click.Context, _option: click.Parameter, value: str | None) -> frozenset[str]:
    return frozenset(
        part.strip() for part in (value or "").replace(";", ",").split(",") if part.strip()
    )


@json_command(panel)
@click.argument("brief", type=FILE)
@click.option("--pool", required=True, type=FILE, help="id,name,society,...,score (.csv, .xlsx).")
@click.option(
    "--conflicts",
    type=FILE,
    help="Pairs who may not sit together: a,b,kind,since,until.",
)
@click.option("--seed", default="0", show_default=True, help="Settles ties: sha256(seed|id).")
@click.option("--keep", callback=_ids, help="Ids who must sit, separated by commas.")
@click.option("--exclude", callback=_ids, help="Ids who must not sit, separated by commas.")
@SECONDS
def solve(brief: Path, pool: Path, conflicts: Path | None, **options: Any) -> dict[str, Any]:
    """Seat the best panel that keeps every hard rule of BRIEF."""
    return _shown(
        panel_files.solve_files(
            brief.read_bytes(),
            pool=pool.read_bytes(),
            conflicts=conflicts.read_bytes() if conflicts else None,
            today=read_now().date(),
            **options,
        )
    )


def _shown(document: dict[str, Any]) -> dict[str, Any]:
    """The answer; the whole pool goes along only where a program keeps it."""
    if not click.get_current_context().params.get("as_json"):
        document.pop("input")
    return document


@json_command(panel)
@click.argument("file", type=FILE)
def check(file: Path) -> dict[str, Any]:
    """Judge a printed panel by its own brief and pool; exit 3 if it has faults."""
    report = panel_files.check_file(file.read_bytes())
    if not report["ok"]:
        raise ran_with_faults(report)
    return report


@json_command(panel, "replace")
@click.argument("file", type=FILE)
@click.option("--declined", required=True, callback=_ids, help="Ids, separated by commas.")
@SECONDS
def replace_declined(file: Path, declined: frozenset[str], seconds: float) -> dict[str, Any]:
    """Seat a printed panel anew without those who declined, changing the fewest seats."""
    return _shown(
        panel_files.replace_in_file(file.read_bytes(), declined=declined, seconds=seconds)
    )


@json_command(expert, "import")
@click.argument("file", type=FILE)
def import_file(file: Path) -> ImportReport:
    """Enter experts from FILE; they are found by no one until they consent."""
    return _reported(experts.import_experts(current_principal(), file.read_bytes()))


@json_command(expert, "consent")
@click.argument("file", type=FILE)
def record_consents(file: Path) -> ImportReport:
    """Record consents already held: id,society,purpose,given_at,evidence."""
    return _reported(consents.import_consents(current_principal(), file.read_bytes()))


def _reported(report: ImportReport) -> ImportReport:
    if report.refused:
        raise ran_with_faults(report)
    return report


@json_command(expert, "conflicts")
@click.argument("file", type=FILE)
def record_conflicts(file: Path) -> dict[str, int]:
    """Record pairs who may not sit together: a,b,kind,since,until."""
    return conflicts.import_conflicts(current_principal(), file.read_bytes())


@json_command(expert)
@click.argument("id")
@click.option("--purpose", "purposes", multiple=True, help="panel, search, publication; all.")
def withdraw(id: str, purposes: tuple[str, ...]) -> dict[str, int]:  # noqa: A002
    """End the consents of the expert society:number on her word."""
    found = experts.get_expert_id(id)
    chosen = purposes or consents.OFFERED
    ended = consents.withdraw_consent(current_principal(), expert_id=found, purposes=chosen)
    return {"ended": ended}


@json_command(expert)
@click.option("--society", required=True, help="Code of the society whose experts are asked.")
def invite(society: str) -> dict[str, int]:
    """Mail a single-use link to each expert who has not consented yet."""
    return {"links": consent_links.invite_experts(current_principal(), society=society)}
