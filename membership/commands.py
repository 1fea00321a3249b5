"""`flask membership ...`: doors for operators."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from consortium.kernel.cli import command_group, json_command, ran_with_faults
from consortium.kernel.clock import read_now, start_of_day
from consortium.kernel.principal import SYSTEM
from consortium.services import organisations
from membership import values
from membership.api.recognitions import show_decision
from membership.errors import WorldInvalid
from membership.rules import decide
from membership.rules.world import read_question, read_world, write_decision
from membership.rules.world_schema import world_schema
from membership.services import agreement_register, agreements, catalogue, recognitions, terms

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
@click.option("--member", required=True, help="society:member_number")
@click.option("--term", type=click.UUID, help="which of her terms; the one in force unless told")
@click.option("--all", "is_all", is_flag=True, help="her later terms too: the whole membership")
def end_term(member: str, term: UUID | None, is_all: bool) -> dict[str, object]:
    """End a member's term now: the one in force, else the newest.

    `has_later_term` says whether another one still counts or will; --all ends those too.
    """
    society, _, number = member.partition(":")
    if is_all and term is not None:
        raise click.UsageError("Give --term or --all, not both.")
    if is_all:
        ended = terms.end_membership(SYSTEM, society=society, member_number=number)
    else:
        chosen = term or terms.find_term_to_end(SYSTEM, society=society, member_number=number)
        ended = terms.end_term(SYSTEM, term_id=chosen)
    return {**asdict(ended), "has_later_term": terms.has_later_term(SYSTEM, ended)}


@json_command(term_group, "restore")
@click.option("--member", required=True, help="society:member_number")
@click.option("--term", type=click.UUID, help="which of her terms; the one ended last unless told")
def restore_term(member: str, term: UUID | None) -> values.Term:
    """Take the newest ending, suspension or other correction of a member's terms back."""
    society, _, number = member.partition(":")
    chosen = term or terms.find_term_to_restore(SYSTEM, society=society, member_number=number)
    return terms.restore_term(SYSTEM, term_id=chosen)


@group.group("grade")
def grade_group() -> None:
    """Keep a society's catalogue of grades."""


@json_command(grade_group, "list")
@click.option("--society", required=True)
def list_grades(society: str) -> tuple[values.Grade, ...]:
    """List a society's grades now, lowest rank first."""
    return catalogue.list_grades(society, at=read_now())


@json_command(grade_group, "add")
@click.option("--society", required=True)
@click.option("--code", required=True, help="small letters, digits, hyphens")
@click.option("--name-zh", required=True)
@click.option("--name-en", required=True)
@click.option("--rank", required=True, type=int, help="a higher rank is the better grade")
@click.option("--synonym", "synonyms", multiple=True, help="how rosters also write it")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="first day; now unless told")
def add_grade(society: str, since: datetime | None, **wish: Any) -> dict[str, Any]:
    """Add a grade, or replace the one of the same code."""
    made = catalogue.add_grade(SYSTEM, society=society, since=_first_day(society, since), **wish)
    return {"id": made, "society": society, "code": wish["code"]}


@group.group("class")
def class_group() -> None:
    """Keep a society's catalogue of membership classes."""


@json_command(class_group, "list")
@click.option("--society", required=True)
def list_classes(society: str) -> tuple[values.MembershipClass, ...]:
    """List a society's membership classes now."""
    return catalogue.list_classes(society, at=read_now())


@json_command(class_group, "add")
@click.option("--society", required=True)
@click.option("--code", required=True, help="small letters, digits, hyphens")
@click.option("--name-zh", required=True)
@click.option("--name-en", required=True)
@click.option("--synonym", "synonyms", multiple=True, help="how rosters also write it")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="first day; now unless told")
def add_class(society: str, since: datetime | None, **wish: Any) -> dict[str, Any]:
    """Add a membership class, or replace the one of the same code."""
    made = catalogue.add_class(SYSTEM, society=society, since=_first_day(society, since), **wish)
    return {"id": made, "society": society, "code": wish["code"]}


def _first_day(society: str, day: datetime | None) -> datetime | None:
    """The instant at which a civil day begins where the society is."""
    if day is None:
        return None
    return start_of_day(day.date(), organisations.get_organisation(society).time_zone)


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
