import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import SYSTEM
from events.errors import ListUnreadable
from events.rules.ccf_dates import parse_dates
from events.rules.ccf_list import read_editions
from events.services import listings, reads
from events.values import EventKind
from tests.events.worlds import House, officer

DATA = Path(reads.__file__).parents[1] / "data" / "ccf-conferences.jsonl"

WRITTEN = [
    ("February 16-23, 2027", "2027-02-16", "2027-02-23", "day", "year-differs"),
    ("February 22 - March 1, 2026", "2026-02-22", "2026-03-01", "day", None),
    ("29 June - 3 July, 2026", "2026-06-29", "2026-07-03", "day", None),
    ("January 31 - 4 February, 2026", "2026-01-31", "2026-02-04", "day", None),
    ("December 28 - January 2, 2027", "2026-12-28", "2027-01-02", "day", None),
    ("Dec 30, 2026 - Jan 2, 2027", "2026-12-30", "2027-01-02", "day", None),
    ("May 3rd\u20135th, 2026", "2026-05-03", "2026-05-05", "day", None),
    ("Mon 4 to Wed 6 May 2026", "2026-05-04", "2026-05-06", "day", None),
    ("Oct. 6-10, 2026", "2026-10-06", "2026-10-10", "day", None),
    ("May 03, 2026", "2026-05-03", "2026-05-03", "day", None),
    ("November 22-26 2026", "2026-11-22", "2026-11-26", "day", None),
    ("August 30 - Septemper 1, 2026", "2026-08-30", "2026-09-01", "day", None),
    ("November 30 - December 3", "2026-11-30", "2026-12-03", "day", "year-assumed"),
    ("June 18-23, 2022", "2022-06-18", "2022-06-23", "day", "year-differs"),
    ("2026-03-05 to 2026-03-08", "2026-03-05", "2026-03-08", "day", None),
    ("2026年3月5日至8日", "2026-03-05", "2026-03-08", "day", None),
    ("2026年12月30日-2027年1月2日", "2026-12-30", "2027-01-02", "day", None),
    ("March 31-April 2, 2026 (Virtual)", "2026-03-31", "2026-04-02", "day", None),
    ("Dec, 2026", "2026-12-01", "2026-12-31", "month", None),
    ("March-April, 2026", "2026-03-01", "2026-04-30", "month", None),
    ("February 2026 (exact dates TBD)", "2026-02-01", "2026-02-28", "month", None),
    ("2026", "2026-01-01", "2026-12-31", "year", None),
    ("TBD", "2026-01-01", "2026-12-31", "year", "to-be-announced"),
    ("To be announced", "2026-01-01", "2026-12-31", "year", "to-be-announced"),
]
UNREADABLE = [
    ("Extended", "date-unreadable"),
    ("", "date-unreadable"),
    ("See web", "date-unreadable"),
    ("May 3-5 and 8-10, 2026", "date-unreadable"),
    ("12", "date-unreadable"),
    ("February 30, 2026", "date-impossible"),
    ("2026-13-01", "date-impossible"),
    ("May 9-3, 2026", "date-reversed"),
    ("January 1 - December 31, 2026", "date-too-long"),
]


@pytest.mark.parametrize(("text", "start", "end", "precision", "code"), WRITTEN)
def test_dates_are_read_as_they_are_written(
    text: str, start: str, end: str, precision: str, code: str | None
) -> None:
    found = parse_dates(text, year=2026)
    assert (str(found.start), str(found.end), found.precision, found.code) == (
        start,
        end,
        precision,
        code,
    )


@pytest.mark.parametrize(("text", "code"), UNREADABLE)
def test_a_date_that_cannot_be_read_says_why(text: str, code: str) -> None:
    found = parse_dates(text, year=2026)
    assert (found.is_parsed, found.code) == (False, code)


def test_at_least_995_of_1000_editions_are_read_and_the_others_are_listed() -> None:
    editions = list(read_editions(DATA.read_text(encoding="utf-8").splitlines()))
    unread = [edition for edition in editions if not edition.dates.is_parsed]
    assert len(editions) == 1160
    assert [(edition.edition, edition.text, edition.dates.code) for edition in unread] == [
        ("hotsec21", "Extended", "date-unreadable")
    ]
    assert 1 - len(unread) / len(editions) >= 0.995
    assert len({edition.uid for edition in editions}) == len(editions)


def test_an_import_lists_once_and_again_changes_nothing(house: House) -> None:
    text = DATA.read_text(encoding="utf-8")
    first = listings.import_conferences(SYSTEM, text=text, society="comp")
    assert (first.create, first.update, first.unchanged, len(first.unparsed)) == (1159, 0, 0, 1)
    again = listings.import_conferences(SYSTEM, text=text, society="comp")
    assert (again.create, again.update, again.unchanged) == (0, 0, 1159)


def edition(text: str) -> str:
    conf = {"year": 2026, "id": "fse26", "link": "", "date": text, "place": "Rome"}
    return json.dumps({"title": "FSE", "description": "Fast", "dblp": "fse", "confs": [conf]})


def test_a_moved_edition_keeps_its_uid_and_raises_its_sequence(house: House) -> None:
    listings.import_conferences(SYSTEM, text=edition("October 5-9, 2026"), society="comp")
    (before,), _more = reads.list_events(kinds=(EventKind.LISTED,))
    moved = listings.import_conferences(SYSTEM, text=edition("May 4-6, 2026"), society="comp")
    (after,), _more = reads.list_events(kinds=(EventKind.LISTED,))
    assert (moved.update, after.uid, after.slug) == (1, before.uid, before.slug)
    assert (after.starts_on, after.ends_on) == (date(2026, 5, 4), date(2026, 5, 6))


def test_days_begin_in_the_zone_of_the_society_that_lists(house: House) -> None:
    listings.import_conferences(SYSTEM, text=edition("May 4-6, 2026"), society="comp")
    (found,), _more = reads.list_events(kinds=(EventKind.LISTED,))
    assert (found.starts_at.isoformat(), found.ends_at.isoformat()) == (
        "2026-05-03T16:00:00+00:00",
        "2026-05-06T16:00:00+00:00",
    )


def test_a_line_that_is_no_conference_is_named(house: House) -> None:
    with pytest.raises(ListUnreadable) as refused:
        listings.import_conferences(SYSTEM, text=f"{edition('TBD')}\nnonsense", society="comp")
    assert refused.value.params == {"line": 2}
    assert reads.list_events(kinds=(EventKind.LISTED,)) == ((), None)


def test_who_may_list(house: House) -> None:
    listings.import_conferences(officer("phys"), text=edition("TBD"), society="phys")
    for principal, society in ((officer("phys"), "comp"), (officer("phys"), None)):
        with pytest.raises(Forbidden):
            listings.import_conferences(principal, text=edition("TBD"), society=society)


def run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["events", "import", *words, "--json"])


def test_the_command_prints_a_row_an_edition_and_exits_3_for_unread_ones(
    house: House, app: Flask, tmp_path: Path
) -> None:
    file = tmp_path / "list.jsonl"
    file.write_text(edition("May 4-6, 2026") + "\n" + edition("Extended"), encoding="utf-8")
    done = run(app, str(file), "--format", "ccf")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 3
    assert [(r["start"], r["end"], r["precision"], r["code"]) for r in rows] == [
        ("2026-05-04", "2026-05-06", "day", None),
        (None, None, None, "date-unreadable"),
    ]
    assert reads.list_events(kinds=(EventKind.LISTED,)) == ((), None)

    file.write_text(edition("May 4-6, 2026"), encoding="utf-8")
    done = run(app, str(file), "--format", "ccf", "--apply", "--society", "comp")
    assert done.exit_code == 0
    assert len(reads.list_events(kinds=(EventKind.LISTED,))[0]) == 1

    file.write_bytes(b"\n\xff")
    done = run(app, str(file), "--format", "ccf")
    assert (done.exit_code, json.loads(done.stdout)["code"]) == (1, "list-unreadable")
