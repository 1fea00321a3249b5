"""Where the master keys come from: a setting, a file, or, on loopback, a file made once."""

import os
import secrets
from functools import cache
from pathlib import Path

from consortium.kernel.settings import BadSetting, Settings

KEY_BYTES = 32
KEPT = "secret_keys"
SOURCE = "consortium.secret-keys-source"


def master_keys(settings: Settings) -> tuple[str, ...]:
    """The master keys, newest first.

    Raises:
        BadSetting: the named file is missing or holds no usable key.
    """
    if settings.secret_keys:
        return settings.secret_keys
    if settings.secret_keys_file is not None:
        return _read(settings.secret_keys_file, "CONSORTIUM_SECRET_KEYS_FILE")
    return _kept(settings.data_dir.absolute())


def name_source(settings: Settings) -> str:
    """Where the master keys of these settings stand, for messages.

    >>> name_source(Settings(data_dir=Path("/srv/node")))
    '/srv/node/secret_keys'
    """
    if settings.secret_keys:
        return "CONSORTIUM_SECRET_KEYS"
    if settings.secret_keys_file is not None:
        return f"CONSORTIUM_SECRET_KEYS_FILE ({settings.secret_keys_file})"
    return str(settings.data_dir.absolute() / KEPT)


@cache
def _kept(data_dir: Path) -> tuple[str, ...]:
    path = data_dir / KEPT
    try:
        _make(path)
    except OSError as error:
        raise BadSetting(f"CONSORTIUM_SECRET_KEYS: cannot make {path}: {error.strerror}") from error
    return _read(path, "CONSORTIUM_SECRET_KEYS")


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        return
    fresh = path.parent / f".{KEPT}.{os.getpid()}"
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(KEY_BYTES) + "\n", encoding="ascii")
    # link() fails if another process was first, and never shows a half-written file.
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


def _read(path: Path, setting: str) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8").split()
    except UnicodeDecodeError as error:
        raise BadSetting(f"{setting}: {path} is no text; it takes keys, one a line") from error
    except OSError as error:
        raise BadSetting(f"{setting}: cannot read {path}: {error.strerror}") from error
    if not lines or any(len(line) < 32 for line in lines):
        raise BadSetting(f"{setting}: {path} takes keys of 32 characters or more")
    return tuple(lines)
