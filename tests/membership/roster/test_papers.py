"""Papers, addresses and other traits: what is written, what is read and what is refused."""

from datetime import date
from typing import Any

import pytest

from membership.roster.characters import fold, read_text
from membership.roster.contacts import read_email, read_gender
from membership.roster.identity import born_on, check_digit, read_national_id, read_orcid
from tests.membership.roster import files
from tests.membership.roster.files import read
from tests.membership.roster.test_cells import code_of, value


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("11010519491231002X", "11010519491231002X"),
        ("11010519491231002x", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        ("110105 19491231 002X", "11010519491231002X"),
        ("110105491231002", "11010519491231002X"),
        (110105491231002.0, "11010519491231002X"),
        ("'440524188001010014", "440524188001010014"),
        ("H12345678", "H12345678"),
        ("H1234567801", "H12345678"),
        ("M12345678", "M12345678"),
        ("03921847", "03921847"),
        ("1234567890(B)", "1234567890(B)"),
        ("E12345678", "E12345678"),
        ("EA1234567", "EA1234567"),
        ("G12345678", "G12345678"),
        ("P1234567", "P1234567"),
        ("K0123456", "K0123456"),
        ("CHN110105123456", "CHN110105123456"),
        ("A123456789", "A123456789"),
        ("a223456781", "A223456781"),
        ("A123456(3)", "A1234563"),
        ("Ａ123456（3）", "A1234563"),
        ("AB987654(3)", "AB9876543"),
        ("911124198108030024", "911124198108030024"),
        ("无", None),
    ],
)
def test_papers_of_every_kind_are_read(cell: Any, number: str | None) -> None:
    assert read_national_id(cell) == number


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("110105194912310021", "national-id-check-digit"),
        ("3.70102E+17", "national-id-rounded"),
        ("3.70102198001011E+17", "national-id-rounded"),
        (370102198001011234.0, "national-id-rounded"),
        ("370102198001011000", "national-id-rounded"),
        ("990105194912310022", "national-id-check-digit"),
        ("11010519491331002" + check_digit("11010519491331002"), "national-id-invalid"),
        ("01010519491231002" + check_digit("01010519491231002"), "national-id-invalid"),
        ("A123456788", "national-id-check-digit"),
        ("A123456(7)", "national-id-check-digit"),
        ("99010519491231002" + check_digit("99010519491231002"), "national-id-invalid"),
        ("12345", "national-id-invalid"),
        ("张三", "national-id-invalid"),
    ],
)
def test_an_identity_number_that_cannot_be_is_refused(cell: Any, code: str) -> None:
    assert code_of(read_national_id, cell) == code


def test_an_identity_number_states_the_birth_date() -> None:
    assert born_on("11010519491231002X") == date(1949, 12, 31)


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("li.wei@math.example", "li.wei@math.example"),
        ("Li.Wei＠Math.Example", "li.wei@math.example"),
        ("li.wei@math。example", "li.wei@math.example"),
        (" li.wei@math.example ", "li.wei@math.example"),
        ("<li.wei@math.example>", "li.wei@math.example"),
        ("mailto:li.wei@math.example", "li.wei@math.example"),
        ("a@x.example;b@y.example", "a@x.example"),
        ("a@x.example，b@y.example", "a@x.example"),
        ("bad;b@y.example", "b@y.example"),
        ("li@数学.中国", "li@数学.中国"),
        ("-", None),
    ],
)
def test_an_e_mail_address_is_found(cell: str, address: str | None) -> None:
    assert value(read_email(cell)) == address


@pytest.mark.parametrize(
    "cell", ["li.wei", "li@", "@math.example", "li@math", "li@@math.example", 5.0]
)
def test_what_is_no_e_mail_address_is_refused(cell: Any) -> None:
    assert code_of(read_email, cell) == "email-invalid"


@pytest.mark.parametrize(
    ("cell", "gender"),
    [
        ("男", "male"), ("女", "female"), ("M", "male"), ("f", "female"), ("Male", "male"),
        (1.0, "male"), ("2", "female"), ("先生", "male"), ("女士", "female"), ("男性", "male"),
        ("保密", None), ("", None),
    ],
)  # fmt: skip
def test_gender_is_read(cell: Any, gender: str | None) -> None:
    assert read_gender(cell) == gender


def test_an_unknown_gender_is_refused() -> None:
    assert code_of(read_gender, "汉族") == "gender-unknown"


@pytest.mark.parametrize(
    "cell",
    [
        "0000-0002-1825-0097", "https://orcid.org/0000-0002-1825-0097", "0000000218250097",
        "orcid.org/0000-0002-1825-0097/", "０000-0002-1825-0097",
    ],
)  # fmt: skip
def test_an_orcid_is_read(cell: str) -> None:
    assert read_orcid(cell) == "0000-0002-1825-0097"


def test_an_orcid_may_end_in_x() -> None:
    assert read_orcid("0000-0002-1694-233x") == "0000-0002-1694-233X"


@pytest.mark.parametrize("cell", ["0000-0002-1825-0098", "0000-0002-1825", "x"])
def test_an_orcid_with_a_wrong_check_digit_is_refused(cell: str) -> None:
    assert code_of(read_orcid, cell) == "orcid-invalid"


def test_free_text_is_trimmed_and_damage_refused() -> None:
    assert read_text("  山东大学\u3000数学学院\n") == "山东大学 数学学院"
    assert code_of(read_text, "山东\ufffd学") == "text-damaged"


@pytest.mark.parametrize("cell", [True, False, 0, 0.0, "0", "TRUE", "FALSE"])
def test_what_a_formula_left_behind_is_no_text(cell: Any) -> None:
    assert code_of(read_text, cell) == "text-invalid"


def test_folding_meets_across_scripts_and_widths() -> None:
    assert fold("會員 級別") == fold("会员级别") == fold("会員級别")


@pytest.mark.parametrize(
    "cell",
    ["000000", "111111111", "1" * 15, "2" * 18, "1234567", "987654", 19750305, "19750305"],
)
def test_what_only_fills_the_cell_is_left_out_and_noted(cell: Any) -> None:
    rows = (("会员号", "姓名", "身份证号"), ("1", "张三", cell))
    roster = read(files.xlsx(rows))
    assert (roster.faults, roster.values["national_id"]) == ((), [None])
    assert [note.code for note in roster.notes] == ["national-id-placeholder"]


@pytest.mark.parametrize("cell", ["19751305", "E11111111", "30210001"])
def test_what_only_resembles_a_placeholder_is_a_number(cell: str) -> None:
    assert read_national_id(cell) == cell
