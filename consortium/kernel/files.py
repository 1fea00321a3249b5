"""Files, encrypted at rest under the data folder, each with a row that says whose it is.

The file is written first, then its row joins the transaction: a crash or a rollback leaves a
file without a row, never a row without a file, and the sweep removes it. Content is sealed in
pieces with AES-GCM as in the STREAM construction (Hoang et al., 2015): every nonce holds the
piece's number and whether it is the last, so pieces can neither be swapped nor cut off.
"""

import hashlib
import io
import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.crypto import (
    UndecipherableText,
    derive_key,
    key_id_of,
    newest_secret,
    secret_of,
)
from consortium.kernel.db import Id, Instant, Model, db
from consortium.kernel.errors import NotFound
from consortium.kernel.ids import new_id
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

PIECE_BYTES = 256 * 1024
# A file younger than this may belong to a transaction that has not committed yet.
ORPHAN_AGE_SECONDS = 3600.0
_PREFIX_BYTES = 7
_TAG_BYTES = 16
_PURPOSE = "files"


class StoredFile(Model):
    """A file at rest. `sha256` and `size` are those of the plain content."""

    __tablename__ = "stored_file"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    owner_society: Mapped[str | None] = mapped_column(String(64), index=True)
    purpose: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    key_id: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Instant)
    delete_after: Mapped[datetime | None] = mapped_column(Instant, index=True)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What is known of a stored file without opening it."""

    id: UUID
    owner_society: str | None
    purpose: str
    sha256: str
    size: int
    key_id: str
    created_at: datetime
    delete_after: datetime | None


def store_file(
    content: bytes | BinaryIO,
    *,
    purpose: str,
    owner_society: str | None = None,
    delete_after: datetime | None = None,
) -> UUID:
    """Store a file with the open unit of work.

    Args:
        content: the bytes, or a stream that is read from where it stands to its end.
        purpose: dotted name of the use, for instance `membership.roster`.
        owner_society: code of the society whose file it is.
        delete_after: instant from which the nightly job deletes it; None keeps it.

    Returns:
        The id for `open_file`; it means nothing if the transaction is rolled back.
    """
    uow = current_unit_of_work()
    made = new_id()
    secret = newest_secret()
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    sha256, size = _write_sealed(_path_of(made), stream, secret, made)
    uow.add(
        StoredFile(
            id=made,
            owner_society=owner_society,
            purpose=purpose,
            sha256=sha256,
            size=size,
            key_id=key_id_of(secret),
            created_at=uow.now,
            delete_after=delete_after,
        )
    )
    return made


def open_file(file_id: UUID) -> BinaryIO:
    """Open a stored file for reading and seeking; the plain content stays in memory only.

    Raises:
        NotFound: there is none, or it was deleted.
        UndecipherableText: the file was changed, or its secret key was removed.
    """
    facts = get_file_facts(file_id)
    try:
        with _path_of(file_id).open("rb") as sealed:
            return io.BytesIO(b"".join(_open_pieces(sealed, secret_of(facts.key_id), file_id)))
    except FileNotFoundError as error:
        raise NotFound from error


@reading
def get_file_facts(file_id: UUID) -> FileFacts:
    """What is known of a stored file.

    Raises:
        NotFound: there is none, or it was deleted.
    """
    columns = [getattr(StoredFile, name) for name in FileFacts.__dataclass_fields__]
    row = db.session.execute(select(*columns).where(StoredFile.id == file_id)).one_or_none()
    if row is None:
        raise NotFound
    return FileFacts(*row)


@transaction
def delete_file(file_id: UUID) -> None:
    """Delete a file: nobody can open it from the commit on, the sweep takes its bytes away."""
    current_unit_of_work().execute(
        delete(StoredFile)
        .where(StoredFile.id == file_id)
        .execution_options(synchronize_session=False)
    )


@transaction
def delete_expired_files(now: datetime) -> int:
    """Delete the files whose time has come; a file of exactly that instant included.

    Returns:
        How many were deleted.
    """
    result = current_unit_of_work().execute(
        delete(StoredFile)
        .where(StoredFile.delete_after <= now)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)


@reading
def sweep_files(*, older_than_seconds: float = ORPHAN_AGE_SECONDS) -> int:
    """Remove the bytes of deleted files and what crashes left behind.

    Args:
        older_than_seconds: younger files are kept, since their rows may not be committed yet.

    Returns:
        How many files were removed.
    """
    # The wall clock of the host, since that is what dates the files.
    limit = time.time() - older_than_seconds
    old = [path for path in _root().glob("*/*") if path.stat().st_mtime <= limit]
    ids = {path: _id_of(path) for path in old}
    known = _known_ids([found for found in ids.values() if found is not None])
    orphans = [path for path, found in ids.items() if found is None or found not in known]
    for path in orphans:
        path.unlink(missing_ok=True)
    return len(orphans)


def _known_ids(ids: list[UUID]) -> set[UUID]:
    known: set[UUID] = set()
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        known.update(db.session.scalars(select(StoredFile.id).where(StoredFile.id.in_(part))))
    return known


def _root() -> Path:
    return current_settings().data_dir / "files"


def _path_of(file_id: UUID) -> Path:
    # The last digits of a UUIDv7 are random; the first ones would fill one folder a time.
    return _root() / file_id.hex[-2:] / file_id.hex


def _id_of(path: Path) -> UUID | None:
    try:
        return UUID(path.name)
    except ValueError:
        return None


def _write_sealed(path: Path, stream: BinaryIO, secret: str, file_id: UUID) -> tuple[str, int]:
    """Write under a temporary name, force to disk, then give it its name."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".tmp")
    plain = hashlib.sha256()
    size = 0
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as sealed:
        prefix = os.urandom(_PREFIX_BYTES)
        sealed.write(prefix)
        cipher = AESGCM(derive_key(secret, _PURPOSE))
        for number, (piece, is_last) in enumerate(_split(stream)):
            plain.update(piece)
            size += len(piece)
            sealed.write(cipher.encrypt(_nonce(prefix, number, is_last), piece, file_id.bytes))
        sealed.flush()
        os.fsync(sealed.fileno())
    unfinished.replace(path)
    _force_folder(path.parent)
    return plain.hexdigest(), size


def _open_pieces(sealed: BinaryIO, secret: str, file_id: UUID) -> Iterator[bytes]:
    prefix = sealed.read(_PREFIX_BYTES)
    cipher = AESGCM(derive_key(secret, _PURPOSE))
    try:
        for number, (piece, is_last) in enumerate(_split(sealed, PIECE_BYTES + _TAG_BYTES)):
            yield cipher.decrypt(_nonce(prefix, number, is_last), piece, file_id.bytes)
    except (InvalidTag, ValueError) as error:
        raise UndecipherableText("the stored file was changed") from error


def _split(stream: BinaryIO, length: int = PIECE_BYTES) -> Iterator[tuple[bytes, bool]]:
    """Cut into pieces and tell the last one; an empty stream is one empty last piece."""
    piece = stream.read(length)
    while True:
        following = stream.read(length)
        yield piece, not following
        if not following:
            return
        piece = following


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:
    return prefix + struct.pack(">I?", number, is_last)


def _force_folder(folder: Path) -> None:
    """Force a folder's entry to disk, so that a power cut cannot undo the rename."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
