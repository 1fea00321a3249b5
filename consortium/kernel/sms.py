"""Text messages: queued in the transaction, sent by the worker.

`CONSORTIUM_SMS_URL` says where to: `console:` (standard error, for development), `file:PATH`
(one JSON object a line) or the `https://` address of a gateway, which takes
`{"id", "to", "text"}` by POST, the id also as Idempotency-Key, and answers 2xx when it has it.
"""

import json
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import requests

from consortium.kernel.http import outgoing
from consortium.kernel.postbox import Parcel, put_message
from consortium.kernel.settings import current_settings


class GatewayRefused(requests.RequestException):
    """The gateway answered, but did not take the message."""

    def __init__(self, status: int) -> None:
        """Refused with an HTTP status of 300 or more."""
        super().__init__(f"the gateway answered {status}")
        self.status = status


def send_sms(mobile: str, text: str) -> UUID:
    """Queue one text message in the open unit of work.

    Args:
        mobile: number in E.164 form, for instance +8613800000000.
        text: the words, as short as the gateway wants them.

    Returns:
        The message's stable id, which the gateway may use against doubles.
    """
    return put_message("sms", {"to": mobile, "text": text})


def deliver_sms(parcel: Parcel) -> None:
    """Send one claimed text message; no transaction may be open.

    Raises:
        requests.RequestException, OSError: the route did not take it.
    """
    url = current_settings().sms_url
    message = {"id": str(parcel.id), "to": parcel.content["to"], "text": parcel.content["text"]}
    scheme = read_sms_scheme(url)
    if scheme == "console":
        words = f"--- sms {message['id']}\nTo: {message['to']}\n{message['text']}\n---"
        print(words, file=sys.stderr, flush=True)
        return
    if scheme == "file":
        _append(file_of(url), message)
        return
    headers = {"Idempotency-Key": message["id"]}
    answer = outgoing("sms").post(url, json=message, headers=headers)
    if answer.status_code >= 300:
        raise GatewayRefused(answer.status_code)


def read_sms_scheme(url: str) -> str:
    """Read the scheme of `CONSORTIUM_SMS_URL`: console, file, http or https.

    >>> read_sms_scheme("file:outbox/sms.jsonl")
    'file'

    Raises:
        ValueError: another scheme, or a file route without a path.
    """
    parts = urlsplit(url)
    is_known = parts.scheme == "console" or (parts.scheme == "file" and parts.path)
    if is_known or (parts.scheme in ("http", "https") and parts.hostname):
        return parts.scheme
    raise ValueError("a text message route is console:, file:PATH or https://GATEWAY")


def file_of(url: str) -> Path:
    """The file that a route `file:PATH` names."""
    return Path(unquote(urlsplit(url).path))


def is_permanent(error: Exception) -> bool:
    """Whether the gateway will refuse this message for ever: 4xx, but for 408 and 429."""
    return (
        isinstance(error, GatewayRefused)
        and 400 <= error.status < 500
        and error.status not in (408, 429)
    )


def _append(path: Path, message: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(message, ensure_ascii=False) + "\n")
