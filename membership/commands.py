"""`flask membership ...`: doors for operators."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from consortium.kernel.cli import command_group, json_command, ran_with_faults
from consortium.kernel.clock import read_now
from consortium.kernel.principal import SYSTEM
from membership import values
from membership.api.recognitions import show_decision
from membership.errors import TermNotFound, WorldInvalid
from membership.rules import decide
from membership.rules.world import read_question, read_world, write_decision
from membership.rules.world_schema import world_schema
from membership.services import agreement_register, agreements, recognitions, terms

group = command_group("membership", "Members, agreements and recognition.")


@group.group("term")
def term_group() -> None:
    """End a member's term, or take that back."""


@json_command(term_group, "list")
@click.option("--member", required=True, help="society:member_number")
def list_terms(member: str) -> tuple[values.Term, ...]:
    """List the terms that count, oldest first."""
    society, _, number = member.partition(":")
    return terms.list_terms(SYSTEM, society=society, member_number=number)


@json_command(term_group, "end")
@click.option("--member", required=True, help="society:member_number; her newest term ends now")
def end_term(member: str) -> values.Term:
    """End a member's newest term now."""
    return terms.end_term(SYSTEM, term_id=_newest(member))


@json_command(term_group, "restore")
@click.option("--member", required=True, help="society:member_number")
def restore_term(member: str) -> values.Term:
    """Undo the newest correction of a member's newest term."""
    return terms.restore_term(SYSTEM, term_id=_newest(member))


def _newest(member: str) -> UUID:
    society, _, number = member.partition(":")
    held = terms.list_terms(SYSTEM, society=society, member_number=number)
    if not held:
        raise TermNotFound
    return held[-1].id


@group.group("agreement")
def agreement_group() -> None:
    """Look at agreements, verify, end and restore them."""


@json_command(agreement_group, "list")
@click.option("--society", help="only those of one society")
def list_agreements(society: str | None) -> Iterator[dict[str, Any]]:
    """List agreements with parties and state."""
    after: UUID | None = None
    while True:
        found, after = agreement_register.list_agreements(society=society, after=after)
        yield from (_summary(agreement) for agreement in found)
        if after is None:
            return


@json_command(agreement_group, "show")
@click.argument("agreement", type=click.UUID)
def show_agreement(agreement: UUID) -> values.Agreement:
    """Show an agreement with every text and signature."""
    return agreement_register.get_agreement(agreement)


@json_command(agreement_group, "verify")
@click.argument("agreement", type=click.UUID)
def verify_agreement(agreement: UUID) -> dict[str, Any]:
    """Check every hash and signature of an agreement; exit 3 if one fails."""
    found = agreement_register.verify_agreement(agreement)
    if not found["ok"]:
        raise ran_with_faults(found)
    return found


@json_command(agreement_group, "end")
@click.argument("agreement", type=click.UUID)
def end_agreement(agreement: UUID) -> dict[str, Any]:
    """End an agreement now."""
    return _summary(agreements.end_agreement(SYSTEM, agreement_id=agreement))


@json_command(agreement_group, "restore")
@click.argument("agreement", type=click.UUID)
def restore_agreement(agreement: UUID) -> dict[str, Any]:
    """Take the ending of an agreement back."""
    return _summary(agreements.restore_agreement(SYSTEM, agreement_id=agreement))


def _summary(agreement: values.Agreement) -> dict[str, Any]:
    current = agreement.version_at(read_now())
    return {
        "id": agreement.id,
        "form": agreement.form,
        "title": {"zh": agreement.title_zh, "en": agreement.title_en},
        "parties": agreement.parties,
        "version": current.version if current else None,
        "hash": current.hash if current else None,
        "ends_at": agreement.ends_at,
    }


@json_command(group, "recognise")
@click.option("--person", required=True, help="society:member_number")
@click.option("--host", required=True)
@click.option("--benefit", default="membership", show_default=True)
def recognise(person: str, host: str, benefit: str) -> dict[str, Any]:
    """Ask whether a person is recognised at a host now."""
    made = recognitions.ask_recognition(SYSTEM, person=person, host=host, benefit=benefit)
    return show_decision(made, read_now())


@group.group("decisions")
def decisions_group() -> None:
    """Decisions that were kept."""


@json_command(decisions_group, "replay")
def replay_decisions() -> dict[str, Any]:
    """Recompute every kept decision from its evidence; exit 3 if one differs."""
    found = recognitions.replay_decisions(SYSTEM)
    if found["differences"]:
        raise ran_with_faults(found)
    return found


@json_command(group, "decide")
@click.option("--world", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--questions", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--schema", is_flag=True, help="print the JSON Schema of a world's rows")
def decide_questions(world: Path | None, questions: Path | None, schema: bool) -> Any:
    """Decide questions about a world of facts in a file, without a database."""
    if schema:
        return world_schema()
    if world is None or questions is None:
        raise click.UsageError("--world and --questions are needed, or --schema")
    return _decide_all(world, questions)


def _decide_all(world: Path, questions: Path) -> Iterator[dict[str, Any]]:
    last = [0]
    try:
        facts = read_world(_lines(world, last))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise WorldInvalid(line=last[0], file=world.name, fault=repr(error)) from error
    for row in _lines(questions, last):
        try:
            question = read_question(row)
        except (KeyError, ValueError, TypeError) as error:
            raise WorldInvalid(line=last[0], file=questions.name, fault=repr(error)) from error
        yield write_decision(row, question, decide(question, facts), facts)


def _lines(path: Path, last: list[int]) -> Iterable[dict[str, Any]]:
    """Yield the rows of a JSON Lines file; `last` tells the line reached."""
    with path.open(encoding="utf-8") as opened:
        for last[0], line in enumerate(opened, start=1):
            if line.strip():
                yield json.loads(line)
