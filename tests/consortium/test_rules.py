"""Pure decisions of the register."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from consortium.rules import (
    decide_standing,
    has_code_form,
    has_right_check_digit,
    read_uscc,
    select_live,
    select_members,
)
from consortium.values import MemberSpan, StandingFact

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    """The first instant of a day of January 2026."""
    return DAY + timedelta(days=number - 1)


def fact(
    number: int,
    standing: str,
    since: datetime,
    until: datetime | None = None,
    *,
    recorded: datetime | None = DAY,
    supersedes: int | None = None,
) -> StandingFact:
    """A row about one organisation."""
    replaced = UUID(int=supersedes) if supersedes is not None else None
    return StandingFact(
        UUID(int=number), "math", "demo", standing, since, until, recorded, replaced
    )


@pytest.mark.parametrize(
    ("uscc", "right"),
    [
        ("91350100M000100Y43", True),
        ("91110000600037341L", True),
        ("91350100M000100Y34", False),
        ("91350100M000100Y4", False),
        ("91350100M000100Y430", False),
        ("9135010OM000100Y43", False),
        ("91350100m000100y43", False),
        ("", False),
        ("学会", False),
    ],
)
def test_a_credit_code_ends_in_its_check_character(uscc: str, right: bool) -> None:
    assert has_right_check_digit(uscc) is right


@pytest.mark.parametrize("place", range(17))
def test_every_single_mistake_in_a_credit_code_is_noticed(place: int) -> None:
    good = "91350100M000100Y43"
    other = "2" if good[place] != "2" else "3"

    assert not has_right_check_digit(good[:place] + other + good[place + 1 :])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("９１３５０１００Ｍ０００１００Ｙ４３", "91350100M000100Y43"),
        (" 91350100m000100y43 ", "91350100M000100Y43"),
        ("'91350100M000100Y43", "91350100M000100Y43"),
        ("", None),
        ("－", None),
    ],
)
def test_a_credit_code_is_read_as_people_write_it(written: str, read: str | None) -> None:
    assert read_uscc(written) == read


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("math", True),
        ("a1", True),
        ("demo-soc", True),
        ("a", False),
        ("1a", False),
        ("Math", False),
        ("math-", False),
        ("ma_th", False),
        ("ma th", False),
        ("数学", False),
        ("a" * 33, False),
        ("math\n", False),
    ],
)
def test_a_code_can_stand_in_an_address(code: str, good: bool) -> None:
    assert has_code_form(code) is good


def test_without_a_row_an_organisation_is_active() -> None:
    assert decide_standing([], at=DAY) == "active"


@pytest.mark.parametrize(
    ("on", "standing"),
    [(1, "active"), (2, "suspended"), (3, "suspended"), (4, "active")],
)
def test_a_suspension_holds_from_its_start_to_before_its_end(on: int, standing: str) -> None:
    facts = [fact(1, "suspended", day(2), day(4))]

    assert decide_standing(facts, at=day(on)) == standing


def test_the_worst_standing_in_force_counts() -> None:
    facts = [fact(1, "expelled", day(2)), fact(2, "suspended", day(1))]

    assert decide_standing(facts, at=day(2)) == "expelled"


def test_a_restored_organisation_is_active_from_then_on_and_was_not_before() -> None:
    facts = [
        fact(1, "suspended", day(2), recorded=day(2)),
        fact(2, "suspended", day(2), day(5), recorded=day(5), supersedes=1),
    ]

    assert decide_standing(facts, at=day(3)) == "suspended"
    assert decide_standing(facts, at=day(5)) == "active"
    assert decide_standing(facts, at=day(6), known_at=day(4)) == "suspended"


def test_a_row_that_is_not_stamped_counts_now_and_in_no_as_of_answer() -> None:
    facts = [fact(1, "suspended", day(1), recorded=None)]

    assert decide_standing(facts, at=day(2)) == "suspended"
    assert decide_standing(facts, at=day(2), known_at=day(9)) == "active"


def test_superseded_rows_are_dropped_whatever_their_order() -> None:
    first, second = fact(1, "suspended", day(1)), fact(2, "suspended", day(1), supersedes=1)

    assert select_live([second, first]) == [second]


def test_members_stand_in_the_order_in_which_they_joined() -> None:
    spans = [
        MemberSpan(UUID(int=1), "phys", "demo", day(1), day(3), None, None),
        MemberSpan(UUID(int=2), "math", "demo", day(2), None, None, None),
        MemberSpan(UUID(int=3), "comp", "demo", day(1), None, None, None),
    ]

    assert [span.organisation for span in select_members(spans, at=day(2))] == [
        "comp",
        "phys",
        "math",
    ]
    assert [span.organisation for span in select_members(spans, at=day(3))] == ["comp", "math"]
