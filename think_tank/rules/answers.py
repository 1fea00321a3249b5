"""An answer as a document that can be kept, checked and repaired without anything else."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from consortium.kernel.errors import fill
from think_tank.errors import PanelUnreadable
from think_tank.rules.briefs import parse_brief
from think_tank.rules.checking import ROUNDING
from think_tank.rules.reasons import plain
from think_tank.values import (
    Answer,
    Candidate,
    Change,
    ConflictPair,
    Meter,
    Question,
    Reason,
    Repair,
    Seat,
)


def write_answer(question: Question, answer: Answer) -> dict[str, Any]:
    """The answer as JSON; `input` repeats the question, so that the file can be checked alone."""
    return write_result(question, answer) | {"input": write_question(question)}


def write_result(question: Question, answer: Answer) -> dict[str, Any]:
    """The answer as JSON without the pool: ids, codes and numbers only."""
    return {
        "status": answer.status,
        "objective": write_number(answer.objective),
        "bound": write_number(answer.bound),
        "seats": [write_seat(seat) for seat in answer.seats],
        "reserves": list(answer.reserves),
        "conflict_rules": list(answer.conflict_rules),
        "conflict_with": list(answer.conflict_with),
        "repairs": [write_repair(repair) for repair in answer.repairs],
        "rules": [write_meter(meter) for meter in answer.meters],
        "rounding": ROUNDING,
        "seed": question.seed,
        "on": question.brief.on.isoformat(),
        "keep": sorted(question.keep),
        "exclude": sorted(question.exclude),
        "tie_order": "sha256(seed|id)",
        "first_among_equals": answer.canonical,
        "considered": answer.considered,
        "dismissed": answer.dismissed,
        "ignored": list(question.brief.ignored),
    }


def write_number(number: Fraction | None) -> int | float | None:
    """A number for JSON; whole ones stay whole."""
    if number is None:
        return None
    return int(number) if number.denominator == 1 else float(number)


def write_seat(seat: Seat) -> dict[str, Any]:
    """One seat; `why` in English, `reasons` by code for any other language."""
    return {
        "id": seat.id,
        "why": say(seat.why),
        "next_best": seat.next_best,
        "why_not_next": say(seat.why_not_next),
        "loss": write_number(seat.loss),
        "reasons": [_write_reason(reason) for reason in seat.why],
        "reasons_not_next": [_write_reason(reason) for reason in seat.why_not_next],
    }


def _write_reason(reason: Reason) -> dict[str, Any]:
    return {"code": reason.code, **reason.params}


def say(reasons: Iterable[Reason]) -> str:
    """Reasons as one text in English."""
    return " ".join(fill(reason.message, reason.params) for reason in reasons)


def write_meter(meter: Meter) -> dict[str, Any]:
    """How full a rule is."""
    return {
        "id": meter.rule,
        "count": meter.count,
        "at_least" if meter.is_floor else "at_most": meter.bound,
        "written": meter.value,
        "hard": meter.hard,
        "met": meter.missed == 0,
    }


def write_repair(repair: Repair) -> dict[str, Any]:
    """A repair with its sentence in Chinese and English."""
    zh = "；".join(_say_change_zh(change) for change in repair.changes)
    en = " and ".join(_say_change_en(change) for change in repair.changes)
    return {
        "changes": [
            {"rule": c.rule, "from": c.before, "to": c.after, "seats": c.seats}
            for c in repair.changes
        ],
        "cost": write_number(repair.cost),
        "zh": f"将{zh}，即可组成专家组（代价 {plain(repair.cost)}）。",
        "en": f"Move {en}; then a panel exists (cost {plain(repair.cost)}).",
    }


def _say_change_zh(change: Change) -> str:
    return f"规则“{change.rule}”由 {change.before} 改为 {change.after}（{change.seats} 席）"


def _say_change_en(change: Change) -> str:
    seats = "1 seat" if change.seats == 1 else f"{change.seats} seats"
    return f'rule "{change.rule}" from {change.before} to {change.after} ({seats})'


def write_question(question: Question) -> dict[str, Any]:
    """The question as JSON; the pool as columns and rows."""
    columns = list(dict.fromkeys(name for c in question.pool for name in c.fields))
    return {
        "brief": dict(question.brief.source) | {"on": question.brief.on.isoformat()},
        "pool": {
            "columns": ["id", "person", "score", *columns],
            "rows": [
                [
                    c.id,
                    c.person,
                    str(c.score),
                    *(c.fields.get(name, "") for name in columns),
                ]
                for c in question.pool
            ],
        },
        "conflicts": [
            [pair.a, pair.b, pair.kind, _day_text(pair.since), _day_text(pair.until)]
            for pair in question.conflicts
        ],
        "keep": sorted(question.keep),
        "exclude": sorted(question.exclude),
        "seated": sorted(question.seated),
    }


def _day_text(day: date | None) -> str:
    return day.isoformat() if day else ""


def read_question(document: Any) -> tuple[Question, list[str]]:
    """The question and the seated people of a panel file.

    Raises:
        PanelUnreadable: it is not the answer of `panel solve`, or has lost parts of it.
    """
    try:
        asked = document["input"]
        brief = parse_brief(asked["brief"], today=date.min)
        columns = asked["pool"]["columns"][3:]
        question = Question(
            brief,
            [_read_candidate(columns, row) for row in asked["pool"]["rows"]],
            [_read_pair(*row) for row in asked["conflicts"]],
            seed=str(document["seed"]),
            keep=frozenset(asked["keep"]),
            exclude=frozenset(asked["exclude"]),
            seated=frozenset(asked["seated"]),
        )
        return question, [str(seat["id"]) for seat in document["seats"]]
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise PanelUnreadable from fault


def _read_candidate(columns: Sequence[str], row: Sequence[str]) -> Candidate:
    name, person, score, *cells = row
    return Candidate(name, Fraction(score), dict(zip(columns, cells, strict=True)), person)


def _read_pair(a: str, b: str, kind: str, since: str, until: str) -> ConflictPair:
    days = [date.fromisoformat(day) if day else None for day in (since, until)]
    return ConflictPair(a, b, kind, *days)


def list_claims(document: Mapping[str, Any], objective: Fraction) -> Sequence[str]:
    """Which of a file's own claims are untrue: `objective`, or `optimal` without an equal bound."""
    untrue = []
    if document.get("objective") != write_number(objective):
        untrue.append("objective")
    if (document.get("status") == "optimal") != (document.get("bound") == write_number(objective)):
        untrue.append("status")
    return untrue
