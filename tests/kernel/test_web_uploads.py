"""Uploads: refused by length, declared or counted, without being kept in memory."""

import io
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.kernel.webbing import build_board, fetch_token

MEBIBYTE = 1024 * 1024


@pytest.fixture
def board(tmp_path: Path) -> Flask:
    return build_board(tmp_path, upload_limit_bytes=65536, body_limit_bytes=2048)


@pytest.fixture
def client(board: Flask) -> FlaskClient:
    return board.test_client()


def test_a_file_under_the_limit_arrives(client: FlaskClient) -> None:
    form = {"csrf_token": fetch_token(client), "file": (io.BytesIO(b"x" * 9000), "a.csv")}
    assert client.post("/board/upload", data=form).text == "9000"


def test_a_file_over_the_limit_is_refused_with_a_page(client: FlaskClient) -> None:
    form = {"csrf_token": fetch_token(client), "file": (io.BytesIO(b"x" * 70_000), "a.csv")}
    answer = client.post("/board/upload", data=form)
    assert answer.status_code == 413
    assert 'data-code="upload-too-large"' in answer.text


def test_json_has_a_smaller_limit(client: FlaskClient) -> None:
    answer = client.post(
        "/api/v1/notices",
        json={"title": "x" * 3000},
        headers={"Authorization": "Bearer good"},
    )
    assert (answer.status_code, answer.json and answer.json["code"]) == (413, "upload-too-large")


def send_chunked(client: FlaskClient, path: str, kind: str, body: bytes) -> TestResponse:
    """As gunicorn hands on a body with `Transfer-Encoding: chunked`."""
    return client.post(
        path,
        input_stream=io.BytesIO(body),
        content_type=kind,
        headers={"Authorization": "Bearer good"},
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )


BODIES = [
    ("/api/v1/notices", "application/json", b'{"title": "x"}', b" ", 2048),
    ("/board/raw-whole", "application/json", b"{}", b" ", 2048),
    ("/board/raw-whole", "", b"", b"x", 2048),
    ("/board/fields", "application/x-www-form-urlencoded", b"a=1", b"&", 2048),
    ("/board/raw", "text/csv", b"", b"x", 65536),
    ("/board/raw-whole", "text/csv", b"", b"x", 65536),
    ("/board/upload", "multipart/form-data; boundary=b", b"--b--\r\n", b"x", 65536),
]


@pytest.mark.parametrize(("path", "kind", "front", "filling", "limit"), BODIES)
def test_a_chunked_body_is_taken_whole_or_not_at_all(
    client: FlaskClient, path: str, kind: str, front: bytes, filling: bytes, limit: int
) -> None:
    full = front + filling * (limit - len(front))
    assert send_chunked(client, path, kind, full).status_code in {200, 201}
    for more in (1, 2, 100_000):
        answer = send_chunked(client, path, kind, full + filling * more)
        assert (answer.status_code, "upload-too-large" in answer.text) == (413, True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A gunicorn with threads: its port and its worker's process id."""
    (tmp_path / "served.py").write_text(
        "from pathlib import Path\n"
        "from tests.kernel.webbing import build_board\n"
        f"app = build_board(Path({str(tmp_path)!r}))\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        shlex.split(
            f"{sys.executable} -m gunicorn -k gthread --threads 4 -w 1 --no-control-socket"
            f" -b 127.0.0.1:{port} served:app"
        ),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{root}:{tmp_path}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port, _worker_of(process.pid, port)
    finally:
        process.terminate()
        process.wait(20)


def _worker_of(parent: int, port: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as line:
                line.sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if line.recv(12).startswith(b"HTTP/1.1 200"):
                    children = Path(f"/proc/{parent}/task/{parent}/children").read_text()
                    return int(children.split()[0])
        except OSError:
            time.sleep(0.1)
    raise AssertionError("gunicorn did not start")


def _peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))


def _send(port: int, head: bytes, piece: bytes, count: int, tail: bytes = b"") -> bytes:
    with socket.create_connection(("127.0.0.1", port), 60) as line:
        line.sendall(head)
        try:
            for _ in range(count):
                line.sendall(piece)
            line.sendall(tail)
        except OSError:
            # The server may hang up on a body that it has refused; its answer is there to read.
            pass
        return line.recv(65536)


def test_200_megabytes_cost_no_memory_whatever_the_transfer(server: tuple[int, int]) -> None:
    port, worker = server
    before = _peak_kib(worker)
    size, count = MEBIBYTE, 200
    common = b"POST /board/raw HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/csv\r\n"
    declared = common + f"Content-Length: {size * count}\r\n\r\n".encode()
    assert _send(port, declared, b"x" * size, count).startswith(b"HTTP/1.1 413")
    chunked = common + b"Transfer-Encoding: chunked\r\n\r\n"
    piece = f"{size:x}\r\n".encode() + b"x" * size + b"\r\n"
    assert _send(port, chunked, piece, count, b"0\r\n\r\n").startswith(b"HTTP/1.1 413")
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    multipart = b"POST /board/upload HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    multipart += b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    first = f"{len(form):x}\r\n".encode() + form + b"\r\n"
    assert _send(port, multipart + first, piece, count, b"0\r\n\r\n").startswith(b"HTTP/1.1 413")
    typed = b"POST /api/v1/notices HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer good\r\n"
    blanks = f"{size:x}\r\n".encode() + b" " * size + b"\r\n"
    for kind in (b"application/json", b"application/x-www-form-urlencoded"):
        head = typed + b"Content-Type: " + kind + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = _send(port, head + b"2\r\n{}\r\n", blanks, count, b"0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413")
    assert _peak_kib(worker) - before <= 50 * 1024


def test_a_body_that_is_no_upload_is_told_its_limit(client: FlaskClient) -> None:
    answer = client.post(
        "/api/v1/notices?lang=en",
        json={"title": "x" * 3000},
        headers={"Authorization": "Bearer good", "Accept-Language": "en"},
    )
    told = answer.get_json()
    assert told["detail"] == "The request is too large: it may have 2 KiB. Send less at once."
    chunked = send_chunked(client, "/api/v1/notices?lang=en", "application/json", b" " * 3000)
    assert "it may have 2 KiB" in chunked.text
    form = {"csrf_token": fetch_token(client), "file": (io.BytesIO(b"x" * 70_000), "a.csv")}
    assert "take out pictures" in client.post("/board/upload?lang=en", data=form).text
