"""Command line doors."""

import click

from consortium.kernel.cli import command_group, json_command
from consortium.kernel.principal import SYSTEM
from tests.house.guest.services import visits

guest = command_group("guest", "The visitors' book.")


@json_command(guest, "visit")
@click.argument("visitor")
def visit(visitor: str) -> visits.Visit:
    """Write a visitor into the book."""
    return visits.record_visit(SYSTEM, visitor=visitor)


@json_command(guest, "list")
def list_visits() -> list[visits.Visit]:
    """The newest visits."""
    return visits.list_visits()
