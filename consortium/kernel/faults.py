"""What a database or a disk that does not do its work means: our refusals, and what they tell.

SQLite names its errors (https://www.sqlite.org/rescode.html), PostgreSQL has SQLSTATEs
(https://www.postgresql.org/docs/current/errcodes-appendix.html), the system has errno.
"""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from consortium.kernel.errors import N_, ConsortiumError

RETRIED_STATES = frozenset({"40001", "40P01"})
LOCK_NOT_AVAILABLE = "55P03"
READ_ONLY_TRANSACTION = "25006"
# Idle in a transaction for too long, shut down by the operator, idle for too long.
ENDED_BY_SERVER = frozenset({"25P03", "57P01", "57P05"})
BUSY_NAMES = ("SQLITE_BUSY", "SQLITE_LOCKED")
EXTENSION = "consortium.faults"
REMEMBERED_SECONDS = 30.0


class Busy(ConsortiumError):
    """The database is busy."""

    status, code = 503, "busy"
    message = N_("Too many changes at once. Nothing was changed; try again in a moment.")


class StorageFault(ConsortiumError):
    """The database or the disk does not do its work."""

    status, code = 503, "storage-fault"
    message = N_("The disk reports an error. Nothing was changed; the operator has to look at it.")


class NoSpace(StorageFault):
    """There is no space left."""

    status, code = 507, "no-space"
    message = N_("The disk is full. Nothing was changed; the operator has to make room.")


class StorageReadOnly(StorageFault):
    """The database takes no changes."""

    status, code = 503, "storage-read-only"
    message = N_("The database can only be read just now. Nothing was changed; try again later.")


class DatabaseUnreachable(StorageFault):
    """The database cannot be reached."""

    status, code = 503, "database-unreachable"
    message = N_(
        "The database cannot be reached just now. Try again later; if you sent a change, look "
        "first whether it was made."
    )


_BY_ERRNO: dict[int | None, type[StorageFault]] = {
    errno.ENOSPC: NoSpace,
    errno.EDQUOT: NoSpace,
    errno.EROFS: StorageReadOnly,
    errno.EIO: StorageFault,
}
_BY_NAME: dict[str, type[StorageFault]] = {
    "SQLITE_FULL": NoSpace,
    # The file beside the database that connections share cannot grow.
    "SQLITE_IOERR_SHMSIZE": NoSpace,
    "SQLITE_READONLY": StorageReadOnly,
    "SQLITE_CANTOPEN": DatabaseUnreachable,
    "SQLITE_IOERR": StorageFault,
}
_BY_STATE: dict[str, type[StorageFault]] = {
    "53100": NoSpace,
    "53300": DatabaseUnreachable,
    "57P03": DatabaseUnreachable,
    "58030": StorageFault,
}


def state_of(error: DBAPIError) -> str | None:
    """PostgreSQL's SQLSTATE."""
    state: str | None = getattr(error.orig, "sqlstate", None)
    return state


def is_transient(error: DBAPIError) -> bool:
    """Whether the same transaction may go through if it is run again."""
    return state_of(error) in RETRIED_STATES or _name_of(error).startswith(BUSY_NAMES)


def is_cut_off(error: BaseException) -> bool:
    """Whether the database was busy or out of order: it says nothing of who asked."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or state_of(error) in ENDED_BY_SERVER
    return isinstance(error, Busy | StorageFault)


def find_storage_fault(error: BaseException) -> StorageFault | None:
    """The refusal for an error of the database or the system; None for any other error."""
    if isinstance(error, StorageFault):
        return error
    if isinstance(error, OSError):
        kind = _BY_ERRNO.get(error.errno)
        return kind() if kind else None
    if not isinstance(error, DBAPIError):
        return None
    name = _name_of(error)
    kind = _BY_NAME.get(name) or _BY_NAME.get("_".join(name.split("_")[:2]))
    kind = kind or _BY_STATE.get(state_of(error) or "")
    if kind is None and _is_lost(error):
        kind = DatabaseUnreachable
    return kind() if kind else None


@contextmanager
def writes_refused_plainly() -> Iterator[None]:
    """Turn what the database answers to a write into our refusals; anything else goes on.

    Raises:
        Busy: others hold what is wanted, and the wait is over.
        StorageFault: there is no space, or the database is read only or gone.
    """
    try:
        yield
    except PoolTimeout as late:
        raise Busy from late
    except StorageFault as fault:
        _remember(fault)
        raise
    except (DBAPIError, OSError) as error:
        refusal = _refusal_of_write(error)
        if refusal is None:
            raise
        _remember(refusal)
        raise refusal from error


def _refusal_of_write(error: DBAPIError | OSError) -> ConsortiumError | None:
    found = find_storage_fault(error)
    if found is not None or isinstance(error, OSError):
        return found
    # A read that writes is told so too, and is a fault of ours; here it is the server's.
    if state_of(error) == READ_ONLY_TRANSACTION:
        return StorageReadOnly()
    is_waiting = is_transient(error) or state_of(error) == LOCK_NOT_AVAILABLE
    return Busy() if is_waiting else None


def _remember(refusal: ConsortiumError) -> None:
    if isinstance(refusal, StorageFault):
        current_app.extensions[EXTENSION] = time.monotonic(), refusal.code


def forget_fault() -> None:
    """A change has gone through: what was out of order is not any more."""
    current_app.extensions.pop(EXTENSION, None)


def recent_fault() -> str | None:
    """The code with which this process last refused a change, unless one went through since.

    A node that gets no requests because of it could not prove that it is well again; so it is
    forgotten after half a minute.
    """
    told: tuple[float, str] | None = current_app.extensions.get(EXTENSION)
    if told is None or time.monotonic() - told[0] > REMEMBERED_SECONDS:
        return None
    return told[1]


def _name_of(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlite_errorname", None) or ""


def _is_lost(error: DBAPIError) -> bool:
    """Whether there was no server at the other end, or it has just gone away."""
    if error.connection_invalidated or state_of(error) in ENDED_BY_SERVER:
        return True
    # psycopg has no SQLSTATE for a connection that it could not open.
    is_server = type(error.orig).__module__.startswith("psycopg")
    return is_server and isinstance(error, OperationalError) and state_of(error) is None
