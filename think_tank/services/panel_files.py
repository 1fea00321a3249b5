"""Panels from files, for the command line: solve, check, replace. Nothing is stored."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

from consortium.kernel.errors import N_, FieldError, fill
from think_tank.errors import BriefInfeasible, BriefInvalid, PanelUnreadable
from think_tank.rules.answers import (
    list_claims,
    read_question,
    write_answer,
    write_number,
)
from think_tank.rules.briefs import parse_brief
from think_tank.rules.checking import ROUNDING, check_panel
from think_tank.rules.pools import read_conflicts, read_pool
from think_tank.rules.selection import select_panel
from think_tank.rules.sheets import decode
from think_tank.values import Answer, Fault, Question


def read_brief_file(content: bytes, *, today: date) -> Any:
    """A brief from a JSON file in UTF-8 or GB18030.

    Raises:
        BriefInvalid: it is no JSON, or no brief.
    """
    try:
        written = json.loads(decode(content))
    except json.JSONDecodeError as fault:
        message = N_("This is not JSON: see line %(line)s, column %(column)s.")
        place = {"line": fault.lineno, "column": fault.colno}
        raise BriefInvalid(
            errors=[FieldError("not-json", message, pointer="", params=place)]
        ) from fault
    return parse_brief(written, today=today)


def solve_files(
    brief: bytes,
    *,
    pool: bytes,
    conflicts: bytes | None = None,
    seed: str = "0",
    keep: frozenset[str] = frozenset(),
    exclude: frozenset[str] = frozenset(),
    today: date,
    seconds: float,
) -> dict[str, Any]:
    """Solve a brief over a pool file.

    Raises:
        BriefInfeasible: carries the rules in conflict and the repairs.
    """
    question = Question(
        read_brief_file(brief, today=today),
        read_pool(pool),
        read_conflicts(conflicts) if conflicts is not None else [],
        seed=seed,
        keep=keep,
        exclude=exclude,
    )
    return _solved(question, seconds)


def _solved(question: Question, seconds: float) -> dict[str, Any]:
    answer = select_panel(question, seconds=seconds)
    document = write_answer(question, answer)
    if answer.status == "infeasible":
        raise refuse_brief(answer, document)
    return document


def refuse_brief(answer: Answer, document: dict[str, Any]) -> BriefInfeasible:
    """The refusal of a brief that no panel can meet, with rules and repairs."""
    named = ", ".join(answer.conflict_rules or answer.conflict_with)
    told = (
        "objective",
        "bound",
        "seats",
        "reserves",
        "conflict_rules",
        "conflict_with",
        "repairs",
    )
    extra = {name: document[name] for name in told} | {"answer": "infeasible"}
    return BriefInfeasible(extra=extra, rules=named)


def check_file(content: bytes) -> dict[str, Any]:
    """Judge a panel file by the integer checker, and its claims by the result.

    Raises:
        PanelUnreadable: it is no panel file.
    """
    document = _load(content)
    question, ids = read_question(document)
    verdict = check_panel(question, ids)
    untrue = list_claims(document, verdict.objective)
    message = N_("The file's %(claim)s is not what the checker finds.")
    faults = [
        *verdict.faults,
        *(Fault("claim-untrue", message, {"claim": claim}) for claim in untrue),
    ]
    return {
        "ok": not faults,
        "objective": write_number(verdict.objective),
        "rounding": ROUNDING,
        "faults": [
            {
                "code": fault.code,
                "message": fill(fault.message, fault.params),
                **fault.params,
            }
            for fault in faults
        ],
    }


def replace_in_file(content: bytes, *, declined: frozenset[str], seconds: float) -> dict[str, Any]:
    """Seat the panel anew without those who declined, changing the fewest other seats.

    Raises:
        BriefInfeasible: without them no panel can meet the brief.
        PanelUnreadable: it is no panel file.
    """
    question, ids = read_question(_load(content))
    asked = replace(
        question,
        keep=question.keep - declined,
        exclude=question.exclude | declined,
        seated=frozenset(ids) - declined,
    )
    document = _solved(asked, seconds)
    after = [seat["id"] for seat in document["seats"]]
    return document | {
        "declined": sorted(declined),
        "left": sorted(set(ids) - set(after) - declined),
        "joined": sorted(set(after) - set(ids)),
    }


def _load(content: bytes) -> Any:
    try:
        return json.loads(decode(content))
    except json.JSONDecodeError as fault:
        raise PanelUnreadable from fault
