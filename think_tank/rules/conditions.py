"""Which people a rule counts."""

from datetime import date
from decimal import Decimal, InvalidOperation

from think_tank.values import SEVERAL, Brief, Candidate, Condition, Rule


class NotComparable(ValueError):
    """A cell and a condition's value have no common order."""


def age_on(birth: date, on: date) -> int:
    """Full years on a day; a birthday counts from that day on.

    So "aged 45 or younger" (45岁以下 includes 45) is `age le 45`, true until the day before
    the 46th birthday. Born on 29 February, one turns older on 1 March of a common year.

    >>> age_on(date(1980, 5, 2), date(2026, 5, 1)), age_on(date(1980, 5, 2), date(2026, 5, 2))
    (45, 46)
    """
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def cell_of(candidate: Candidate, field: str, on: date) -> str:
    """The text that a condition looks at; `age` is counted from `birth_date` on the brief's day."""
    if field == "age" and "age" not in candidate.fields:
        born = candidate.fields.get("birth_date", "")
        return str(age_on(date.fromisoformat(born), on)) if born else ""
    if field == "id":
        return candidate.id
    return candidate.fields.get(field, "")


def holds(condition: Condition, candidate: Candidate, on: date) -> bool:
    """Whether a person meets a condition.

    An empty cell is unknown and meets nothing but `ne`, which is the contrary of `eq`.
    `ge` and `le` compare numbers as numbers and ISO dates as dates.

    Raises:
        NotComparable: a `ge` or `le` between a number and something else.

    >>> from fractions import Fraction
    >>> chen = Candidate("1", Fraction(1), {"disciplines": "A0101;F02", "seniority": "10"})
    >>> holds(Condition("disciplines", "contains", "F02"), chen, date(2026, 1, 1))
    True
    >>> holds(Condition("seniority", "ge", "9"), chen, date(2026, 1, 1))
    True
    >>> holds(Condition("society", "eq", ""), chen, date(2026, 1, 1))
    False
    """
    return cell_holds(condition, cell_of(candidate, condition.field, on))


def cell_holds(condition: Condition, cell: str) -> bool:
    """Whether a cell's text meets a condition; `holds` says how."""
    if condition.op == "ne":
        return not (cell and _same(cell, condition))
    return bool(cell) and _TESTS[condition.op](cell, condition)


def has_order(field: str, value: str) -> bool:
    """Whether `ge` and `le` can compare a column's cells with a value.

    >>> has_order("birth_date", "1981-02-29"), has_order("birth_date", "1980")
    (False, False)
    >>> has_order("birth_date", "1980-01-31"), has_order("age", "45"), has_order("age", "x")
    (True, True, False)
    >>> has_order("seniority", "9.5"), has_order("seniority", "2001-09-01")
    (True, True)
    """
    if field == "birth_date":
        return _is_day(value)
    return _number(value) is not None or (field != "age" and _is_day(value))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _parts(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(";") if part.strip())


def _same(cell: str, condition: Condition) -> bool:
    value = str(condition.value)
    if condition.field in SEVERAL:
        return _parts(cell) == _parts(value)
    return cell == value or _equal_numbers(cell, value)


def _equal_numbers(left: str, right: str) -> bool:
    number = _number(left)
    return number is not None and number == _number(right)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _among(cell: str, condition: Condition) -> bool:
    cells = _parts(cell) if condition.field in SEVERAL else frozenset({cell})
    return not cells.isdisjoint(condition.value)


def _contains(cell: str, condition: Condition) -> bool:
    value = str(condition.value)
    return value in (_parts(cell) if condition.field in SEVERAL or ";" in cell else cell)


def _order(cell: str, condition: Condition) -> int:
    """Below zero, zero or above it: the cell is less than, equal to, greater than the value."""
    value = str(condition.value)
    left, right = _number(cell), _number(value)
    if left is not None and right is not None:
        return (left > right) - (left < right)
    try:
        day, limit = date.fromisoformat(cell), date.fromisoformat(value)
    except ValueError as fault:
        raise NotComparable(cell) from fault
    return (day > limit) - (day < limit)


_TESTS = {
    "eq": _same,
    "ge": lambda cell, condition: _order(cell, condition) >= 0,
    "le": lambda cell, condition: _order(cell, condition) <= 0,
    "in": _among,
    "contains": _contains,
}


def bound_of(rule: Rule, seats: int) -> int:
    """The bound in seats: a least share rounds up, a greatest share rounds down.

    So the written share always holds exactly: 3/4 of 10 seats is at least 8, and at most a
    third of 10 is 3. No float comes near it.

    >>> from fractions import Fraction
    >>> front_line = Condition("front_line", "eq", "true")
    >>> three_quarters = Rule("r", "min_share", front_line, Fraction(3, 4))
    >>> bound_of(three_quarters, 10), bound_of(three_quarters, 12)
    (8, 9)
    >>> bound_of(Rule("r", "max_share", Condition("society", "eq", "m"), Fraction(1, 3)), 10)
    3
    """
    if not rule.is_share:
        return int(rule.value)
    exact = rule.value * seats
    return -(-exact.numerator // exact.denominator) if rule.is_floor else int(exact)


def count_members(rule: Rule, chosen: list[Candidate], brief: Brief) -> int:
    """How many of the chosen the rule counts."""
    return sum(holds(rule.of, candidate, brief.on) for candidate in chosen)
