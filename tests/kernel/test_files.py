"""Files at rest: encrypted, whole or refused, gone when their time has come."""

import io
import os
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask

from consortium.kernel import files
from consortium.kernel.clock import FixedClock
from consortium.kernel.crypto import UndecipherableText
from consortium.kernel.errors import NotFound
from consortium.kernel.ids import new_id
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import unit_of_work

SIZES = (0, 1, files.PIECE_BYTES - 1, files.PIECE_BYTES, files.PIECE_BYTES + 1, 700_000)


@pytest.mark.parametrize("size", SIZES)
def test_a_file_comes_back_as_it_was(app: Flask, size: int) -> None:
    content = os.urandom(size)

    stored = _store(content)

    assert files.open_file(stored).read() == content
    assert files.get_file_facts(stored).size == size


def test_a_stream_is_stored_from_where_it_stands(app: Flask) -> None:
    stream = io.BytesIO(b"header,body")
    stream.seek(7)

    with unit_of_work():
        stored = files.store_file(stream, purpose="test")

    assert files.open_file(stored).read() == b"body"


def test_nothing_readable_lies_on_the_disk(app: Flask) -> None:
    stored = _store("姓名,手机\n张三,13800000000".encode() * 50)

    sealed = _path(stored).read_bytes()

    assert b"13800000000" not in sealed
    assert "张三".encode() not in sealed
    assert _path(stored).stat().st_mode & 0o077 == 0


def test_a_changed_byte_is_noticed(app: Flask) -> None:
    stored = _store(b"x" * 100)
    path = _path(stored)
    sealed = bytearray(path.read_bytes())
    sealed[50] ^= 1
    path.write_bytes(sealed)

    with pytest.raises(UndecipherableText):
        files.open_file(stored)


def test_a_cut_tail_is_noticed(app: Flask) -> None:
    stored = _store(b"x" * (2 * files.PIECE_BYTES))
    path = _path(stored)
    whole_pieces = 7 + files.PIECE_BYTES + 16
    path.write_bytes(path.read_bytes()[:whole_pieces])

    with pytest.raises(UndecipherableText):
        files.open_file(stored)


def test_one_file_cannot_stand_for_another(app: Flask) -> None:
    first, second = _store(b"first"), _store(b"other")
    _path(first).write_bytes(_path(second).read_bytes())

    with pytest.raises(UndecipherableText):
        files.open_file(first)


def test_an_unknown_file_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        files.open_file(new_id())


def test_a_rolled_back_file_is_swept_once_it_is_old(app: Flask) -> None:
    kept = _store(b"kept")
    with pytest.raises(RuntimeError), unit_of_work():
        lost = files.store_file(b"lost", purpose="test")
        raise RuntimeError("rolled back")

    assert files.sweep_files() == 0
    _age(_path(lost), _path(kept))
    assert files.sweep_files() == 1
    assert not _path(lost).exists()
    assert files.open_file(kept).read() == b"kept"


def test_half_written_files_of_a_crash_are_swept(app: Flask) -> None:
    _store(b"kept")
    half = _path(new_id()).with_suffix(".tmp")
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half")
    _age(half)

    assert files.sweep_files() == 1


def test_a_file_goes_at_its_instant_and_not_before(app: Flask, clock: FixedClock) -> None:
    with unit_of_work() as uow:
        delete_after = uow.now + timedelta(days=30)
        stored = files.store_file(b"roster", purpose="test", delete_after=delete_after)
        forever = files.store_file(b"charter", purpose="test")

    assert files.delete_expired_files(delete_after - timedelta(microseconds=1)) == 0
    assert files.delete_expired_files(delete_after) == 1
    with pytest.raises(NotFound):
        files.open_file(stored)
    assert files.open_file(forever).read() == b"charter"
    assert files.sweep_files(older_than_seconds=0) == 1
    assert not _path(stored).exists()


def test_a_deleted_file_cannot_be_opened(app: Flask) -> None:
    stored = _store(b"x")

    files.delete_file(stored)

    with pytest.raises(NotFound):
        files.open_file(stored)


def _store(content: bytes) -> UUID:
    with unit_of_work():
        return files.store_file(content, purpose="test", owner_society="math")


def _path(stored: UUID) -> Path:
    return current_settings().data_dir / "files" / stored.hex[-2:] / stored.hex


def _age(*paths: Path) -> None:
    for path in paths:
        os.utime(path, (0, 0))
