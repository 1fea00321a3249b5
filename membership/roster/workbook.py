"""Workbooks to grids: .xlsx and .ods by python-calamine, .xls with what BIFF alone tells."""

import io
import pickle
import struct
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import olefile

from membership.roster import biff, isolated, ooxml
from membership.roster.container import (
    OVERLAP,
    decrypt,
    detect_kind,
    guard_zip,
    is_encrypted_xls,
    pieces,
)
from membership.roster.errors import (
    RosterDamaged,
    RosterEmpty,
    RosterEncrypted,
    RosterTooLarge,
    RosterUncalculated,
)
from membership.roster.extent import has_uncalculated
from membership.roster.values import Book, Cell, Grid

ROW_LIMIT: Final = 200_000
COLUMN_LIMIT: Final = 1_000
_SHEET_LIMIT: Final = 60
_WAIT_SECONDS: Final = 120
_CONTENT: Final = "content.xml"


def read_workbook(data: bytes, kind: str) -> Book:
    """Read every sheet of a workbook, hidden ones too; formulas count by their values.

    Raises:
        RosterDamaged: cut short or not as its format demands.
        RosterEncrypted: it asks for a password.
        RosterTooLarge: it unpacks to more than a roster can be.
        RosterUncalculated: an OpenDocument sheet has formulas without their results.
    """
    if kind == "encrypted":
        data = decrypt(data)
        kind = detect_kind(data)
    if kind == "xls":
        return _read_xls(data)
    marked = guard_zip(data, kind, marks=ooxml.MARKS if kind == "xlsx" else ())
    if kind == "ods":
        _refuse_uncalculated(data)
    grids = _read_grids(data)
    if kind != "xlsx":
        return Book(kind=kind, encoding=None, grids=grids)
    try:
        extras = ooxml.read_extras(data, marked=marked)
        grids = tuple(
            _overlay(grid, ooxml.read_shown(data, extras, grid.name or "")) for grid in grids
        )
    except (zipfile.BadZipFile, ValueError, KeyError, OSError) as error:
        raise RosterDamaged from error
    return Book(kind=kind, encoding=None, grids=grids, epoch_1904=extras.epoch_1904)


def _refuse_uncalculated(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if _CONTENT in archive.namelist() and has_uncalculated(
            piece[OVERLAP:] for piece in pieces(archive, _CONTENT)
        ):
            raise RosterUncalculated


def _read_xls(data: bytes) -> Book:
    stream = _workbook_stream(data)
    if is_encrypted_xls(stream):
        data = decrypt(data)
        stream = _workbook_stream(data)
    grids = _read_grids(data)
    try:
        extras = biff.read_extras(stream)
        grids = tuple(
            _overlay(grid, biff.read_shown(stream, extras, grid.name or "")) for grid in grids
        )
    except (struct.error, IndexError, ValueError) as error:
        raise RosterDamaged from error
    return Book(kind="xls", encoding=None, grids=grids, epoch_1904=extras.epoch_1904)


def _workbook_stream(data: bytes) -> bytes:
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            name = "Workbook" if ole.exists("Workbook") else "Book"
            return ole.openstream(name).read()
    except (OSError, ValueError, IndexError, TypeError, struct.error) as error:
        raise RosterDamaged from error


def _read_grids(data: bytes) -> tuple[Grid, ...]:
    """Read the sheets in a process that a bad file may bring down, and in no other."""
    limits = [str(limit) for limit in (ROW_LIMIT, COLUMN_LIMIT, _SHEET_LIMIT)]
    try:
        done = subprocess.run(  # noqa: S603  our own file, under our own interpreter
            [sys.executable, "-I", str(Path(isolated.__file__)), *limits],
            input=data,
            capture_output=True,
            check=False,
            timeout=_WAIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise RosterTooLarge(limit=f"{_WAIT_SECONDS} s") from error
    if done.returncode == isolated.ENCRYPTED:
        raise RosterEncrypted
    if done.returncode != 0:
        raise RosterDamaged
    # Written by our own process, never by the file.
    grids = tuple(_read_grid(*sheet) for sheet in pickle.loads(done.stdout))  # noqa: S301
    if not any(grid.rows for grid in grids):
        raise RosterEmpty
    return grids


def _read_grid(
    name: str,
    visible: bool,
    rows: list[list[Cell]] | None,
    merged: list[tuple[tuple[int, int], tuple[int, int]]],
) -> Grid:
    if rows is None:
        raise RosterTooLarge(limit=f"{ROW_LIMIT:,} rows, {COLUMN_LIMIT:,} columns")
    return Grid(name, visible, rows, tuple((*first, *last) for first, last in merged))


def _overlay(grid: Grid, shown: ooxml.Shown) -> Grid:
    """Put what cells show in place of what they hold: kept zeros, errors, missing results."""
    for (row, column), text in shown.texts.items():
        if row < ROW_LIMIT and column < COLUMN_LIMIT:
            # Rows of formulas without results look empty to the reader, the last ones too.
            grid.rows.extend([] for _ in range(row + 1 - len(grid.rows)))
            cells = grid.rows[row]
            cells.extend([""] * (column + 1 - len(cells)))
            cells[column] = text
    return replace(grid, hidden=shown.hidden)
