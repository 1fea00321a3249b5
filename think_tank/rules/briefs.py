"""A brief as people write it, read with every fault named at once."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, get_args

from consortium.kernel.errors import N_, FieldError
from think_tank.errors import BriefInvalid
from think_tank.rules.conditions import has_order
from think_tank.values import KINDS, OPERATORS, UNORDERED, Brief, Condition, Kind, Operator, Rule

TRUE = frozenset({"true", "1", "yes", "y", "是", "√", "✓", "t"})
FALSE = frozenset({"false", "0", "no", "n", "否", "×", "x", "f"})
MAX_SEATS, MAX_RULES, MAX_COUNT, LONGEST_ID = 1000, 500, 1_000_000, 120
NUMBER = re.compile(r"[+-]?\d{1,18}(/\d{1,18}|(\.\d{0,18})?([eE][+-]?\d{1,2})?)%?", re.ASCII)
ORDERING = ("ge", "le")
_ORDERED = {
    "birth_date": N_("Rule %(rule)s: %(value)s is no day. Write it as 2026-12-31."),
    "age": N_("Rule %(rule)s: %(value)s is no age. Write it in years, such as 45."),
}
_EITHER = N_(
    "Rule %(rule)s: `ge` and `le` compare with a number or a day such as 2026-12-31, and "
    "%(value)s is neither."
)
RULE_MEMBERS = frozenset(
    {
        "id",
        "kind",
        "of",
        "value",
        "hard",
        "weight",
        "pinned",
        "name",
        "note",
        "source",
        "template",
    }
)
BRIEF_MEMBERS = frozenset(
    {"seats", "rules", "on", "name", "note", "title", "costs", "fit", "template", "version"}
)


UNKNOWN = N_("No such member is known. Correct its name or leave it out.")


class _Faulty(Exception):
    """One member cannot be read; carries the fault."""

    def __init__(self, pointer: str, code: str, message: str, **params: object) -> None:
        super().__init__(pointer)
        self.fault = FieldError(code, message, pointer=pointer, params=params)


def parse_brief(written: Any, *, today: date, is_strict: bool = False) -> Brief:
    """Read a brief from JSON.

    Args:
        written: `{seats, rules: [{id, kind, of: {field, op, value}, value, hard, weight,
            pinned}], on}`; shares are exact: "3/4", "0.75", "75%" or a JSON number.
        today: the brief's day if it names none in `on`.
        is_strict: refuse members that nobody knows, which else are listed in `ignored`.

    Raises:
        BriefInvalid: names each fault by its JSON pointer.

    >>> brief = parse_brief({"seats": 12, "rules": [{"id": "f", "kind": "min_share",
    ...     "of": {"field": "front_line", "op": "eq", "value": True}, "value": "3/4"}]},
    ...     today=date(2026, 1, 1))
    >>> brief.rules[0].value, brief.rules[0].of.value, brief.rules[0].hard
    (Fraction(3, 4), 'true', True)
    """
    if not isinstance(written, Mapping):
        raise BriefInvalid(errors=[_not_an_object("")])
    faults: list[FieldError] = []
    seats = _try(faults, _read_seats, written)
    on = _try(faults, _read_day, written, today)
    costs = written.get("costs") if isinstance(written.get("costs"), Mapping) else {}
    rules = _read_rules(written, costs or {}, faults)
    if is_strict:
        faults += [FieldError("unknown-field", UNKNOWN, pointer=one) for one in _ignored(written)]
    if faults or seats is None or on is None:
        raise BriefInvalid(errors=faults)
    return Brief(seats, rules, on, tuple(_ignored(written)), written)


def _try(faults: list[FieldError], read: Any, *args: Any) -> Any:
    try:
        return read(*args)
    except _Faulty as faulty:
        faults.append(faulty.fault)
        return None


def _not_an_object(pointer: str) -> FieldError:
    return FieldError("not-an-object", N_("A JSON object is expected here."), pointer=pointer)


def _read_seats(written: Mapping[str, Any]) -> int:
    seats = written.get("seats")
    if isinstance(seats, bool) or not isinstance(seats, int) or not 1 <= seats <= MAX_SEATS:
        raise _Faulty(
            "/seats",
            "seats-invalid",
            N_("Give the number of seats, from 1 to %(most)s."),
            most=MAX_SEATS,
        )
    return seats


def _read_day(written: Mapping[str, Any], today: date) -> date:
    day = written.get("on")
    try:
        return today if day is None else date.fromisoformat(day)
    except (TypeError, ValueError) as fault:
        raise _Faulty("/on", "day-invalid", N_("Write the day as 2026-12-31.")) from fault


def _read_rules(
    written: Mapping[str, Any], costs: Mapping[str, Any], faults: list[FieldError]
) -> tuple[Rule, ...]:
    rules = written.get("rules", [])
    if not isinstance(rules, list):
        message = N_("A list of rules is expected here.")
        faults.append(FieldError("not-a-list", message, pointer="/rules"))
        return ()
    if len(rules) > MAX_RULES:
        message = N_("A brief has at most %(most)s rules; here are %(count)s.")
        told = {"most": MAX_RULES, "count": len(rules)}
        faults.append(FieldError("rules-too-many", message, pointer="/rules", params=told))
        return ()
    read: list[Rule] = []
    names: set[str] = set()
    for place, rule in enumerate(rules):
        pointer = f"/rules/{place}"
        made = _try(faults, _read_rule, rule, pointer, costs)
        if made and made.id in names:
            message = N_("Another rule has this id already. Each rule needs its own.")
            faults.append(FieldError("rule-id-twice", message, pointer=f"{pointer}/id"))
        elif made:
            names.add(made.id)
            read.append(made)
    return tuple(read)


def _read_rule(rule: Any, pointer: str, costs: Mapping[str, Any]) -> Rule:
    if not isinstance(rule, Mapping):
        raise _Faulty(pointer, "not-an-object", N_("A JSON object is expected here."))
    name = rule.get("id")
    if isinstance(name, bool) or not isinstance(name, str | int) or not str(name).strip():
        raise _Faulty(f"{pointer}/id", "rule-id-missing", N_("Give the rule an id."))
    if len(str(name)) > LONGEST_ID:
        raise _Faulty(f"{pointer}/id", "rule-id-long", N_("Give the rule a shorter id."))
    kind: Kind | None = next((k for k in KINDS if k == rule.get("kind")), None)
    if kind is None:
        raise _Faulty(
            f"{pointer}/kind",
            "kind-unknown",
            N_("Use one of %(known)s."),
            known=", ".join(KINDS),
        )
    weight = costs.get(str(name), rule.get("weight", 1))
    return Rule(
        id=str(name).strip(),
        kind=kind,
        of=_read_condition(rule.get("of"), f"{pointer}/of", rule=str(name).strip()),
        value=_read_bound(rule.get("value"), kind, f"{pointer}/value"),
        hard=_read_flag(rule, "hard", True, pointer),
        weight=_read_weight(weight, f"{pointer}/weight"),
        pinned=_read_flag(rule, "pinned", False, pointer),
        written=str(rule.get("value")),
    )


def _read_flag(rule: Mapping[str, Any], name: str, default: bool, pointer: str) -> bool:
    flag = rule.get(name, default)
    if not isinstance(flag, bool):
        raise _Faulty(f"{pointer}/{name}", "flag-invalid", N_("Write true or false."))
    return flag


def read_number(written: Any) -> Fraction:
    """An exact number: 3, "3/4", "0.75", 0.75 (as printed) or "75%".

    Raises:
        ValueError: it is none of these.

    >>> [str(read_number(n)) for n in (3, "3/4", " 0.75 ", 0.75, "75%")]
    ['3', '3/4', '3/4', '3/4', '3/4']
    """
    if isinstance(written, bool) or not isinstance(written, int | float | str):
        raise ValueError(written)
    text = str(written).strip()
    # Fraction would write out "1e999999999" in full.
    if not NUMBER.fullmatch(text):
        raise ValueError(written)
    try:
        return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)
    except ZeroDivisionError as fault:
        raise ValueError(written) from fault


def _read_bound(written: Any, kind: Kind, pointer: str) -> Fraction:
    share = kind.endswith("share")
    try:
        value = read_number(written)
    except ValueError:
        value = Fraction(-1)
    if share and not 0 <= value <= 1:
        raise _Faulty(
            pointer,
            "share-invalid",
            N_('Write the share as an exact fraction from 0 to 1, such as "3/4".'),
        )
    if not share and not (0 <= value <= MAX_COUNT and value.denominator == 1):
        raise _Faulty(pointer, "count-invalid", N_("Write a whole number of seats, 0 or more."))
    return value


def _read_weight(written: Any, pointer: str) -> Fraction:
    try:
        weight = read_number(written)
    except ValueError:
        weight = Fraction(-1)
    if not 0 <= weight <= MAX_COUNT:
        raise _Faulty(pointer, "weight-invalid", N_("Write a weight of 0 or more."))
    return weight


def _read_condition(written: Any, pointer: str, *, rule: str) -> Condition:
    if not isinstance(written, Mapping):
        raise _Faulty(
            pointer,
            "condition-missing",
            N_("Say whom the rule counts: field, op and value."),
        )
    field = written.get("field")
    if not isinstance(field, str) or not field.strip():
        raise _Faulty(
            f"{pointer}/field",
            "field-missing",
            N_("Name the column that the rule looks at."),
        )
    op: Operator | None = next((o for o in OPERATORS if o == written.get("op")), None)
    if op is None:
        known = ", ".join(get_args(Operator))
        raise _Faulty(f"{pointer}/op", "op-unknown", N_("Use one of %(known)s."), known=known)
    value = written.get("value")
    if (op == "in") != isinstance(value, list):
        message = N_("The operator `in` takes a list of values, every other a single value.")
        raise _Faulty(f"{pointer}/value", "value-invalid", message)
    values = value if isinstance(value, list) else [value]
    texts = tuple(_read_text(field.strip(), one, f"{pointer}/value") for one in values)
    if op in ORDERING:
        _check_order(field.strip(), texts[0], pointer, rule=rule)
    return Condition(field.strip(), op, texts if op == "in" else texts[0])


def _check_order(field: str, value: str, pointer: str, *, rule: str) -> None:
    """Refuse what `ge` and `le` could never compare, whatever the pool holds."""
    told = {"rule": rule, "field": field, "value": value}
    if field in UNORDERED:
        message = N_("Rule %(rule)s: %(field)s has no order. Use one of %(known)s.")
        known = ", ".join(op for op in OPERATORS if op not in ORDERING)
        raise _Faulty(f"{pointer}/op", "op-unordered", message, known=known, **told)
    if not has_order(field, value):
        raise _Faulty(f"{pointer}/value", "value-unordered", _ORDERED.get(field, _EITHER), **told)


def _read_text(field: str, value: Any, pointer: str) -> str:
    if value is None or isinstance(value, Mapping | list):
        raise _Faulty(
            pointer,
            "value-invalid",
            N_("Give a text, a number, a date or true or false."),
        )
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value).strip()
    return (read_flag(text) or text) if field == "front_line" else text


def read_flag(text: str) -> str | None:
    """`true` or `false` as offices write them; None if it is neither.

    >>> read_flag("是"), read_flag("No"), read_flag("maybe")
    ('true', 'false', None)
    """
    folded = text.strip().lower()
    return "true" if folded in TRUE else "false" if folded in FALSE else None


def _ignored(written: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"/{_escape(name)}" for name in written if name not in BRIEF_MEMBERS)
    rules = written.get("rules", [])
    for place, rule in enumerate(rules if isinstance(rules, list) else ()):
        if isinstance(rule, Mapping):
            unknown = [name for name in rule if name not in RULE_MEMBERS]
            yield from (f"/rules/{place}/{_escape(name)}" for name in unknown)


def _escape(name: object) -> str:
    """A member's name in a JSON pointer (RFC 6901, section 3)."""
    return str(name).replace("~", "~0").replace("/", "~1")
