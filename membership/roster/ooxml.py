"""What .xlsx says beyond values: the date system, number formats that pad with zeros, errors."""

import html
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from membership.roster.container import pieces
from membership.roster.values import UNCALCULATED

_TAIL: Final = 8 << 20
_EPOCH: Final = re.compile(rb'<(?:\w+:)?workbookPr[^>]*\bdate1904\s*=\s*"(?:1|true|on)"')
_SHEET: Final = re.compile(rb"<(?:\w+:)?sheet\s([^>]*)/?>")
_RELATION: Final = re.compile(rb"<(?:\w+:)?Relationship\s([^>]*)/?>")
_FORMAT: Final = re.compile(rb"<(?:\w+:)?numFmt\s([^>]*)/?>")
_CELL_FORMATS: Final = re.compile(rb"<(?:\w+:)?cellXfs[^>]*>(.*?)</(?:\w+:)?cellXfs>", re.DOTALL)
_CELL_FORMAT: Final = re.compile(rb"<(?:\w+:)?xf\s([^>]*)/?>")
_ATTRIBUTE: Final = re.compile(rb'([\w:]+)\s*=\s*"([^"]*)"')
_ZEROS: Final = re.compile(r'(?:"([^"]{0,8})"|\\?([A-Za-z]))?(0{2,20})(?:_.)?(?:;.*)?', re.DOTALL)
_CELL: Final = re.compile(
    rb'<c r="([A-Z]{1,3})(\d+)"([^>]*)>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>([^<]*)</v>'
)
# A formula without a stored result, up to the end of its cell; found by its own tag, because most
# sheets have none. An empty text (t="str") is a result.
_FORMULA: Final = b"<f"
_UNSTORED: Final = re.compile(rb"<f(?:\s[^<>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>")
_ERROR: Final = b't="e"'
# A filter hides the rows that it leaves out; columns are hidden by a tag of their own.
_HIDDEN: Final = b" hidden="
_HIDDEN_ROW: Final = re.compile(
    rb'<row(?=[^<>]*? hidden="(?:1|true)")[^<>]*? r="(\d{1,7})"', re.IGNORECASE
)
MARKS: Final = (_FORMULA, _ERROR, _HIDDEN)
"""A sheet without any of these shows its cells as it holds them, but for formats of zeros."""

_OPENING: Final = b"<c "
_LONGEST_TAG: Final = 512
_PLACE: Final = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_PART: Final = re.compile(r"^/?(?:xl/)?")


class Shown(NamedTuple):
    """What a sheet shows otherwise: texts by row and column, and hidden rows, all from 0."""

    texts: Mapping[tuple[int, int], str]
    hidden: frozenset[int]


@dataclass(frozen=True, slots=True)
class Extras:
    """`sheets` maps a sheet's name to its part; `formats` an xf index to prefix and width.

    `marked` are the parts that hold one of `MARKS`.
    """

    epoch_1904: bool
    sheets: Mapping[str, str]
    formats: Mapping[bytes, tuple[str, int]]
    marked: frozenset[str]


def padding_of(code: str) -> tuple[str, int] | None:
    """Return prefix and width of a number format made of zeros, None for any other.

    >>> padding_of("00000"), padding_of('"M"0000'), padding_of("0.00"), padding_of("0")
    (('', 5), ('M', 4), None, None)
    """
    found = _ZEROS.fullmatch(html.unescape(code).strip())
    return (found[1] or found[2] or "", len(found[3])) if found else None


def read_extras(data: bytes, *, marked: frozenset[str]) -> Extras:
    """Read the date system, the parts of the sheets and the padding number formats."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        workbook = _read(archive, names, "xl/workbook.xml")
        relations = _read(archive, names, "xl/_rels/workbook.xml.rels")
        styles = _read(archive, names, "xl/styles.xml")
    return Extras(
        epoch_1904=_EPOCH.search(workbook) is not None,
        sheets=_parts(workbook, relations),
        formats=_formats(styles),
        marked=marked,
    )


def _read(archive: zipfile.ZipFile, names: set[str], name: str) -> bytes:
    return archive.read(name)[:_TAIL] if name in names else b""


def _attributes(text: bytes) -> dict[str, str]:
    found = _ATTRIBUTE.findall(text)
    return {name.decode(): html.unescape(value.decode("utf-8", "replace")) for name, value in found}


def _parts(workbook: bytes, relations: bytes) -> dict[str, str]:
    targets = {}
    for found in _RELATION.finditer(relations):
        relation = _attributes(found[1])
        targets[relation.get("Id", "")] = _PART.sub("xl/", relation.get("Target", ""), count=1)
    parts = {}
    for found in _SHEET.finditer(workbook):
        sheet = _attributes(found[1])
        identity = next((value for name, value in sheet.items() if name.endswith(":id")), "")
        parts[sheet.get("name", "")] = targets.get(identity, "")
    return parts


def _formats(styles: bytes) -> dict[bytes, tuple[str, int]]:
    padding = {}
    for found in _FORMAT.finditer(styles):
        made = _attributes(found[1])
        width = padding_of(made.get("formatCode", ""))
        if width is not None:
            padding[made.get("numFmtId", "")] = width
    section = _CELL_FORMATS.search(styles)
    if section is None or not padding:
        return {}
    found_formats = [_attributes(found[1]) for found in _CELL_FORMAT.finditer(section[1])]
    return {
        str(index).encode(): padding[form["numFmtId"]]
        for index, form in enumerate(found_formats)
        if form.get("numFmtId") in padding
    }


def read_shown(data: bytes, extras: Extras, sheet: str) -> Shown:
    """Return the cells of a sheet that show other than they hold, and its hidden rows.

    The cells are whole numbers under a format of zeros (00042), formula errors (#N/A), and formulas
    whose result the file does not hold, as programs write them that cannot calculate.
    """
    part = extras.sheets.get(sheet, "")
    if not extras.formats and part not in extras.marked:
        return Shown({}, frozenset())
    shown: dict[tuple[int, int], str] = {}
    hidden: set[int] = set()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if part not in archive.namelist():
            return Shown(shown, frozenset())
        for text in _rows(archive, part, wanted=bool(extras.formats)):
            for found in _CELL.finditer(text) if extras.formats or _ERROR in text else ():
                place = _place(found[1], found[2])
                said = _say(found[3], found[4], extras.formats)
                if said is not None:
                    shown[place] = said
            if _FORMULA in text:
                shown.update(dict.fromkeys(_find_unstored(text), UNCALCULATED))
            if _HIDDEN in text:
                hidden.update(int(found[1]) - 1 for found in _HIDDEN_ROW.finditer(text))
    return Shown(shown, frozenset(hidden))


def _find_unstored(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places of formulas without a result."""
    for found in _UNSTORED.finditer(text):
        # The cell's own tag stands right before; looking further would take a hostile file's time.
        start = text.rfind(b"<", max(0, found.start() - _LONGEST_TAG), found.start())
        if start < 0 or not text.startswith(_OPENING, start):
            continue
        attributes = _attributes(text[start : text.find(b">", start)])
        place = _PLACE.fullmatch(attributes.get("r", ""))
        if place is not None and attributes.get("t") != "str":
            yield _place(place[1].encode(), place[2].encode())


def _rows(archive: zipfile.ZipFile, part: str, *, wanted: bool) -> Iterator[bytes]:
    """Yield stretches of whole rows; without padding formats only those that hold more to see."""
    kept = b""
    for piece in pieces(archive, part):
        kept += piece[64:]
        end = kept.rfind(b"</row>")
        if end < 0:
            continue
        stretch, kept = kept[:end], kept[end:]
        if wanted or _FORMULA in stretch or _ERROR in stretch or _HIDDEN in stretch:
            yield stretch


def _place(letters: bytes, number: bytes) -> tuple[int, int]:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(number) - 1, column - 1


def _say(attributes: bytes, value: bytes, formats: Mapping[bytes, tuple[str, int]]) -> str | None:
    if b't="e"' in attributes:
        return value.decode("ascii", "replace")
    if b"t=" in attributes and b't="n"' not in attributes:
        return None
    for name, style in _ATTRIBUTE.findall(attributes):
        if name == b"s" and style in formats and value.isdigit():
            prefix, width = formats[style]
            return prefix + value.decode().zfill(width)
    return None
