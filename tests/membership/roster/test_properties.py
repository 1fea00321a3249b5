"""What holds for any cell and any roster."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consortium.kernel.errors import ConsortiumError
from membership.roster.characters import fold, narrow, read_name
from membership.roster.contacts import read_email, read_gender
from membership.roster.dates import DateStyle, read_date
from membership.roster.encoding import decode
from membership.roster.errors import CellFault
from membership.roster.identity import check_digit, read_national_id, read_orcid
from membership.roster.matching import Index
from membership.roster.numbers import Noted, read_member_number, read_mobile
from membership.roster.periods import TERM_FIELDS
from membership.roster.plan import BITS, Known
from membership.roster.unwinding import Line, unwind
from membership.roster.values import OPEN_END
from tests.membership.roster import files

# Shared machines stand still for longer than any honest limit.
settings.register_profile("roster", deadline=None)
settings.load_profile("roster")

CELLS = st.one_of(
    st.text(max_size=40),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)
READERS: dict[str, Callable[[Any], object]] = {
    "name": read_name,
    "number": read_member_number,
    "mobile": read_mobile,
    "email": read_email,
    "gender": read_gender,
    "orcid": read_orcid,
    "identity": read_national_id,
    "since": lambda cell: read_date(cell, edge="since", style=DateStyle()),
    "until": lambda cell: read_date(cell, edge="until", style=DateStyle()),
    "birth": lambda cell: read_date(cell, edge="birth", style=DateStyle()),
}


@pytest.mark.parametrize("name", READERS)
@given(cell=CELLS)
def test_a_reader_reads_or_refuses_any_cell(name: str, cell: Any) -> None:
    try:
        found = READERS[name](cell)
    except CellFault:
        return
    value = found.value if isinstance(found, Noted) else found
    assert value is None or (isinstance(value, str) and value) or isinstance(value, date)


@pytest.mark.parametrize("name", ["name", "number", "mobile", "email", "orcid", "identity"])
@given(cell=st.text(max_size=30))
def test_reading_twice_is_reading_once(name: str, cell: str) -> None:
    read = READERS[name]
    try:
        first = read(cell)
    except CellFault:
        return
    value = first.value if isinstance(first, Noted) else first
    if value is not None:
        assert read(value) == value


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_is_the_same_in_every_spelling(day: date) -> None:
    spellings = [
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        (day - date(1899, 12, 30)).days if (day - date(1899, 12, 30)).days > 3000 else day,
    ]
    found = {
        value if (value := read_date(one, edge="since", style=DateStyle())) else None
        for one in spellings
        if not (isinstance(one, int) and 1880 <= one <= 2199)
    }
    assert found == {day}


@given(
    st.dates(date(1900, 1, 1), date(2025, 12, 31)),
    st.integers(0, 999),
    st.sampled_from(["11", "37", "65"]),
)
def test_a_well_formed_identity_number_is_read_and_a_changed_digit_is_not(
    born: date, sequence: int, region: str
) -> None:
    first17 = f"{region}0105{born:%Y%m%d}{sequence:03}"
    number = first17 + check_digit(first17)
    assert read_national_id(number) == number
    wrong = "1" if number[17] != "1" else "2"
    with pytest.raises(CellFault):
        read_national_id(first17 + wrong)


@given(
    st.text(
        st.sampled_from("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗会员编号姓名"),
        min_size=4,
        max_size=60,
    )
)
def test_gb18030_is_known_by_its_characters(text: str) -> None:
    assert decode(f"会员号,姓名\n{text}".encode("gb18030")) == ("gb18030", f"会员号,姓名\n{text}")


@given(
    st.text(
        st.sampled_from("陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐會員編號姓名學會臺灣"),
        min_size=4,
        max_size=60,
    )
)
def test_big5_is_known_by_its_characters(text: str) -> None:
    name, found = decode(f"會員編號,姓名\n{text}".encode("cp950"))
    assert (name, found) == ("cp950", f"會員編號,姓名\n{text}")


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert narrow(narrow(text)) == narrow(text)


@settings(max_examples=60)
@given(st.binary(max_size=2000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(ConsortiumError):
        roster = files.read(data)
        assert len(roster.refused) <= roster.read


@settings(max_examples=25)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_read_or_refused(place: int, noise: bytes) -> None:
    for whole in (WORKBOOK, OLD_WORKBOOK, OPEN_DOCUMENT):
        spot = place % len(whole)
        data = whole[:spot] + noise + whole[spot + len(noise) :]
        with suppress(ConsortiumError):
            roster = files.read(data)
            assert len(roster.refused) <= roster.read


WORKBOOK = files.xlsx((files.HEADER, *files.PEOPLE))
OLD_WORKBOOK = files.xls((files.HEADER, *files.PEOPLE))
OPEN_DOCUMENT = files.ods((files.HEADER, *files.PEOPLE))

VALUES = st.sampled_from(["讲师", "副教授", "教授", "院士"])


@given(
    start=VALUES,
    steps=st.lists(st.one_of(st.none(), VALUES), min_size=1, max_size=6),
    data=st.data(),
)
def test_undone_imports_leave_what_the_others_say(
    start: str, steps: list[str | None], data: st.DataObject
) -> None:
    """Whatever the order of undoing, the field is what the imports still in force last said."""
    current: dict[str, object] = {"title": start}
    lines: list[tuple[str | None, Line]] = []
    for said in steps:
        line = Line("update", BITS["title"] if said else 0, {})
        if said and said != current["title"]:
            line.changes["title"] = (current["title"], said)
            current["title"] = said
        lines.append((said, line))
    while lines:
        place = data.draw(st.integers(0, len(lines) - 1))
        _, line = lines.pop(place)
        current.update(unwind(line, [one for _, one in lines[place:]], current).restore)
        expected = start
        for said, _ in lines:
            expected = said or expected
        assert current["title"] == expected


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["x", "y", None])), max_size=6))
def test_matching_never_picks_one_of_two(people: list[tuple[str, str | None]]) -> None:
    known = [
        Known(
            member_id=UUID(int=place),
            person_id=UUID(int=place),
            is_withdrawn=False,
            terms=(),
            values={"member_number": str(place), "name": name, "mobile": mobile},
        )
        for place, (name, mobile) in enumerate(people)
    ]
    found = Index(known).match({"name": "A", "mobile": "x"}, ())
    alike = [one for one in known if one.values["name"] == "A" and one.values["mobile"] == "x"]
    assert (found.found is not None) == (len(alike) == 1)
    assert (found.fault is not None) == (len(alike) > 1)


def test_terms_are_among_the_fields() -> None:
    assert set(BITS).issuperset(TERM_FIELDS)
    assert date(9000, 1, 1) < OPEN_END
