"""Text files: which encoding is believed, and where a quotation mark swallows rows."""

import pytest

from consortium.kernel.errors import ConsortiumError
from membership.roster.values import Roster
from tests.membership.roster import files
from tests.membership.roster.files import HEADER, PEOPLE, read

NAMES = ["张三", "李四"]
TABLE = (HEADER, *PEOPLE)


def notes_of(roster: Roster) -> list[str]:
    """The codes of its notes."""
    return [note.code for note in roster.notes]


def code_of(data: bytes) -> str:
    """The code with which a file is refused."""
    with pytest.raises(ConsortiumError) as refused:
        read(data)
    return refused.value.code


@pytest.mark.parametrize(
    "name",
    ["José Muñoz", "Zoë Müller", "Åsa Öberg", "Ó Briain", "Françoise d’Été", "Günther Weiß"],
)
def test_western_letters_are_read_and_a_look_at_them_asked_for(name: str) -> None:
    rows = (("Member No.", "Name", "Grade"), ("1001", name, "Senior"))
    roster = read(files.text(rows, "cp1252"))
    assert (roster.encoding, roster.values["name"]) == ("windows-1252", [name])
    assert notes_of(roster) == ["encoding-unsure"]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("cp1251", ["Иванов Иван"]),
        ("cp1251", ["Иванов Иван", "Петров Пётр", "Сидорова Анна", "Мария Кузнецова"]),
        ("koi8_r", ["Иванов Иван"]),
        ("mac_cyrillic", ["Иванов Иван", "Мария Кузнецова"]),
        ("cp1253", ["Αλέξανδρος Παππάς", "Μαρία Νίκου"]),
        ("cp1250", ["Wałęsa Lech"]),
        ("cp1250", ["Łukasz Żak", "Małgorzata Wiśniewska", "Michał Gołąb", "Rafał Dąbrowski"]),
        ("mac_roman", ["José Muñoz"]),
        ("cp949", ["김철수", "이영희", "박지성", "최민호"]),
        ("shift_jis", ["山田太郎", "佐藤花子", "高橋健太"]),
        ("euc_jp", ["山田太郎", "佐藤花子", "高橋健太", "渡辺直人"]),
    ],
)
def test_an_encoding_that_is_not_promised_is_refused_not_guessed(
    encoding: str, names: list[str]
) -> None:
    rows = (("Name", "Member number"), *((name, f"S{place}") for place, name in enumerate(names)))
    assert code_of(files.text(rows, encoding)) == "roster-unreadable"


@pytest.mark.parametrize(
    "names",
    [
        ["喆"],
        ["张伟"],
        ["堃"],
        ["镕"],
        ["李喆", "王堃"],
        ["喆", "䶮"],
        ["刘畅"],
        ["王一"],
        ["郑伟"],
    ],
)
def test_a_small_gb18030_file_under_an_english_header_is_read_and_noted(names: list[str]) -> None:
    rows = (
        ("name", "member number"),
        *((name, f"S96000{place}M") for place, name in enumerate(names)),
    )
    roster = read(files.text((("name", "member number"), *rows), "gb18030"))
    assert (roster.encoding, roster.values["name"]) == ("gb18030", names)
    assert notes_of(roster) == ["encoding-unsure"]


@pytest.mark.parametrize("names", [["陳美玲"], ["王小明", "林志明"], ["黃雅婷"]])
def test_a_small_big5_file_under_an_english_header_is_read_and_noted(names: list[str]) -> None:
    rows = (
        ("name", "member number"),
        *((name, f"S96000{place}M") for place, name in enumerate(names)),
    )
    roster = read(files.text((("name", "member number"), *rows), "cp950"))
    assert (roster.encoding, roster.values["name"]) == ("big5", names)
    assert notes_of(roster) == ["encoding-unsure"]


@pytest.mark.parametrize(
    "name", ["José Muñoz", "Иванов Иван", "Αλέξανδρος", "김철수", "Łukasz Żak"]
)
def test_utf_8_proves_itself_in_every_script(name: str) -> None:
    roster = read(files.text((("name", "member number"), (name, "S1"))))
    assert (roster.encoding, roster.values["name"], notes_of(roster)) == ("utf-8", [name], [])


def test_a_file_that_proves_its_encoding_is_not_noted() -> None:
    names = ("张伟", "王芳", "李娜", "刘洋", "陈静", "赵磊")
    people = [(name, f"S{place}") for place, name in enumerate(names)]
    english = (("name", "member number"), *people)
    assert notes_of(read(files.text(english, "gb18030"))) == []
    assert notes_of(read(files.text(TABLE, "gb18030"))) == []
    assert notes_of(read(files.text((("name", "member number"), ("喆", "S1"))))) == []


def line_of(text: str) -> tuple[str, object]:
    """Code and line with which an open quotation mark is refused."""
    with pytest.raises(ConsortiumError) as refused:
        read(text.encode())
    return refused.value.code, refused.value.params.get("line")


NUMBERED = "".join(f"王{'一二三四五六七八'[place]},S95{place:04}M,北大\n" for place in range(8))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('姓名,会员号,单位\n张三,S950009M,"清华大学\n' + NUMBERED, 2),
        ("姓名,会员号,单位\n" + NUMBERED + '张三,S950009M,"清华大学', 10),
        (
            "姓名,会员号,单位\n"
            + NUMBERED
            + '张三,S950009M,"清华\n李四,S950010M,北大"\n'
            + NUMBERED,
            10,
        ),
        ('姓名,会员号,单位\n张三,S950009M,"清华\n' + NUMBERED + '李四,S950010M,"北大"\n', 2),
        ('姓名,单位,会员号\n张三,"清华,S950009M\n李四,"北大",S950010M\n王五,北大,S950011M\n', 2),
        ('姓名,会员号\n"张三,S950009M\n' + NUMBERED.replace(",北大", "") + '"李四",S950010M\n', 2),
        ('姓名,会员号,单位\r\n张三,S1,"清华\r\n李四,S2,北大\r\n', 2),
        ('姓名,会员号,单位\n张三,S1,"' + "清华大学\n" * 9000, 2),
    ],
)
def test_a_quotation_mark_left_open_is_refused_with_its_line(text: str, line: int) -> None:
    assert line_of(text) == ("roster-damaged", line)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('"山东大学\n数学学院"', "山东大学 数学学院"),
        ('"山东大学,\n数学学院,\n济南"', "山东大学, 数学学院, 济南"),
        ('"Dept. of Mathematics\nUniversity Road, Jinan, China"', None),
        ('"他们说""好""\n大学"', '他们说"好" 大学'),
        ('5" 望远镜厂', '5" 望远镜厂'),
        ('"老"字号', "老字号"),
    ],
)
def test_a_cell_of_several_lines_is_no_damage(cell: str, said: str | None) -> None:
    text = f"姓名,会员号,单位\n张三,S1,{cell}\n李四,S2,北大\n王五,S3,清华\n"
    roster = read(text.encode())
    assert roster.values["name"] == ["张三", "李四", "王五"]
    assert said is None or roster.values["employer"][0] == said


def test_commas_of_a_chinese_keyboard_part_cells_if_every_line_has_them() -> None:
    rows = (HEADER, *PEOPLE)
    assert read(files.text(rows, delimiter="，")).values["name"] == NAMES
    uneven = files.text((*rows, ("M0003", "王五")), delimiter="，")
    assert code_of(uneven) == "roster-header-missing"


def test_a_row_of_more_cells_than_the_header_is_refused_at_the_first_surplus_one() -> None:
    head = (*HEADER, "工作单位", "职称")
    rows = (
        head,
        (*PEOPLE[0], "北京大学", "教授", "", ""),
        (*PEOPLE[1], "北京大学", "物理学院", "副教授"),
        ("M0003", "王五", "普通会员", "北京大学", "物理学院", "", "", "教授"),
    )
    roster = read(files.text(rows))
    assert [(fault.cell, fault.code) for fault in roster.faults] == [
        ("G3", "row-too-long"),
        ("H4", "row-too-long"),
    ]


def test_a_row_below_a_header_that_leaves_its_last_column_nameless_is_no_longer() -> None:
    rows = ((*HEADER, ""), (*PEOPLE[0], "x"))
    assert read(files.text(rows)).faults == ()
