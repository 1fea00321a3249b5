"""How the text of a setting is read, and what is refused before anything starts.

Every function raises `ValueError` with words that follow the setting's name.
"""

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
HOUR, DAY, YEAR = 3600, 24 * 3600, 366 * 24 * 3600
MEBIBYTE = 1024 * 1024
Network = IPv4Network | IPv6Network

_HOST = r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*)"
_ISSUER = re.compile(
    rf"https?://(?:{_HOST}|\[[0-9a-f:.]+\])(?::[0-9]{{1,5}})?(?:/[a-z0-9._~-]+)*", re.I | re.ASCII
)
_HOST_NAME = re.compile(rf"{_HOST}\.?", re.I | re.ASCII)
# RFC 6265, section 4.1.1: a token of RFC 9110.
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")


def words(text: str) -> tuple[str, ...]:
    """Words between commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def flag(text: str) -> bool:
    """A yes or no."""
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("takes 1 or 0")


def networks(text: str) -> tuple[Network, ...]:
    """Networks between commas."""
    return tuple(ip_network(word) for word in words(text))


def whole(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers from `least` to `most`.

    >>> whole(1, 65535)("8000")
    8000
    """

    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdecimal() and len(text) < 20
        if not is_number or not least <= int(text) <= most:
            raise ValueError(f"takes a whole number of at least {least} and at most {most}")
        return int(text)

    return parse


def seconds(least: int, most: int = YEAR) -> Callable[[str], int]:
    """A reader of a time in seconds, a year at most unless told otherwise."""
    return whole(least, most)


def days(least: int, most: int = 36_500) -> Callable[[str], int]:
    """A reader of a time in days, a century at most unless told otherwise."""
    return whole(least, most)


def folder(text: str) -> Path:
    """A folder's path."""
    if not text:
        raise ValueError("takes a folder")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(f"takes a folder; nobody's home is {text}") from error


def check_text(text: str) -> None:
    r"""Refuse what no path, address or name can hold.

    >>> check_text("学会")
    >>> check_text("a\0b")
    Traceback (most recent call last):
        ...
    ValueError: takes text in UTF-8 without a NUL in it
    """
    # Bytes of the environment that are no UTF-8 come as lone surrogates.
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise ValueError("takes text in UTF-8 without a NUL in it")


def check_server(host: str | None, port: int | None) -> None:
    """Refuse a host that no server can be called, and a port at which none can listen.

    >>> check_server("mail.example", 25)
    >>> check_server("::1", None)
    >>> check_server("ho st", None)
    Traceback (most recent call last):
        ...
    ValueError: 'ho st' is no host name; take letters, digits, - and .
    """
    if port is not None and not 1 <= port <= 65535:
        raise ValueError("takes a port of at least 1 and at most 65535")
    if host and not _HOST_NAME.fullmatch(host) and not _is_address(host):
        raise ValueError(f"{host!r} is no host name; take letters, digits, - and .")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_url(url: str) -> None:
    """Refuse an address on the net whose host or port cannot be one."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError("takes a port of at least 1 and at most 65535") from error
    check_server(host, port)


def check_issuer(issuer: str) -> None:
    """Refuse what is no public address of a node.

    >>> check_issuer("https://node.example:8443/math")
    >>> check_issuer("https://node.example/a/../b")
    Traceback (most recent call last):
        ...
    ValueError: takes no . or .. in its path
    >>> check_issuer("http://localhost:8640/")
    Traceback (most recent call last):
        ...
    ValueError: takes no slash at the end; write http://localhost:8640
    """
    refusal = ValueError("takes https://HOST[:PORT], or http://HOST[:PORT] on loopback")
    try:
        parts = urlsplit(issuer)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise refusal from error
    if parts.username or "@" in parts.netloc or "?" in issuer or "#" in issuer:
        raise ValueError("takes no query, fragment or user")
    if port == 0:
        raise ValueError("takes a port of at least 1 and at most 65535")
    bare = issuer.rstrip("/")
    if bare != issuer and _ISSUER.fullmatch(bare):
        raise ValueError(f"takes no slash at the end; write {bare}")
    if not _ISSUER.fullmatch(issuer):
        raise refusal
    if {".", ".."} & set(parts.path.split("/")):
        raise ValueError("takes no . or .. in its path")
    if parts.scheme == "http" and host not in LOOPBACK_HOSTS:
        raise ValueError("plain http is for loopback only; use https")


def check_database(url: str, *, made: Path) -> None:
    """Refuse a database that cannot be opened for what is said of it.

    Args:
        url: with its driver named.
        made: a folder that is made at start if it is missing.
    """
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ValueError("takes sqlite:///PATH or postgresql://…")
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise ValueError(
            "takes sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME"
        ) from error
    if parts.get_backend_name() != "sqlite":
        check_server(parts.host, parts.port)
        return
    if parts.database in {None, "", ":memory:"}:
        raise ValueError("several processes share the database; name a file")
    if parts.query or str(parts.database).startswith("file:"):
        raise ValueError("takes sqlite:///PATH and nothing behind the path; name a file")
    file = Path(str(parts.database))
    if file.is_dir():
        raise ValueError(f"{file} is a folder; name a file")
    if not file.parent.is_dir() and file.parent.absolute() != made.absolute():
        raise ValueError(f"there is no folder {file.parent}; make it first")


def make_folder(path: Path, *, mode: int = 0o777) -> None:
    """Make a folder if it is missing."""
    try:
        check_text(str(path))
        path.mkdir(parents=True, exist_ok=True, mode=mode)
    except OSError as error:
        raise ValueError(f"takes a folder; {path} cannot be one: {error.strerror}") from error


def make_file(path: Path) -> None:
    """Make an empty file if it is missing, and its folder."""
    make_folder(path.parent)
    try:
        check_text(str(path))
        if path.is_dir():
            raise ValueError(f"{path} is a folder; name a file")
        if not path.exists():
            path.touch()
    except OSError as error:
        raise ValueError(f"takes a file; {path} cannot be one: {error.strerror}") from error


def check_cookie_name(name: str) -> None:
    """Refuse what no cookie can be called."""
    if not _COOKIE_NAME.fullmatch(name):
        raise ValueError("takes letters, digits, - and _")


def check_sender(sender: str) -> None:
    """Refuse what is no mail address, with or without a name in front.

    >>> check_sender("Consortium <office@node.example>")
    >>> check_sender("office")
    Traceback (most recent call last):
        ...
    ValueError: takes a mail address: NAME@HOST, or WORDS <NAME@HOST>
    """
    _, address = parseaddr(sender)
    is_whole = sender == address or sender.endswith(f"<{address}>")
    if not sender.isprintable() or not is_whole or not _ADDRESS.fullmatch(address):
        raise ValueError("takes a mail address: NAME@HOST, or WORDS <NAME@HOST>")


def check_gateway(url: str, allowed: Iterable[Network]) -> None:
    """Refuse plain http to a gateway out in the world: texts hold codes for signing in."""
    check_url(url)
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname in LOOPBACK_HOSTS:
        return
    try:
        address = ip_address(parts.hostname or "")
    except ValueError as error:
        raise ValueError("plain http is for loopback and CONSORTIUM_HTTP_ALLOW only") from error
    if not any(address in network for network in allowed):
        raise ValueError("plain http is for loopback and CONSORTIUM_HTTP_ALLOW only")


def find_unknown(names: Iterable[str], known: Iterable[str]) -> list[tuple[str, str | None]]:
    """Names that are no settings, each with the nearest that is one.

    >>> find_unknown(["A_SECOND", "B"], ["A_SECONDS", "B"])
    [('A_SECOND', 'A_SECONDS')]
    """
    settings = list(known)
    strangers = sorted(set(names) - set(settings))
    return [
        (name, next(iter(get_close_matches(name, settings, 1, cutoff=0.8)), None))
        for name in strangers
    ]
