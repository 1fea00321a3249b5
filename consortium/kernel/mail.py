"""Mail: queued in the transaction, sent by the worker.

`CONSORTIUM_MAIL_URL` says where to: `console:` (standard error, for development), `file:DIR`
(one .eml file a message), `smtp://user:password@host:port` (STARTTLS is used when a user is
given) or `smtps://` (TLS from the first byte).
"""

import smtplib
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

from flask import current_app
from flask_mailman import EmailMultiAlternatives, Mail

from consortium.kernel.postbox import Parcel, put_message
from consortium.kernel.settings import current_settings


@dataclass(frozen=True, slots=True)
class MailRoute:
    """Where mail goes: `scheme` console, file, smtp or smtps, and what that scheme needs."""

    scheme: str
    directory: str = ""
    host: str = "localhost"
    port: int = 25
    user: str | None = None
    password: str | None = None


def send_mail(to: str, subject: str, text: str, html: str | None = None) -> UUID:
    """Queue one mail in the open unit of work.

    Args:
        to: one address.
        subject: one line; line ends in it are folded into blanks.
        text: the plain words, complete without `html`.
        html: the same words for readers that show HTML.

    Returns:
        The message's stable id, also in its Message-ID.
    """
    content = {"to": _one_line(to), "subject": _one_line(subject), "text": text}
    if html is not None:
        content["html"] = html
    return put_message("mail", content)


def deliver_mail(parcel: Parcel) -> None:
    """Send one claimed mail by the configured route; no transaction may be open.

    Raises:
        smtplib.SMTPException, OSError: the route did not take it.
    """
    route = read_mail_route(current_settings().mail_url)
    if route.scheme == "console":
        _print_mail(parcel)
        return
    message = _compose(parcel, route)
    if route.scheme == "file":
        _write_mail(Path(route.directory), parcel.id, message.message().as_bytes())
        return
    # The library closes its connection only if all went well; the block closes it in any case.
    with message.get_connection() as connection:
        connection.send_messages([message])


def read_mail_route(url: str) -> MailRoute:
    """Read `CONSORTIUM_MAIL_URL`.

    >>> read_mail_route("file:outbox/mail").directory
    'outbox/mail'
    >>> read_mail_route("smtp://news:a%40b@mail.example:587").password
    'a@b'

    Raises:
        ValueError: another scheme, or a file route without a directory.
    """
    parts = urlsplit(url)
    if parts.scheme == "console":
        return MailRoute("console")
    if parts.scheme == "file" and parts.path:
        return MailRoute("file", directory=unquote(parts.path))
    if parts.scheme in ("smtp", "smtps") and parts.hostname:
        return MailRoute(
            parts.scheme,
            host=parts.hostname,
            port=parts.port or (465 if parts.scheme == "smtps" else 25),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )
    raise ValueError("a mail route is console:, file:DIR, smtp://HOST or smtps://HOST")


def is_permanent(error: Exception) -> bool:
    """Whether a mail server's refusal will stay the same however often it is asked."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 550


def _compose(parcel: Parcel, route: MailRoute) -> EmailMultiAlternatives:
    _prepare_mailman(route)
    content = parcel.content
    host = urlsplit(current_settings().issuer).hostname or "localhost"
    message = EmailMultiAlternatives(
        subject=content["subject"],
        body=content["text"],
        from_email=current_settings().mail_from,
        to=[content["to"]],
        headers={"Message-ID": f"<{parcel.id}@{host}>", "Auto-Submitted": "auto-generated"},
    )
    if "html" in content:
        message.attach_alternative(content["html"], "text/html")
    return message


def _prepare_mailman(route: MailRoute) -> None:
    """Give Flask-Mailman the route at first use, so that web processes never load it."""
    if "mailman" in current_app.extensions:
        return
    is_tls = route.scheme == "smtps"
    current_app.config.update(
        MAIL_BACKEND="smtp",
        MAIL_SERVER=route.host,
        MAIL_PORT=route.port,
        MAIL_USERNAME=route.user,
        MAIL_PASSWORD=route.password,
        MAIL_USE_SSL=is_tls,
        MAIL_USE_TLS=bool(route.user) and not is_tls,
        MAIL_TIMEOUT=current_settings().http_read_seconds,
    )
    Mail().init_app(current_app)


def _print_mail(parcel: Parcel) -> None:
    content = parcel.content
    lines = (f"To: {content['to']}", f"Subject: {content['subject']}", "", content["text"])
    print(f"--- mail {parcel.id}", *lines, "---", sep="\n", file=sys.stderr, flush=True)


def _write_mail(directory: Path, message_id: UUID, data: bytes) -> None:
    """Write under a temporary name first, so that a reader never sees half a message."""
    directory.mkdir(parents=True, exist_ok=True)
    unfinished = directory / f".{message_id}.tmp"
    unfinished.write_bytes(data)
    unfinished.replace(directory / f"{message_id}.eml")


def _one_line(text: str) -> str:
    return " ".join(text.split())
