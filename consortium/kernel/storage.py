"""Whether a change could be kept now: the database's file, its disk, the data folder, the server.

A node that can only read still answers, so its disk has to be asked by a write of its own. It
goes to a nameless file beside the database, which nobody waits for and nothing is left of.
"""

import errno
import os
from pathlib import Path

from sqlalchemy import text

from consortium.kernel.db import db, dialect_name
from consortium.kernel.faults import DatabaseUnreachable, recent_fault
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import reading

PROBE = bytes(64 * 1024)
# Standby or told so by its operator; a transaction that reads only says nothing of the server.
_IS_READ_ONLY = text(
    "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean"
)


def check_storage() -> str | None:
    """Whether what is written now could be kept."""
    data_dir = current_settings().data_dir
    if dialect_name() != "sqlite":
        return _check_server() or recent_fault() or probe_folder(data_dir)
    file = Path(db.engine.url.database or "")
    return probe_folder(file.parent) or check_file(file) or probe_folder(data_dir)


def check_file(file: Path) -> str | None:
    """Whether the database's file is there and may be written."""
    try:
        # Taking a connection compares the open file with the one that has the name now.
        with db.engine.connect():
            pass
    except DatabaseUnreachable:
        return f"{file.name} is not where it was"
    return None if os.access(file, os.W_OK) else f"{file.name} cannot be written"


@reading
def _check_server() -> str | None:
    return "the server takes no changes" if db.session.scalar(_IS_READ_ONLY) else None


def probe_folder(folder: Path) -> str | None:
    """Say what a small write into the folder fails with; a folder not made yet has no fault.

    >>> probe_folder(Path("/tmp"))
    >>> probe_folder(Path("/nowhere"))
    """
    if not folder.is_dir():
        return None
    try:
        _write_nameless(folder)
    except OSError as error:
        return f"cannot write to {folder.name}: {os.strerror(error.errno or errno.EIO)}"
    return None


def _write_nameless(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR}:
            raise
        # Some network disks have no files without a name.
        path = folder / f".probe-{os.getpid()}"
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        path.unlink()
    try:
        if os.write(handle, PROBE) < len(PROBE):
            raise OSError(errno.ENOSPC, "short write")
    finally:
        os.close(handle)
