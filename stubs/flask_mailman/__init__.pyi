from collections.abc import Sequence
from email.message import Message
from types import TracebackType
from typing import Self

from flask import Flask

class BaseEmailBackend:
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int: ...

class EmailMessage:
    def __init__(
        self,
        subject: str = "",
        body: str = "",
        from_email: str | None = None,
        to: Sequence[str] | None = None,
        *,
        headers: dict[str, str] | None = None,
    ) -> None: ...
    def message(self) -> Message: ...
    def get_connection(self, fail_silently: bool = False) -> BaseEmailBackend: ...

class EmailMultiAlternatives(EmailMessage):
    def attach_alternative(self, content: str, mimetype: str) -> None: ...

class Mail:
    def __init__(self, app: Flask | None = None) -> None: ...
    def init_app(self, app: Flask) -> object: ...
