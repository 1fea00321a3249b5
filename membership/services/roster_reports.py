"""The report of an import: what was read, what would change or did, and every refused cell."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from dataclasses import field as attribute
from itertools import islice
from typing import Any
from uuid import UUID

from consortium.kernel.errors import fill
from membership.roster.changes import encode_value
from membership.roster.plan import Plan
from membership.roster.values import Fault, Roster

COUNTS = ("read", "create", "update", "unchanged", "refused")
_CELLS_PER_NOTE = 20
_ROWS_PER_KIND = 100
_CHANGES_KEPT = 2000
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Note:
    """Something changed or left out without refusing: how often, and the first cells."""

    code: str
    message: str
    field: str | None
    count: int
    cells: tuple[str, ...]
    params: Mapping[str, str] = attribute(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import found; `read` is the sum of the four outcomes.

    `header_row` is the row under which the data begin (of a two-row header the lower one), 1 being
    the first. `state` is `read` (a dry run), `applied` or `undone`. Messages are untranslated and
    their places are filled by `params`. `changes` are the first of the `changed_cells`: what is on
    file of a member and what the roster says instead, `open` being a term without end; of identity
    numbers only that they differ.
    """

    import_id: UUID
    society: str
    state: str
    file_name: str
    kind: str
    encoding: str | None
    sheet: str | None
    header_row: int
    header_rows: tuple[int, ...]
    sheets: tuple[Mapping[str, Any], ...]
    columns: tuple[Mapping[str, Any], ...]
    not_imported: tuple[str, ...]
    read: int
    create: int
    update: int
    unchanged: int
    refused: int
    skipped: Mapping[str, int]
    refusals: tuple[Mapping[str, Any], ...]
    notes: tuple[Note, ...] = attribute(default=())
    # Reports of 30 days ago lack it.
    skipped_rows: Mapping[str, Iterable[int]] = attribute(default_factory=dict)
    changes: tuple[Mapping[str, Any], ...] = attribute(default=())
    changed_cells: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """The five numbers by name."""
        return {name: getattr(self, name) for name in COUNTS}

    def in_state(self, state: str) -> "Report":
        """The same report after the import was applied or undone."""
        return replace(self, state=state)

    def dump(self) -> bytes:
        """The report as JSON bytes, for the encrypted file beside the roster."""
        return json.dumps(asdict(self), ensure_ascii=False, default=str).encode()

    def as_json(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        """The report as the command prints it, with messages in the reader's language."""
        shown = asdict(self)
        shown["import_id"] = str(self.import_id)
        for entry in (*shown["refusals"], *shown["notes"]):
            entry["message"] = fill(translate(entry["message"]), entry.pop("params", {}))
        return shown


def load_report(data: bytes) -> Report:
    """Read back what `Report.dump` wrote."""
    found = json.loads(data)
    notes = tuple(Note(**{**note, "cells": tuple(note["cells"])}) for note in found.pop("notes"))
    for name in ("header_rows", "sheets", "columns", "not_imported", "refusals", "changes"):
        found[name] = tuple(found.get(name, ()))
    return Report(**{**found, "import_id": UUID(found["import_id"]), "notes": notes})


def make_report(
    roster: Roster, plan: Plan, *, import_id: UUID, society: str, file_name: str, state: str
) -> Report:
    """Put together what the reader found and what the plan would do."""
    return Report(
        import_id=import_id,
        society=society,
        state=state,
        file_name=file_name,
        kind=roster.kind,
        encoding=roster.encoding,
        sheet=roster.sheet,
        header_row=roster.header_rows[-1],
        header_rows=roster.header_rows,
        sheets=tuple(asdict(sheet) for sheet in roster.sheets),
        columns=tuple(
            {
                "source": column.source,
                "field": column.field,
                "confidence": column.confidence,
                "letter": column.letter,
                "reason": column.reason,
            }
            for column in roster.columns
        ),
        not_imported=tuple(
            column.source for column in roster.columns if column.reason == "sensitive"
        ),
        read=roster.read,
        create=plan.count("create"),
        update=plan.count("update"),
        unchanged=plan.count("unchanged"),
        refused=plan.count("refused"),
        skipped=roster.skipped,
        refusals=tuple(_refusal(fault) for fault in _in_order(plan.faults)),
        notes=tuple(_group(plan.notes)),
        skipped_rows={
            kind: places[:_ROWS_PER_KIND] for kind, places in roster.skipped_rows.items()
        },
        changes=tuple(islice(_changed(plan), _CHANGES_KEPT)),
        changed_cells=sum(len(planned.all_changes) for planned in plan.planned),
    )


def _changed(plan: Plan) -> Iterator[dict[str, Any]]:
    for planned in plan.planned:
        held = planned.known.values if planned.known else {}
        for name, (before, after) in planned.all_changes.items():
            yield {
                "row": planned.row,
                "member_number": held.get("member_number") or planned.values.get("member_number"),
                "name": held.get("name"),
                "field": name,
                "before": _told(name, before),
                "after": _told(name, after),
            }


def _told(name: str, value: object) -> object:
    is_digest = name == "national_id" and value is not None
    return _HIDDEN if is_digest else encode_value(value)


def _in_order(faults: Iterable[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: fault.row)


def _refusal(fault: Fault) -> dict[str, Any]:
    return {**fault._asdict(), "params": dict(fault.params)}


def _group(notes: Iterable[Fault]) -> list[Note]:
    groups: dict[tuple[object, ...], tuple[Fault, list[str]]] = {}
    for note in notes:
        key = (note.code, note.message, note.field, *note.params.items())
        groups.setdefault(key, (note, []))[1].append(note.cell or str(note.row))
    return [
        Note(
            note.code,
            note.message,
            note.field,
            len(cells),
            tuple(cells[:_CELLS_PER_NOTE]),
            dict(note.params),
        )
        for note, cells in groups.values()
    ]
