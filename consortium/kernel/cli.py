"""Command line doors: `--json`, exit codes, refusals as problem objects (INTERFACES section 0)."""

import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import wraps
from io import StringIO
from typing import Any, NoReturn, ParamSpec
from uuid import UUID

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

from consortium.kernel import migrating
from consortium.kernel.crypto import UndecipherableText
from consortium.kernel.db import db
from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.faults import DatabaseUnreachable, find_storage_fault
from consortium.kernel.key_ring import check_master_keys
from consortium.kernel.principal import SYSTEM, acting_as
from consortium.kernel.settings import BadSetting

P = ParamSpec("P")
REFUSED, FAULTS = 1, 3


class Pause(click.FloatRange):
    """Seconds between two bounds; click's own range lets `nan` through, which is not below any."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds; anything else is wrong usage."""
        read: float = super().convert(value, param, ctx)
        if not math.isfinite(read):
            self.fail(f"{value} is not a number of seconds", param, ctx)
        return read


class RanWithFaults(Exception):
    """The command ran and found faults or refused rows; exit code 3 with this result."""

    def __init__(self, result: object) -> None:
        """Keep what is printed before the exit."""
        self.result = result
        super().__init__("ran with faults")


class DatabaseMissed(DatabaseUnreachable):
    """The database cannot be reached."""

    message = N_(
        "The database %(database)s cannot be reached. See whether it runs and whether "
        "CONSORTIUM_DATABASE_URL names it."
    )


def ran_with_faults(result: object) -> RanWithFaults:
    """For `raise ran_with_faults(report)`: print the report, exit 3."""
    return RanWithFaults(result)


def command_group(name: str, help_text: str) -> AppGroup:
    """A group of commands, `flask NAME ...`."""
    return AppGroup(name, help=help_text, short_help=help_text)


def json_command(
    group: click.Group, name: str | None = None
) -> Callable[[Callable[P, Any]], click.Command]:
    """Make a function a command of `group` with `--json`.

    The function returns an object, or an iterable of objects for a list. With `--json` the
    object is one line on stdout, a list is JSON Lines; without it both are laid out for
    people. A refusal exits 1, `ran_with_faults` exits 3, wrong usage 2.
    """

    def make(function: Callable[P, Any]) -> click.Command:
        @click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
        @with_appcontext
        @wraps(function)
        def run(*args: P.args, as_json: bool, **kwargs: P.kwargs) -> None:  # type: ignore[valid-type]  # click passes it by keyword
            with refusals_told(as_json), acting_as(SYSTEM):
                result = function(*args, **kwargs)
                _echo(result, as_json)

        command: click.Command = group.command(name or function.__name__.replace("_", "-"))(run)
        return command

    return make


@contextmanager
def refusals_told(as_json: bool) -> Iterator[None]:
    """End the process with what refused its work, told plainly, and the right exit code."""
    try:
        yield
    except RanWithFaults as ran:
        _echo(ran.result, as_json)
        sys.exit(FAULTS)
    except (ConsortiumError, SQLAlchemyError, OSError) as error:
        refusal = error if isinstance(error, ConsortiumError) else find_storage_fault(error)
        if isinstance(refusal, DatabaseUnreachable):
            refusal = DatabaseMissed(database=db.engine.url.render_as_string())
        if refusal is None:
            # The commonest reason is a database that was never migrated; say so.
            is_of_schema = isinstance(error, OperationalError | ProgrammingError)
            if not is_of_schema:
                raise
            refusal = _refusal_of(migrating.check_current)
        if refusal is None:
            raise
        echo_refusal(refusal, as_json)
        raise SystemExit(REFUSED) from error
    except UndecipherableText as error:
        refusal = _refusal_of(check_master_keys)
        if refusal is None:
            raise
        echo_refusal(refusal, as_json)
        raise SystemExit(REFUSED) from error


def _refusal_of(check: Callable[[], None]) -> ConsortiumError | None:
    """What a check says to a fault that came unforeseen; None if it finds nothing."""
    try:
        check()
    except ConsortiumError as refusal:
        return refusal
    return None


class CommandFailed(ConsortiumError):
    """The command did not go through."""

    status, code = 500, "command-failed"
    message = N_("The command did not go through. Its messages say why.")


def give_json(command: click.Command, tell: Callable[[], Mapping[str, Any]] | None = None) -> None:
    """Let a command of another library take `--json` too; its own words then go to stderr.

    Args:
        command: it is changed.
        tell: members of the printed object beside `done` and `output`, the lines it wrote.
    """
    if command.callback is None or any(option.name == "as_json" for option in command.params):
        return
    inner = command.callback

    def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
        if not as_json:
            inner(*args, **kwargs)
            return
        words = StringIO()
        try:
            with redirect_stdout(words):
                inner(*args, **kwargs)
        except SystemExit as left:
            if left.code:
                echo_refusal(CommandFailed(), as_json=True)
            raise
        finally:
            click.echo(words.getvalue(), err=True, nl=False)
        found = tell() if tell else {}
        lines = [line for line in words.getvalue().splitlines() if line.strip()]
        _echo({"done": command.name, **found, "output": lines}, as_json=True)

    command.callback = run
    command.params.append(
        click.Option(["--json", "as_json"], is_flag=True, help="Print JSON on stdout.")
    )


def refuse_start(fault: BadSetting) -> NoReturn:
    """End the process before anything is opened: with `--json` by a problem object on stdout."""
    if "--json" in sys.argv:
        problem = {
            "type": "about:blank", "title": "Bad setting", "status": 500, "detail": str(fault),
            "code": "bad-setting", "errors": [],
        }  # fmt: skip
        click.echo(json.dumps(problem, ensure_ascii=False))
        raise SystemExit(REFUSED)
    raise SystemExit(str(fault))


def plain(value: object) -> Any:
    """A value as JSON knows it: instants as RFC 3339 with Z, ids as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def _echo(result: object, as_json: bool) -> None:
    if result is None:
        return
    if isinstance(result, str):
        click.echo(json.dumps({"text": result}) if as_json else result)
        return
    is_object = isinstance(result, Mapping) or is_dataclass(result)
    rows = [result] if is_object else result
    assert isinstance(rows, Iterable)
    for row in rows:
        if as_json:
            click.echo(json.dumps(plain(row), ensure_ascii=False))
        else:
            _echo_for_people(plain(row))


def _echo_for_people(row: Any) -> None:
    if not isinstance(row, Mapping):
        click.echo(row)
        return
    for name, value in row.items():
        nested = isinstance(value, list | dict)
        text = json.dumps(value, ensure_ascii=False) if nested else value
        click.echo(f"{name:>20}  {text}")
    click.echo()


def echo_refusal(refusal: ConsortiumError, as_json: bool) -> None:
    """Tell a refusal: as a problem object on stdout, or in words on stderr."""
    problem = refusal.as_problem()
    if as_json:
        click.echo(json.dumps(plain(problem), ensure_ascii=False))
        return
    click.echo(f"{problem['detail']} ({problem['code']})", err=True)
    for error in problem["errors"]:
        click.echo(
            f"  {error.get('pointer') or error.get('cell', '')}: {error['message']}", err=True
        )
