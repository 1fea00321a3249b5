"""Lists of conferences in the form of ccf-deadlines: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from events.rules.ccf_dates import StatedDates, parse_dates


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of a conference, as a calendar entry.

    `uid` is made of the list's own ids, so the same edition keeps it for ever.
    """

    uid: str
    edition: str
    title: str
    name: str
    place: str
    link: str
    text: str
    dates: StatedDates


class LineUnreadable(ValueError):
    """A line is no conference; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        """Keep the line's number."""
        self.line = line
        super().__init__(f"line {line}")


def read_editions(lines: Iterable[str]) -> Iterator[Edition]:
    r"""Read every edition of every conference of a list.

    Raises:
        LineUnreadable: a line is not a conference of this form.

    >>> line = '{"title":"FSE","description":"Fast","dblp":"fse","confs":[{"year":2023,' \
    ...     '"id":"fse23","link":"","date":"March 20-24, 2023","place":"Beijing, China"}]}'
    >>> [(e.uid, e.title, e.dates.start.isoformat()) for e in read_editions([line])]
    [('fse23.fse.2023@ccfddl', 'FSE 2023', '2023-03-20')]
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield from _read_line(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise LineUnreadable(number) from None


def _read_line(row: dict[str, Any]) -> Iterator[Edition]:
    title, series = str(row["title"]), str(row.get("dblp") or row["title"])
    for found in row["confs"]:
        year = int(found["year"])
        if not 1900 <= year <= 2199:
            raise ValueError(year)
        text = str(found["date"])
        yield Edition(
            uid=f"{found['id']}.{series}.{year}@ccfddl",
            edition=str(found["id"]),
            title=f"{title} {year}",
            name=str(row.get("description") or title),
            place=str(found.get("place") or ""),
            link=str(found.get("link") or ""),
            text=text,
            dates=parse_dates(text, year=year),
        )
