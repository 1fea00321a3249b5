"""Command line doors of the kernel: jobs, audit, news, demo, schema, settings and the worker.

They hang below `flask consortium`, which the application makes or shares with a feature.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from flask import Flask, current_app
from flask.cli import with_appcontext
from flask_migrate.cli import db as migrations_group

from consortium.kernel import demo, migrating, serving
from consortium.kernel.audit.verify import Verdict, verify_audit
from consortium.kernel.cli import (
    Pause,
    command_group,
    give_json,
    json_command,
    ran_with_faults,
    refusals_told,
)
from consortium.kernel.db import db
from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.feature import Cron, Every, Job
from consortium.kernel.features import find_job, offers
from consortium.kernel.key_ring import check_master_keys
from consortium.kernel.outbox.aside import (
    LeftNews,
    Retried,
    list_set_aside,
    retry_set_aside,
)
from consortium.kernel.outbox.sequencer import find_position, open_epoch
from consortium.kernel.scheduler import claims
from consortium.kernel.scheduler.claims import Claim
from consortium.kernel.scheduler.models import JobRun
from consortium.kernel.scheduler.proof import Proof, plan_proof, report_proof
from consortium.kernel.scheduler.running import run_claim
from consortium.kernel.scheduler.worker import Worker
from consortium.kernel.settings import describe_settings
from consortium.kernel.unit_of_work import database_now, reading, transaction, unit_of_work

HOME = "consortium"
jobs_group = command_group("jobs", "Scheduled work: what runs when, and what ran.")
audit_group = command_group("audit", "The audit trail.")
news_group = command_group("news", "News that could not be handed on.")
feed_group = command_group("feed", "The change feed.")
demo_group = command_group("demo", "The demonstration data.")
schema_group = command_group("schema", "The database schema.")
settings_group = command_group("settings", "What can be set.")

GROUPS = (
    jobs_group, audit_group, news_group, feed_group, demo_group, schema_group, settings_group,
)  # fmt: skip


class JobUnknown(ConsortiumError):
    """There is no such job."""

    status, code = 404, "job-unknown"
    message = N_("No job is called %(name)s. `flask consortium jobs list` names them all.")


def install_commands(app: Flask) -> None:
    """Hang the kernel's commands below `flask consortium`."""
    home = app.cli.commands.get(HOME)
    if not isinstance(home, click.Group):
        home = command_group(HOME, "The node and its consortia.")
        app.cli.add_command(home)
    for group in GROUPS:
        home.add_command(group)
    home.add_command(work)
    home.add_command(serve_web)
    # About folders of migrations that somebody else begins.
    migrations_group.commands.pop("list-templates", None)
    for command in migrations_group.commands.values():
        give_json(command, migrating.show_versions if command.name == "current" else None)


@click.command("work")
@click.option("--json", "as_json", is_flag=True, help="Tell on stdout, as JSON, how it ended.")
@with_appcontext
def work(as_json: bool) -> None:
    """Run the worker in the foreground: sequencer, relay, jobs, mail."""
    with refusals_told(as_json):
        # What is not there at start will not come by itself; later on it is waited for.
        migrating.is_current()
        check_master_keys()
    Worker(_this_app()).run()
    if as_json:
        click.echo(json.dumps({"ended": "work"}))


@click.command("serve")
@click.option("--host", default=serving.HOST, show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--json", "as_json", is_flag=True, help="Tell a refusal on stdout as JSON.")
@with_appcontext
def serve_web(host: str, port: int, as_json: bool) -> None:
    """Run the web processes; never loads the demo."""
    with refusals_told(as_json):
        serving.check_start()
    serving.serve(_this_app(), host=host, port=port)


def _this_app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # werkzeug's proxy hides it


@json_command(jobs_group, "list")
def list_jobs() -> Iterator[dict[str, Any]]:
    """Every job with its timetable, newest slot and state."""
    newest = _newest_runs()
    for job in offers(lambda feature: feature.jobs):
        slot, state = newest.get(job.name, (None, "never"))
        yield {
            "job": job.name,
            "trigger": _trigger_text(job),
            "missed": job.missed,
            "last_slot": slot,
            "state": state,
        }


def _trigger_text(job: Job) -> str:
    match job.trigger:
        case Every(seconds):
            return f"every {seconds:g} s"
        case Cron(line):
            return f"cron {line}"
    return "by hand"


@reading
def _newest_runs() -> dict[str, tuple[datetime, str]]:
    newest = sa.select(JobRun.job, sa.func.max(JobRun.slot).label("slot")).group_by(JobRun.job)
    latest = newest.subquery()
    query = sa.select(JobRun.job, JobRun.slot, JobRun.state).join(
        latest, sa.and_(JobRun.job == latest.c.job, JobRun.slot == latest.c.slot)
    )
    return {job: (slot, state) for job, slot, state in db.session.execute(query)}


@json_command(jobs_group, "run")
@click.argument("name")
def run_job(name: str) -> dict[str, Any]:
    """Run a job now, in this process, as a slot of its own; what else is due stays due."""
    _refuse_unknown(name)
    slot, claim = _plan_now(name)
    if claim is not None:
        run_claim(claim)
    (row,) = _history(name, slot, 1)
    return row if row["state"] == "done" else _faults(row)


def _refuse_unknown(name: str) -> None:
    if find_job(name) is None:
        raise JobUnknown(name=name)


def _faults(row: dict[str, Any]) -> dict[str, Any]:
    raise ran_with_faults(row)


@transaction
def _plan_now(name: str) -> tuple[datetime, Claim | None]:
    """Enter the slot and claim it in one commit, so that no worker is quicker."""
    with unit_of_work() as uow:
        claims.plan_slot(uow, name, uow.now)
        return uow.now, claims.claim_next({name}, slot=uow.now)


@json_command(jobs_group, "history")
@click.option("--job", default=None, help="Only this job.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def job_history(job: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest slots, newest first."""
    rows = _history(job, None, limit)
    if job is not None and not rows:
        # Slots of a job that an older program had are still shown.
        _refuse_unknown(job)
    return rows


@reading
def _history(job: str | None, slot: datetime | None, limit: int) -> list[dict[str, Any]]:
    columns = (
        JobRun.job, JobRun.slot, JobRun.state, JobRun.pages, JobRun.fence, JobRun.attempts,
        JobRun.worker, JobRun.started_at, JobRun.finished_at, JobRun.error,
    )  # fmt: skip
    query = sa.select(*columns).order_by(JobRun.slot.desc()).limit(limit)
    if job is not None:
        query = query.where(JobRun.job == job)
    if slot is not None:
        query = query.where(JobRun.slot == slot)
    return [dict(row._mapping) for row in db.session.execute(query)]


@json_command(jobs_group, "prove")
@click.option("--slots", default=200, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--every", default=0.2, show_default=True, type=Pause(0.001, 86_400.0))
@click.option("--pages", default=10, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--hold", default=0.005, show_default=True, type=Pause(0.0, 3600.0))
@click.option("--report", is_flag=True, help="Judge the proof that was planned before.")
def prove_jobs(slots: int, every: float, pages: int, hold: float, report: bool) -> dict[str, Any]:
    """Plan a proof that every slot runs exactly once, or judge it with --report.

    Start one or many `make work`, plan, kill and freeze workers as you like, then ask for the
    report. It exits 3 unless every slot that is due ran once.
    """
    if not report:
        plan_proof(slots=slots, every=every, pages=pages, hold=hold)
        return {"planned": slots, "pages": pages, "ends_in_seconds": round(1 + slots * every, 1)}
    proof = report_proof(database_now())
    return _judged(proof)


def _judged(proof: Proof) -> dict[str, Any]:
    if not proof.holds:
        raise ran_with_faults(asdict(proof))
    return asdict(proof)


@json_command(audit_group, "verify")
@click.option(
    "--heads",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="One more file of heads, from another machine or from safe keeping; repeatable.",
)
def verify(heads: tuple[Path, ...]) -> Verdict:
    """Look for edits, removals, swaps, truncation and recomputation; exit 3 if one is found."""
    verdict = verify_audit(also=heads)
    if not verdict.ok:
        raise ran_with_faults(verdict)
    return verdict


@json_command(news_group, "list")
def list_news() -> list[LeftNews]:
    """News that a handler could not take after all its attempts, oldest first."""
    return list_set_aside()


@json_command(news_group, "retry")
@click.option("--handler", default=None, help="Only of this handler.")
@click.option("--seq", default=None, type=int, help="Only this message.")
def retry_news(handler: str | None, seq: int | None) -> list[Retried]:
    """Hand on once more what was set aside; exit 3 if a handler still cannot take it."""
    done = retry_set_aside(handler=handler, seq=seq)
    if any(one.error for one in done):
        raise ran_with_faults(done)
    return done


@json_command(feed_group, "epoch")
@click.option("--new", is_flag=True, help="Open a new one: readers start again.")
def feed_epoch(new: bool) -> dict[str, Any]:
    """The epoch of the feed and its last number; a new one after a copy was put back by hand."""
    if new:
        open_epoch()
    position = find_position()
    return {"epoch": position.epoch, "seq": position.seq}


@json_command(demo_group, "show")
def show_demo() -> dict[str, Any]:
    """Addresses, societies, accounts and events of the demonstration."""
    return demo.show_demo()


@json_command(demo_group, "load")
def load_demo() -> dict[str, Any]:
    """Load the demonstration into an empty database."""
    demo.load_demo()
    return demo.show_demo()


@json_command(schema_group, "upgrade")
def upgrade_schema() -> dict[str, Any]:
    """Bring the database to the newest schema; refused if models and migrations differ."""
    migrating.upgrade()
    migrating.check_schema()
    return {"current": migrating.is_current()}


@json_command(settings_group, "list")
def list_settings() -> Iterator[dict[str, str]]:
    """Every setting with default and meaning."""
    for name, default, meaning in describe_settings():
        yield {"name": name, "default": default, "meaning": meaning}
