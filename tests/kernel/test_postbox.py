"""Mail and text messages: in the transaction, then sent at least once under a stable id."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import select

from consortium.kernel import delivery, mail, postbox, sms
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.ids import new_id
from consortium.kernel.postbox import OutgoingMessage
from consortium.kernel.unit_of_work import unit_of_work

Maker = Callable[..., Flask]


def test_a_mail_is_written_to_its_folder_once(make_app: Maker, tmp_path: Path) -> None:
    with make_app(mail_url=f"file:{tmp_path}/mail").app_context():
        message_id = _send_mail()

        assert delivery.deliver_messages() == 1
        assert delivery.deliver_messages() == 0

        (path,) = (tmp_path / "mail").iterdir()
        written = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert path.name == f"{message_id}.eml"
        assert written["To"] == "zhang@math.example"
        assert written["Subject"] == "您的验证码 Your code"
        assert str(message_id) in written["Message-ID"]
        assert written.get_body(("plain",)).get_content().strip() == "你好, 张三"
        assert "<p>" in written.get_body(("html",)).get_content()


def test_a_rolled_back_mail_was_never_written(make_app: Maker, tmp_path: Path) -> None:
    with make_app(mail_url=f"file:{tmp_path}/mail").app_context():
        with pytest.raises(RuntimeError), unit_of_work():
            mail.send_mail("a@b.example", "s", "t")
            raise RuntimeError("rolled back")

        assert delivery.deliver_messages() == 0


def test_words_and_address_lie_encrypted_and_go_when_sent(app: Flask) -> None:
    _send_mail()
    waiting = _rows()[0]
    assert "zhang" not in (waiting.sealed or "")

    delivery.deliver_messages()

    sent = _rows()[0]
    assert (sent.state, sent.sealed, sent.attempts) == ("sent", None, 1)


def test_a_text_message_is_a_line_of_json(make_app: Maker, tmp_path: Path) -> None:
    with make_app(sms_url=f"file:{tmp_path}/sms.jsonl").app_context():
        with unit_of_work():
            message_id = sms.send_sms("+8613800000000", "验证码 123456")

        delivery.deliver_messages()

        (line,) = (tmp_path / "sms.jsonl").read_text("utf-8").splitlines()
        assert json.loads(line) == {
            "id": str(message_id),
            "to": "+8613800000000",
            "text": "验证码 123456",
        }


def test_the_console_route_prints_on_standard_error(
    make_app: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    with make_app(mail_url="console:", sms_url="console:").app_context():
        _send_mail()
        with unit_of_work():
            sms.send_sms("+8613800000000", "验证码 123456")
        delivery.deliver_messages()

    printed = capsys.readouterr()
    assert "你好, 张三" in printed.err
    assert "验证码 123456" in printed.err
    assert printed.out == ""


class Gateway(BaseHTTPRequestHandler):
    """A gateway whose sign-in has run out: it sends every program to the page for people."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(302)
        self.send_header("Location", "/login")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def test_a_text_message_that_is_sent_elsewhere_has_not_been_taken(make_app: Maker) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as gateway:
        threading.Thread(target=gateway.serve_forever, kwargs={"poll_interval": 0.01}).start()
        url = f"http://localhost:{gateway.server_port}/send"
        with make_app(sms_url=url, http_allow=(ip_network("127.0.0.0/8"),)).app_context():
            with unit_of_work():
                sms.send_sms("+8613800000000", "验证码 123456")

            assert delivery.deliver_messages() == 0
            (row,) = _rows()
            assert (row.state, row.fault) == ("waiting", "GatewayRefused")
            assert row.sealed is not None
        gateway.shutdown()


def test_an_unsent_message_waits_twice_as_long_each_time(
    make_app: Maker, clock: FixedClock
) -> None:
    with make_app(mail_url="smtp://127.0.0.1:1", message_attempts=3).app_context():
        _send_mail()
        pauses = []
        for _ in range(2):
            assert delivery.deliver_messages() == 0
            row = _rows()[0]
            pauses.append(row.next_at - clock.now())
            clock.at = row.next_at

        assert pauses == [timedelta(seconds=30), timedelta(seconds=60)]
        delivery.deliver_messages()
        given_up = _rows()[0]
        assert (given_up.state, given_up.attempts, given_up.sealed) == ("failed", 3, None)
        assert given_up.fault == "ConnectionRefusedError"


def test_a_crashed_workers_message_is_sent_again_after_its_lease(
    app: Flask, clock: FixedClock
) -> None:
    message_id = _send_mail()
    lost = postbox.claim_message(message_id)
    assert lost is not None
    assert delivery.deliver_messages() == 0

    clock.advance(seconds=120)

    assert delivery.deliver_messages() == 1
    assert postbox.mark_sent(lost) is False


def test_a_message_that_costs_every_sender_its_life_is_given_up(
    make_app: Maker, clock: FixedClock
) -> None:
    with make_app(message_attempts=3).app_context():
        message_id = _send_mail()
        for _ in range(3):
            assert postbox.claim_message(message_id) is not None
            clock.advance(seconds=120)

        assert delivery.deliver_messages() == 0

        given_up = _rows()[0]
        assert (given_up.state, given_up.fault) == ("failed", "attempts-used-up")
        assert given_up.sealed is None


def test_a_postman_who_is_told_to_stop_leaves_the_rest(app: Flask) -> None:
    stopping = threading.Event()
    stopping.set()
    _send_mail()

    assert delivery.deliver_messages(stopping=stopping) == 0
    assert [row.state for row in _rows()] == ["waiting"]


def test_only_one_of_two_claims_wins(app: Flask) -> None:
    message_id = _send_mail()

    claims = [postbox.claim_message(message_id), postbox.claim_message(message_id)]

    assert [claim is not None for claim in claims] == [True, False]


def test_a_message_under_a_removed_secret_is_set_aside(make_app: Maker) -> None:
    with make_app(secret_keys=("o" * 32,)).app_context():
        _send_mail()

    with make_app(secret_keys=("n" * 32,)).app_context():
        assert delivery.deliver_messages() == 0
        assert (_rows()[0].state, _rows()[0].fault) == ("failed", "undecipherable")


def test_finished_messages_are_purged_after_their_days(app: Flask, clock: FixedClock) -> None:
    _send_mail()
    delivery.deliver_messages()
    _send_mail()

    clock.advance(days=31)

    assert postbox.purge_messages() == 1
    assert [row.state for row in _rows()] == ["waiting"]


@pytest.mark.parametrize("url", ["", "mailto:x", "file:", "smtp:", "http://x", "ftp://x"])
def test_a_route_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="route"):
        mail.read_mail_route(url)


def test_line_ends_in_a_subject_make_no_header(make_app: Maker, tmp_path: Path) -> None:
    with make_app(mail_url=f"file:{tmp_path}/mail").app_context():
        with unit_of_work():
            mail.send_mail("a@b.example", "hello\r\nBcc: c@d.example", "t")
        delivery.deliver_messages()

        (path,) = (tmp_path / "mail").iterdir()
        written = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert written["Bcc"] is None
        assert written["Subject"] == "hello Bcc: c@d.example"


class Server:
    """A mail server that keeps what it takes and refuses one address for ever."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        return "250 OK"


@pytest.fixture
def server() -> Iterator[tuple[Server, int]]:
    """A mail server on loopback and its port."""
    taken = Server()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(taken, hostname="127.0.0.1", port=port)
    controller.start()
    yield taken, port
    controller.stop()


def test_a_mail_reaches_a_server(make_app: Maker, server: tuple[Server, int]) -> None:
    taken, port = server
    with make_app(mail_url=f"smtp://127.0.0.1:{port}").app_context():
        message_id = _send_mail()
        assert delivery.deliver_messages() == 1

    read = message_from_bytes(taken.taken[0], policy=policy.default)
    assert str(message_id) in read["Message-ID"]
    assert read.get_body(("plain",)).get_content().strip() == "你好, 张三"


def test_an_address_that_a_server_refuses_is_given_up_at_once(
    make_app: Maker, server: tuple[Server, int]
) -> None:
    with make_app(mail_url=f"smtp://127.0.0.1:{server[1]}").app_context():
        with unit_of_work():
            mail.send_mail("nobody@math.example", "s", "t")
        assert delivery.deliver_messages() == 0
        assert (_rows()[0].state, _rows()[0].attempts) == ("failed", 1)


def test_a_message_of_an_unknown_id_is_not_claimed(app: Flask) -> None:
    assert postbox.claim_message(new_id()) is None


def _send_mail() -> Any:
    with unit_of_work():
        return mail.send_mail(
            "zhang@math.example", "您的验证码 Your code", "你好, 张三", "<p>你好</p>"
        )


def _rows() -> list[OutgoingMessage]:
    db.session.rollback()
    return list(db.session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)))
