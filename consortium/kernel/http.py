"""Outgoing HTTP behind one guard.

A peer's address comes from people and from other machines, so every request is checked where it
counts: on the socket address that the name resolves to, which is then the address connected to.
Public addresses are reached over https only; the networks in `CONSORTIUM_HTTP_ALLOW` are let
through, over plain http too. Source: DESIGN 4.10.
"""

import http.client
import io
import ipaddress
import socket
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from io import BytesIO
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from consortium.kernel.setting_values import Network
from consortium.kernel.settings import Settings, current_settings

if TYPE_CHECKING:
    from requests.adapters import _HostParams, _PoolKwargs

_CHUNK_BYTES = 64 * 1024
_READS = frozenset({"GET", "HEAD"})
# When the answer that is being read has to be complete, in monotonic seconds.
_deadline: ContextVar[float] = ContextVar("deadline")


class AddressRefused(requests.RequestException):
    """The name resolves to no address that the guard lets through, or not over this scheme."""


class ResponseTooLarge(requests.RequestException):
    """The body is longer than the limit; nothing of it is handed on."""


class ResponseTooSlow(requests.Timeout):
    """The answer dripped in for longer than the limit of one whole answer."""


class CircuitOpen(requests.ConnectionError):
    """The peer failed repeatedly a moment ago; it is left alone for a while."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one answer may cost.

    Attributes:
        connect_seconds: to open the connection.
        read_seconds: between two pieces of the answer.
        total_seconds: for the whole answer of one hop, headers included.
        max_bytes: of the decoded body.
        max_redirects: followed in a row, each checked anew.
    """

    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 60.0
    max_bytes: int = 16 * 1024 * 1024
    max_redirects: int = 3


@dataclass(slots=True)
class Breaker:
    """Leaves a peer alone after repeated failures, then lets one request try.

    Times are monotonic seconds, so a clock set back opens nothing for ever.
    """

    failures_allowed: int = 5
    pause_seconds: float = 30.0
    _failures: dict[str, int] = field(default_factory=dict)
    _open_until: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admit(self, peer: str, now: float) -> bool:
        """Say whether a request to `peer` may go out at `now`.

        >>> breaker = Breaker(failures_allowed=1, pause_seconds=30)
        >>> breaker.record(peer="a", good=False, now=0.0)
        >>> breaker.admit("a", 29.0), breaker.admit("a", 30.0), breaker.admit("a", 30.0)
        (False, True, False)
        """
        with self._lock:
            until = self._open_until.get(peer)
            if until is None:
                return True
            if now < until:
                return False
            # One trial is let through; the others wait for its outcome.
            self._open_until[peer] = now + self.pause_seconds
            return True

    def record(self, *, peer: str, good: bool, now: float) -> None:
        """Count an outcome; a good one closes the circuit at once."""
        with self._lock:
            if good:
                self._failures.pop(peer, None)
                self._open_until.pop(peer, None)
                return
            self._failures[peer] = self._failures.get(peer, 0) + 1
            if self._failures[peer] >= self.failures_allowed:
                self._open_until[peer] = now + self.pause_seconds


# A breaker remembers across requests, so it belongs to the process; each process learns alone.
_breaker = Breaker()


def breaker_state() -> dict[str, int]:
    """Peers that failed lately in this process, with the count of failures in a row."""
    with _breaker._lock:
        return dict(_breaker._failures)


def outgoing(purpose: str = "general", *, limits: Limits | None = None) -> "GuardedSession":
    """Open a session for requests to other machines.

    Args:
        purpose: short word for the user agent, so that a peer's log says what we came for.
        limits: when the settings' limits do not fit.

    Returns:
        A `requests.Session`. Its requests raise `requests.RequestException` and nothing else;
        a status of 400 or more is an answer, not an error.
    """
    settings = current_settings()
    _breaker.failures_allowed = settings.http_breaker_failures
    _breaker.pause_seconds = settings.http_breaker_seconds
    return GuardedSession(purpose, settings.http_allow, limits or _limits_of(settings), _breaker)


def _limits_of(settings: Settings) -> Limits:
    return Limits(
        connect_seconds=settings.http_connect_seconds,
        read_seconds=settings.http_read_seconds,
        total_seconds=settings.http_total_seconds,
        max_bytes=settings.http_max_bytes,
        max_redirects=settings.http_max_redirects,
    )


class GuardedSession(HTTPSession):
    """A session whose every hop, redirects included, passes the guard."""

    def __init__(
        self, purpose: str, allowed: tuple[Network, ...], limits: Limits, breaker: Breaker
    ) -> None:
        super().__init__(
            Config(
                ip_filter_enable=False,
                ip_filter_allow_loopback_ips=False,
                never_redirect=False,
                default_timeout=(limits.connect_seconds, limits.read_seconds),
                user_agent_override=f"society-consortium ({purpose})",
            )
        )
        # A proxy or a .netrc of the environment would go round the guard.
        self.trust_env = False
        self.max_redirects = limits.max_redirects
        for scheme in ("https", "http"):
            self.mount(f"{scheme}://", _GuardedAdapter(scheme == "https", allowed, limits, breaker))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send a request; only one that reads is sent on to where an answer redirects it."""
        if request.method not in _READS:
            # After 302 it would become a GET, whose 200 says nothing of what was to be taken.
            kwargs["allow_redirects"] = False
        return super().send(request, **kwargs)


class _TimedSocket(io.RawIOBase):
    """Reads a socket, waiting no longer for a piece than is left for the whole answer.

    The socket's own timeout begins anew with every byte, so a peer that drips never meets it.
    """

    def __init__(self, wired: socket.socket, stream: io.RawIOBase, deadline: float) -> None:
        self._wired = wired
        self._stream = stream
        self._deadline = deadline
        self._pause = wired.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for a whole answer is over")
        self._wired.settimeout(left if self._pause is None else min(left, self._pause))
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _TimedAnswer(http.client.HTTPResponse):
    """An answer whose status line, headers and body are read through a `_TimedSocket`."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        # The stream counts as a user of the socket, so it is wrapped, not replaced.
        self.fp = io.BufferedReader(_TimedSocket(sock, self.fp.detach(), _deadline.get()))


class _Connection(HTTPConnection):
    response_class = _TimedAnswer


class _SecureConnection(HTTPSConnection):
    response_class = _TimedAnswer


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _GuardedAdapter(IPFilterAdapter):
    """Checks, pins and limits one hop."""

    def __init__(
        self, is_https: bool, allowed: tuple[Network, ...], limits: Limits, breaker: Breaker
    ) -> None:
        super().__init__(is_https_proto=is_https)
        self._is_https = is_https
        self._allowed = allowed
        self._limits = limits
        self._breaker = breaker
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def build_connection_pool_key_attributes(
        self,
        request: requests.PreparedRequest,
        verify: bool | str,
        cert: str | tuple[str, str] | None = None,
    ) -> "tuple[_HostParams, _PoolKwargs]":
        host, port = _target(request)
        pinned = _allowed_address(host, port, self._allowed)
        if pinned is None:
            if not self._is_https:
                raise AddressRefused(f"{host} is reached over https only", request=request)
            return super().build_connection_pool_key_attributes(request, verify, cert)
        host_params, pool_kwargs = HTTPAdapter.build_connection_pool_key_attributes(
            self, request, verify, cert
        )
        request.headers = CaseInsensitiveDict(request.headers or {})
        request.headers["Host"] = urlsplit(request.url or "").netloc.rpartition("@")[2]
        host_params["host"] = pinned
        if self._is_https:
            names: Mapping[str, str] = {"assert_hostname": host, "server_hostname": host}
            dict.update(pool_kwargs, names)
        return host_params, pool_kwargs

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        peer = "{}:{}".format(*_target(request))
        if not self._breaker.admit(peer, time.monotonic()):
            raise CircuitOpen(f"{peer} failed repeatedly; it is tried again later", request=request)
        try:
            response = self._fetch(request, timeout, verify, cert)
        except InvalidIPAddress as error:
            raise AddressRefused(f"{peer} is not a public address", request=request) from error
        except AddressRefused:
            raise
        except requests.RequestException:
            self._breaker.record(peer=peer, good=False, now=time.monotonic())
            raise
        self._breaker.record(peer=peer, good=response.status_code < 500, now=time.monotonic())
        return response

    def _fetch(
        self, request: requests.PreparedRequest, timeout: Any, verify: Any, cert: Any
    ) -> requests.Response:
        """Get a whole answer in the time there is for one."""
        deadline = time.monotonic() + self._limits.total_seconds
        token = _deadline.set(deadline)
        try:
            response = super().send(request, True, timeout, verify, cert, {})
            self._read_body(response)
        except requests.RequestException as error:
            if time.monotonic() < deadline or isinstance(error, AddressRefused):
                raise
            late = f"more than {self._limits.total_seconds} seconds"
            raise ResponseTooSlow(late, request=request) from error
        finally:
            _deadline.reset(token)
        return response

    def _read_body(self, response: requests.Response) -> None:
        """Read the body under the limits and hand it on as if it had just arrived."""
        body = BytesIO()
        try:
            for chunk in response.raw.stream(_CHUNK_BYTES, decode_content=True):
                body.write(chunk)
                if body.tell() > self._limits.max_bytes:
                    raise ResponseTooLarge(f"more than {self._limits.max_bytes} bytes")
        except HTTPError as error:
            raise requests.ConnectionError(str(error), request=response.request) from error
        finally:
            response.raw.close()
        body.seek(0)
        response.raw = body


def _target(request: requests.PreparedRequest) -> tuple[str, int]:
    """Host and port of a request, the port of the scheme where none is written."""
    try:
        parts = urlsplit(request.url or "")
        port = parts.port
    except ValueError as error:
        raise AddressRefused("the address is malformed", request=request) from error
    if not parts.hostname:
        raise AddressRefused("the address names no host", request=request)
    return parts.hostname, port or (443 if parts.scheme == "https" else 80)


def _allowed_address(host: str, port: int, allowed: tuple[Network, ...]) -> str | None:
    """The resolved address inside an allowed network, as written in a URL, or None.

    IPv4 goes first: development servers listen on 127.0.0.1 while localhost names ::1 too.
    """
    if not allowed:
        return None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise requests.ConnectionError(f"{host} does not resolve") from error
    addresses = sorted({ipaddress.ip_address(entry[4][0]) for entry in found}, key=_by_version)
    for address in addresses:
        if any(address in network for network in allowed):
            return f"[{address}]" if address.version == 6 else str(address)
    return None


def _by_version(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> tuple[int, str]:
    return address.version, str(address)
