"""What a file really is, by its bytes; and guards against files that grow when opened."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

import msoffcrypto
import olefile
from msoffcrypto import exceptions

from membership.roster.errors import (
    RosterDamaged,
    RosterEmpty,
    RosterEncrypted,
    RosterOldXml,
    RosterTooLarge,
    RosterUnreadable,
)
from membership.roster.extent import RECTANGLE_LIMIT, OdsExtent, may_be_far, measure_sheet

UNPACKED_LIMIT_BYTES: Final = 320 * 1024 * 1024
CELL_LIMIT: Final = 6_000_000
_MEMBER_LIMIT: Final = 4_000
_PIECE: Final = 1 << 20
OVERLAP: Final = 64
"""How many bytes a piece of an archive's member repeats of the one before."""

# Excel protects structure and sheets with this password, so that such files open by themselves.
_DEFAULT_PASSWORD: Final = "VelvetSweatshop"  # noqa: S105  published in [MS-OFFCRYPTO] 2.3.7

# NotImplementedError, an unknown compression, is a RuntimeError; bad names are ValueErrors.
_BAD_ZIP: Final = (
    zipfile.BadZipFile,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)
_SIGNATURES: Final = (
    (b"{\\rtf", "RTF (Word)"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"SQLite format 3", "SQLite"),
    (b"\x7fELF", "ELF"),
    (b"MZ", "Windows EXE"),
)
_WEB_PAGE: Final = re.compile(rb"<(?:html|!doctype html|table|meta|head|style)")
_ENCRYPTED_ODS: Final = b"manifest:encryption-data"


def detect_kind(data: bytes) -> str:
    """Return what the bytes are: `xlsx`, `ods`, `xls`, `encrypted`, `html` or `text`.

    The name of the file is not asked: WPS's .et is one of these, and much that is called .xls is
    a web page.

    Raises:
        RosterEmpty: nothing in it.
        RosterUnreadable: something that is no table, named by what it is.
    """
    head = data[:4096]
    if not data.strip(b"\x00\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise RosterEmpty
    if b"%PDF-" in head[:1024]:
        raise RosterUnreadable(found="PDF")
    if head.startswith(b"PK"):
        return _detect_zip(data)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _detect_ole(data)
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            raise RosterUnreadable(found=found)
    return _detect_text(head)


def _detect_text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if start.startswith((b"<?xml", b"<workbook")) and b"spreadsheet" in head.lower():
        raise RosterOldXml
    if start.startswith(b"<") and _WEB_PAGE.search(start):
        return "html"
    return "text"


def _detect_zip(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:80] if "mimetype" in names else b""
    except _BAD_ZIP as error:
        raise RosterDamaged from error
    if any(name.startswith("xl/workbook.") for name in names):
        if "xl/workbook.bin" in names:
            # Its binary sheets cannot be measured before they are read.
            raise RosterUnreadable(found="XLSB")
        return "xlsx"
    if b"opendocument.spreadsheet" in kind or (not kind and "content.xml" in names):
        return "ods"
    found = "Word" if any(name.startswith("word/") for name in names) else "ZIP"
    raise RosterUnreadable(found=found)


def _detect_ole(data: bytes) -> str:
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            streams = {"/".join(path).lower() for path in ole.listdir()}
    except (OSError, ValueError, IndexError, TypeError, struct.error) as error:
        raise RosterDamaged from error
    if "encryptedpackage" in streams:
        return "encrypted"
    if streams & {"workbook", "book"}:
        return "xls"
    raise RosterUnreadable(found="Word" if "worddocument" in streams else "OLE")


def decrypt(data: bytes) -> bytes:
    """Open a workbook that is only protected against changes; passwords of people are not guessed.

    Raises:
        RosterEncrypted: it asks for a password.
    """
    opened = io.BytesIO()
    try:
        office = msoffcrypto.OfficeFile(io.BytesIO(data))
        office.load_key(password=_DEFAULT_PASSWORD)
        office.decrypt(opened)
    except (
        exceptions.DecryptionError,
        exceptions.FileFormatError,
        exceptions.ParseError,
        OSError,
        ValueError,
        AttributeError,
        KeyError,
    ) as error:
        raise RosterEncrypted from error
    return opened.getvalue()


def is_encrypted_xls(workbook: bytes) -> bool:
    """Say whether a BIFF stream starts with a FILEPASS record ([MS-XLS] 2.4.117)."""
    position = 0
    for _ in range(8):
        kind = int.from_bytes(workbook[position : position + 2], "little")
        if kind == 0x2F:
            return True
        position += 4 + int.from_bytes(workbook[position + 2 : position + 4], "little")
    return False


def guard_zip(data: bytes, kind: str, *, marks: Sequence[bytes] = ()) -> frozenset[str]:
    """Unpack every member once, piece by piece, and refuse what is damaged or grows too large.

    Args:
        data: the file's bytes.
        kind: `xlsx` or `ods`.
        marks: bytes to look for on the way, each shorter than the pieces' overlap.

    Returns:
        The names of the members that hold one of the marks.

    Raises:
        RosterDamaged: cut short, or a check sum is wrong.
        RosterEncrypted: an OpenDocument sheet with a password.
        RosterTooLarge: more bytes or cells than a roster can have.
    """
    left = UNPACKED_LIMIT_BYTES
    marked = set()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > _MEMBER_LIMIT:
                raise RosterTooLarge(limit=f"{_MEMBER_LIMIT} parts")
            if sum(member.file_size for member in members) > UNPACKED_LIMIT_BYTES:
                raise _too_many_bytes()
            manifest = "META-INF/manifest.xml"
            if manifest in archive.namelist() and _ENCRYPTED_ODS in archive.read(manifest):
                raise RosterEncrypted
            for member in members:
                size, is_marked = _guard_member(archive, member, kind, left, marks)
                left -= size
                if is_marked:
                    marked.add(member.filename)
    except _BAD_ZIP as error:
        raise RosterDamaged from error
    return frozenset(marked)


def _guard_member(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    kind: str,
    left: int,
    marks: Sequence[bytes],
) -> tuple[int, bool]:
    """Unpack a member within what is left and judge a sheet's extent.

    Returns:
        Its size, and whether it holds one of the marks.
    """
    size = cells = 0
    is_far = is_marked = False
    is_sheet = kind == "xlsx" and member.filename.startswith("xl/worksheets/")
    content = OdsExtent() if kind == "ods" and member.filename == "content.xml" else None
    for piece in pieces(archive, member.filename):
        size += len(piece) - OVERLAP
        if size > left:
            raise _too_many_bytes()
        is_marked = is_marked or any(mark in piece for mark in marks)
        if is_sheet:
            cells += piece.count(b"<c ") + piece.count(b"<c>")
            is_far = is_far or may_be_far(piece)
        elif content is not None:
            content.add(piece[OVERLAP:])
            cells = content.size // 4
        if cells > CELL_LIMIT:
            raise _too_many_cells()
    if is_far and measure_sheet(pieces(archive, member.filename)) > RECTANGLE_LIMIT:
        raise _too_many_cells()
    return size, is_marked


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield a member in pieces of 1 MiB; each repeats the last 64 bytes before it."""
    tail = bytes(OVERLAP)
    with archive.open(name) as stream:
        while piece := stream.read(_PIECE):
            yield tail + piece
            tail = piece[-OVERLAP:].rjust(OVERLAP)


def _too_many_bytes() -> RosterTooLarge:
    return RosterTooLarge(limit=f"{UNPACKED_LIMIT_BYTES >> 20} MiB")


def _too_many_cells() -> RosterTooLarge:
    return RosterTooLarge(limit=f"{CELL_LIMIT:,} cells")
