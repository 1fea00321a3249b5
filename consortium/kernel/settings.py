"""Every setting: frozen, validated at start, documented from this one list."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from consortium.kernel import setting_values as values_of
from consortium.kernel.setting_values import (
    DAY,
    HOUR,
    LOOPBACK_HOSTS,
    MEBIBYTE,
    Network,
    days,
    flag,
    folder,
    networks,
    seconds,
    whole,
    words,
)

PREFIX = "CONSORTIUM_"
EXTENSION = "consortium.settings"
ISSUER_FILE = "issuer"


class BadSetting(ValueError):
    """A setting cannot be used; the message names it and says what it takes."""


def _setting(doc: str, default: Any, parse: Callable[[str], Any] = str) -> Any:
    """A field of the schema: its meaning, unit and how its text is read."""
    return field(default=default, metadata={"doc": doc, "parse": parse})


@dataclass(frozen=True)
class Settings:
    """The node's settings. Each is read from the environment as CONSORTIUM_<NAME>."""

    # The node.
    issuer: str = _setting(
        "Public address of this node, without a slash at the end; https, or http on loopback. "
        "If unset, where `make run` last served this data folder.",
        "http://localhost:8000",
    )
    data_dir: Path = _setting(
        "Folder for what is not in the database: files, generated keys, audit heads.",
        Path("var"),
        folder,
    )
    database_url: str = _setting(
        "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME; empty: SQLite in the data folder.",
        "",
    )
    secret_keys: tuple[str, ...] = _setting(
        "Master keys, newest first, separated by commas, 32 characters or more each. On loopback "
        "one is made in the data folder if none is given.",
        (),
        words,
    )
    secret_keys_file: Path | None = _setting(
        "A file with the master keys, one a line, newest first; used if the setting is empty.",
        None,
        lambda text: Path(text) if text else None,
    )
    demo: bool = _setting("1 lets `make serve` run on a database with demo accounts.", False, flag)
    trusted_proxies: int = _setting(
        "How many proxies in front set X-Forwarded-* headers.", 0, whole(0, 10)
    )
    http_allow: tuple[Network, ...] = _setting(
        "Networks that outgoing requests may reach besides public addresses, as CIDR.",
        (),
        networks,
    )
    upload_limit_bytes: int = _setting(
        "Largest request body in bytes.", 32 * 1024 * 1024, whole(1024, 4096 * MEBIBYTE)
    )
    body_limit_bytes: int = _setting(
        "Largest request body in bytes that carries no file.",
        4 * 1024 * 1024,
        whole(1024, 1024 * MEBIBYTE),
    )
    metrics_port: int = _setting(
        "Port of /metrics on loopback; 0 switches it off.", 0, whole(0, 65535)
    )
    web_workers: int = _setting("Web processes of `make serve`.", 2, whole(1, 256))
    web_threads: int = _setting("Threads per web process.", 8, whole(1, 256))

    # Database.
    database_pool_size: int = _setting("Connections kept per process.", 10, whole(1, 1000))
    database_wait_seconds: int = _setting(
        "How long a change waits for others before it is refused as busy.", 15, seconds(1, HOUR)
    )

    # Outbox, sequencer, jobs.
    job_lease_seconds: int = _setting(
        "How long a job's page may take before another worker takes over.", 30, seconds(1, DAY)
    )
    job_attempts: int = _setting("How often a failing slot is tried.", 5, whole(1, 40))
    sequencer_alarm_seconds: int = _setting(
        "Age of the oldest unchained change that makes the node unready.", 5, seconds(1, DAY)
    )
    handler_attempts: int = _setting(
        "How often a handler is tried before its message is set aside.", 5, whole(1, 20)
    )
    idempotency_days: int = _setting("How long an Idempotency-Key is remembered.", 7, days(1, 3650))

    # Mail and SMS.
    mail_url: str = _setting("console:, file:FOLDER or smtp://USER:PASSWORD@HOST:PORT.", "console:")
    mail_from: str = _setting("Sender address of mail.", "consortium@localhost")
    sms_url: str = _setting("console:, file:PATH or https://GATEWAY.", "console:")
    message_lease_seconds: int = _setting(
        "How long one attempt to send may take before another worker tries.", 120, seconds(1, DAY)
    )
    message_attempts: int = _setting("How often a message is tried.", 12, whole(1, 100))
    message_retry_seconds: int = _setting(
        "Pause after the first failed attempt; each further one doubles it.", 30, seconds(1, DAY)
    )
    message_retention_days: int = _setting(
        "Days until the row of a finished message, empty by then, is deleted.", 30, days(1)
    )

    # Outgoing requests.
    http_connect_seconds: int = _setting("To open a connection.", 5, seconds(1, HOUR))
    http_read_seconds: int = _setting("Between two pieces of an answer.", 10, seconds(1, HOUR))
    http_total_seconds: int = _setting("For one whole answer.", 60, seconds(1, HOUR))
    http_max_bytes: int = _setting(
        "Largest answer in bytes.", 16 * 1024 * 1024, whole(1024, 1024 * MEBIBYTE)
    )
    http_max_redirects: int = _setting("Redirects followed in a row.", 3, whole(0, 20))
    http_breaker_failures: int = _setting(
        "Failures in a row after which a peer is left alone.", 5, whole(1, 1000)
    )
    http_breaker_seconds: int = _setting("How long it is left alone.", 30, seconds(1, DAY))

    # Signing keys.
    key_lifetime_days: int = _setting(
        "Days a signing key signs before it is rotated.", 180, days(1, 3650)
    )
    key_overlap_hours: int = _setting(
        "How long a new key is published before it signs, and an old one served after.",
        48,
        whole(0, 8760),
    )
    key_cache_seconds: int = _setting(
        "How long a process keeps parsed signing keys.", 30, seconds(0, DAY)
    )

    # Peers.
    link_page_size: int = _setting("Records asked of a peer in one page.", 200, whole(1, 1000))
    link_late_seconds: int = _setting(
        "Time without a good pull after which a link counts as late.", 900, seconds(1)
    )
    link_seal_seconds: int = _setting(
        "How long a page of a peer is good after it was signed, and how far clocks may differ.",
        300,
        seconds(1, DAY),
    )

    # Files.
    roster_file_days: int = _setting("Days until a raw roster file is deleted.", 30, days(1))

    # Events.
    sign_auth_seconds: int = _setting(
        "How old an officer's sign-in may be when she signs an event for her society.",
        3600,
        seconds(60),
    )
    signature_reminder_days: int = _setting(
        "Days after which a host that has neither signed nor declined is reminded.",
        7,
        days(1, 3650),
    )

    # Sign-in and OpenID Provider (auth).
    session_cookie: str = _setting(
        "Name of the sign-in cookie; nodes on one host name need different ones.",
        "consortium_session",
    )
    session_lifetime_seconds: int = _setting(
        "Longest life of a sign-in, however busy it is.", 12 * 3600, seconds(60)
    )
    session_idle_seconds: int = _setting(
        "Life of a sign-in that nobody uses.", 2 * 3600, seconds(60)
    )
    password_least_characters: int = _setting(
        "Fewest characters of a new password.", 8, whole(8, 128)
    )
    authorization_code_seconds: int = _setting(
        "Life of an authorization code.", 60, seconds(1, HOUR)
    )
    access_token_seconds: int = _setting("Life of an access token.", 3600, seconds(1))
    id_token_seconds: int = _setting("Life of an ID token.", 3600, seconds(1))
    one_time_code_seconds: int = _setting(
        "Life of a code sent by SMS or mail.", 300, seconds(10, DAY)
    )
    single_use_link_seconds: int = _setting("Life of a single-use link.", 24 * 3600, seconds(60))

    # Expert pools and panels (think_tank).
    panel_solve_seconds: int = _setting(
        "Time for the solver in a web request; then the best panel found so far is proposed.",
        10,
        seconds(1, HOUR),
    )
    expert_link_days: int = _setting(
        "Days for which a link stays open that asks an expert for consent.", 30, days(1, 3650)
    )

    @property
    def is_loopback(self) -> bool:
        """The issuer names this machine itself: a demo or development node."""
        return urlsplit(self.issuer).hostname in LOOPBACK_HOSTS

    @property
    def database(self) -> str:
        """The database address with its driver named."""
        url = self.database_url or f"sqlite:///{(self.data_dir / 'consortium.sqlite3').absolute()}"
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings.

    Raises:
        BadSetting: one cannot be used; nothing has been started yet.
    """
    env = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for item in fields(Settings):
        text = env.get(PREFIX + item.name.upper())
        if text is None:
            continue
        try:
            values_of.check_text(text)
            values[item.name] = item.metadata["parse"](text.strip())
        except ValueError as error:
            raise BadSetting(f"{PREFIX}{item.name.upper()}: {error}") from error
    if "issuer" not in values:
        values |= _issuer_of_run(values.get("data_dir", Path("var")))
    return check_settings(Settings(**values))


def _issuer_of_run(data_dir: Path) -> dict[str, str]:
    """Where `make run` last served this data folder, so that commands beside it agree."""
    told = data_dir / ISSUER_FILE
    try:
        return {"issuer": told.read_text(encoding="utf-8").strip()} if told.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{PREFIX}ISSUER: cannot read {told}; remove it or set this") from error


def check_settings(settings: Settings) -> Settings:
    """Refuse what no node can run with, before anything is opened.

    Raises:
        BadSetting: it names the setting and says what that takes.
    """
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("ISSUER", lambda: values_of.check_issuer(settings.issuer)),
        ("DATABASE_URL", lambda: _check_database(settings)),
        ("SECRET_KEYS", lambda: _check_keys(settings)),
        ("SESSION_COOKIE", lambda: values_of.check_cookie_name(settings.session_cookie)),
        ("MAIL_URL", lambda: values_of.check_url(settings.mail_url)),
        ("MAIL_FROM", lambda: values_of.check_sender(settings.mail_from)),
        ("SMS_URL", lambda: values_of.check_gateway(settings.sms_url, settings.http_allow)),
    )
    for name, check in checks:
        try:
            check()
        except ValueError as fault:
            raise BadSetting(f"{PREFIX}{name}: {fault}") from fault
    return settings


def _check_database(settings: Settings) -> None:
    if settings.database_url:
        values_of.check_database(settings.database, made=settings.data_dir)


def _check_keys(settings: Settings) -> None:
    if any(len(key) < 32 for key in settings.secret_keys):
        raise ValueError("each key takes 32 characters or more")
    if not settings.is_loopback and not (settings.secret_keys or settings.secret_keys_file):
        raise ValueError("give one, or CONSORTIUM_SECRET_KEYS_FILE")


def warn_of_unknown(environ: Mapping[str, str]) -> None:
    """Name on stderr what looks like a setting and is none; other tools may use the prefix."""
    named = [name for name in environ if name.startswith(PREFIX)]
    known = [name for name, _, _ in describe_settings()]
    for name, nearest in values_of.find_unknown(named, known):
        hint = f"; did you mean {nearest}?" if nearest else ""
        print(f"warning: {name} is no setting{hint}", file=sys.stderr)


def current_settings() -> Settings:
    """The settings of the running application."""
    settings = current_app.extensions[EXTENSION]
    assert isinstance(settings, Settings)
    return settings


def describe_settings() -> list[tuple[str, str, str]]:
    """(name, default, meaning) of every setting, in order; the source of table and .env.example."""
    rows = []
    for item in fields(Settings):
        default = item.default
        text = ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
        shown = {"None": "", "True": "1", "False": "0"}.get(text, text)
        rows.append((PREFIX + item.name.upper(), shown, item.metadata["doc"]))
    return rows
