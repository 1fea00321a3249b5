"""Where the master keys come from: a setting, a file, or, on loopback, a file made once."""

import os
import secrets
from functools import cache
from pathlib import Path

from consortium.kernel.settings import BadSetting, Settings

KEY_BYTES = 32


def master_keys(settings: Settings) -> tuple[str, ...]:
    """The master keys, newest first.

    Raises:
        BadSetting: the named file is missing or holds no usable key.
    """
    if settings.secret_keys:
        return settings.secret_keys
    if settings.secret_keys_file is not None:
        return _read(settings.secret_keys_file)
    return _kept(settings.data_dir.absolute())


@cache
def _kept(data_dir: Path) -> tuple[str, ...]:
    path = data_dir / "secret_keys"
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        fresh = data_dir / f".secret_keys.{os.getpid()}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(KEY_BYTES) + "\n", encoding="ascii")
        # link() fails if another process was first, and never shows a half-written file.
        try:
            os.link(fresh, path)
        except FileExistsError:
            return _read(path)
        finally:
            fresh.unlink()
    return _read(path)


def _read(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise BadSetting(f"CONSORTIUM_SECRET_KEYS_FILE: cannot read {path}: {error}") from error
    if not lines or any(len(line) < 32 for line in lines):
        raise BadSetting(f"CONSORTIUM_SECRET_KEYS_FILE: {path} takes keys of 32 characters or more")
    return tuple(lines)
