"""The outgoing guard: addresses, schemes, sizes, redirects, repeated failures."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest
import requests
from flask import Flask

from consortium.kernel import http
from consortium.kernel.http import (
    AddressRefused,
    Breaker,
    CircuitOpen,
    Limits,
    ResponseTooLarge,
    ResponseTooSlow,
    outgoing,
)

Maker = Callable[..., Flask]
LOOPBACK = (ip_network("127.0.0.0/8"),)


class Site(BaseHTTPRequestHandler):
    """Answers as each test wants it."""

    def do_GET(self) -> None:
        """Serve one of the test's addresses."""
        getattr(self, "_" + self.path.strip("/").split("/")[0])()

    def do_POST(self) -> None:
        """Send whoever delivers something to a page that answers 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._send(302, b"", {"Location": "/hello"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _hello(self) -> None:
        self._send(200, f"{self.headers['Host']} {self.headers['User-Agent']}".encode())

    def _large(self) -> None:
        self._send(200, b"x" * 5000)

    def _bomb(self) -> None:
        self._send(200, gzip.compress(b"x" * 500_000), {"Content-Encoding": "gzip"})

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(50):
            self.wfile.write(b"x" * 65536)

    def _loop(self) -> None:
        self._send(302, b"", {"Location": "/loop"})

    def _away(self) -> None:
        self._send(302, b"", {"Location": "http://10.0.0.1/inside"})

    def _broken(self) -> None:
        self._send(503, b"")

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site() -> Iterator[str]:
    """Address of a site on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _closed_circuits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_breaker", Breaker())


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://0.0.0.0/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://10.1.2.3/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://user:pass@127.0.0.1/",
        "http://93.184.216.34/",
        "http://user@93.184.216.34:80/",
    ],
)
def test_addresses_inside_and_plain_http_are_refused(app: Flask, url: str) -> None:
    with outgoing("test") as session, pytest.raises(AddressRefused):
        session.get(url)


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "gopher://x", "//x", "nonsense"])
def test_other_schemes_are_no_addresses(app: Flask, url: str) -> None:
    with outgoing("test") as session, pytest.raises(requests.RequestException):
        session.get(url)


def test_an_allowed_network_is_reached_over_plain_http(make_app: Maker, site: str) -> None:
    with make_app(http_allow=LOOPBACK).app_context(), outgoing("feed") as session:
        answer = session.get(f"{site}/hello")

    assert answer.text == f"{site.removeprefix('http://')} society-consortium (feed)"


def test_an_allowed_network_allows_no_other(make_app: Maker) -> None:
    allowed = make_app(http_allow=LOOPBACK)
    with allowed.app_context(), outgoing() as session, pytest.raises(AddressRefused):
        session.get("https://10.0.0.1/")


@pytest.mark.parametrize("path", ["large", "bomb"])
def test_a_long_answer_is_cut_off(make_app: Maker, site: str, path: str) -> None:
    with make_app(http_allow=LOOPBACK).app_context():
        with outgoing(limits=Limits(max_bytes=4999)) as session, pytest.raises(ResponseTooLarge):
            session.get(f"{site}/{path}")
        with outgoing(limits=Limits(max_bytes=500_000)) as session:
            assert len(session.get(f"{site}/{path}").content) in (5000, 500_000)


def test_a_dripping_answer_is_cut_off(make_app: Maker, site: str) -> None:
    with make_app(http_allow=LOOPBACK).app_context():
        limits = Limits(total_seconds=0.0)
        with outgoing(limits=limits) as session, pytest.raises(ResponseTooSlow):
            session.get(f"{site}/drip")


@contextmanager
def dripping(started: bytes, dripped: bytes) -> Iterator[str]:
    """Address of a server that answers `started` at once and then drips for four seconds."""

    def drip() -> None:
        with taken.accept()[0] as peer:
            peer.recv(65536)
            peer.sendall(started)
            # Ends sooner when the reader has hung up.
            with suppress(OSError):
                for _ in range(80):
                    time.sleep(0.05)
                    peer.sendall(dripped)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        thread = threading.Thread(target=drip)
        thread.start()
        yield f"http://localhost:{taken.getsockname()[1]}/"
        thread.join()


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("started", "dripped"),
    [
        (HEAD + b"Content-Length: 1000\r\n\r\n", b"x"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        (HEAD, b"X: x\r\n"),
        (HEAD, b"x"),
        (b"", b"H"),
    ],
    ids=["body", "chunks", "size of a chunk", "headers", "a header's name", "status line"],
)
def test_the_time_for_a_whole_answer_ends_it_wherever_it_drips(
    make_app: Maker, started: bytes, dripped: bytes
) -> None:
    limits = Limits(read_seconds=5.0, total_seconds=0.4)
    allowed = make_app(http_allow=LOOPBACK)
    with dripping(started, dripped) as address, allowed.app_context():
        began = time.monotonic()
        with outgoing(limits=limits) as session, pytest.raises(ResponseTooSlow):
            session.get(address)

        assert 0.3 < time.monotonic() - began < 2.0


def test_a_peer_that_falls_silent_is_left_after_its_pause(make_app: Maker) -> None:
    limits = Limits(read_seconds=0.2, total_seconds=60.0)
    allowed = make_app(http_allow=LOOPBACK)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        allowed.app_context(),
        outgoing(limits=limits) as session,
        pytest.raises(requests.ReadTimeout),
    ):
        session.get(f"http://localhost:{silent.getsockname()[1]}/")


def test_what_is_delivered_follows_no_redirect(make_app: Maker, site: str) -> None:
    with make_app(http_allow=LOOPBACK).app_context(), outgoing() as session:
        answer = session.post(f"{site}/take", json={}, allow_redirects=True)

    assert (answer.status_code, answer.history) == (302, [])


def test_redirects_are_counted_and_each_is_checked(make_app: Maker, site: str) -> None:
    with make_app(http_allow=LOOPBACK).app_context(), outgoing() as session:
        with pytest.raises(requests.TooManyRedirects):
            session.get(f"{site}/loop")
        with pytest.raises(AddressRefused):
            session.get(f"{site}/away")


def test_a_proxy_of_the_environment_is_not_used(
    make_app: Maker, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with make_app(http_allow=LOOPBACK).app_context(), outgoing() as session:
        assert session.get(f"{site}/hello").status_code == 200


def test_a_peer_that_keeps_failing_is_left_alone(make_app: Maker, site: str) -> None:
    allowed = make_app(http_allow=LOOPBACK, http_breaker_failures=2)
    with allowed.app_context(), outgoing() as session:
        assert [session.get(f"{site}/broken").status_code for _ in range(2)] == [503, 503]

        with pytest.raises(CircuitOpen):
            session.get(f"{site}/hello")

        assert http.breaker_state() == {site.removeprefix("http://"): 2}


def test_a_good_answer_closes_the_circuit() -> None:
    breaker = Breaker(failures_allowed=1, pause_seconds=10)
    breaker.record(peer="a", good=False, now=0.0)

    trials = [breaker.admit("a", 10.0), breaker.admit("a", 10.0)]
    breaker.record(peer="a", good=True, now=10.5)

    assert trials == [True, False]
    assert breaker.admit("a", 10.6)
