"""Logs: one JSON object a line on standard error, with ids and codes, never names or addresses."""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, g, request

from consortium.kernel.clock import read_now
from consortium.kernel.ids import new_id

HEADER = "X-Request-Id"
# Keys under which a name or an address could slip in; they are cut whoever logs them.
PRIVATE_KEYS = frozenset(
    {"name", "email", "mobile", "phone", "address", "identifier", "password", "token", "birth_date"}
)


class StandardError(logging.Handler):
    """Writes to whatever standard error is at the moment: a test or a daemon may replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        _write(self.format(record))


def _write(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def init_logs(app: Flask) -> None:
    """Log as JSON lines and give every request an id."""
    configure_logs()
    _init_request_logs(app)


def configure_logs(*, level: str = "INFO") -> None:
    """Send our logs and the libraries' to standard error as JSON lines.

    Args:
        level: the least severity shown, a name of the `logging` module.
    """
    root = logging.getLogger()
    root.setLevel(level)
    # It tells at every look at the schema which engine it found.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if any(isinstance(handler, StandardError) for handler in root.handlers):
        return
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
        drop_private,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = StandardError()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root.addHandler(handler)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger; its events are short codes, their details keyword arguments."""
    return structlog.stdlib.get_logger(name)


def drop_private(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Cut what may name a person.

    >>> drop_private(None, "info", {"event": "signed-in", "email": "a@b.example"})
    {'event': 'signed-in', 'email': '[cut]'}
    """
    for key in PRIVATE_KEYS & event.keys():
        event[key] = "[cut]"
    return event


def _init_request_logs(app: Flask) -> None:
    """Take the request's id from a proxy's header when it is a UUID; log the request's end."""
    access = logging.getLogger("consortium.request")

    @app.before_request
    def bind_request() -> None:
        structlog.contextvars.clear_contextvars()
        g.request_id = read_request_id(request.headers.get(HEADER))
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def name_request(response: Any) -> Any:
        response.headers[HEADER] = g.get("request_id", "")
        # The path's pattern, not the path: a path may hold a secret link or a member number.
        rule = request.url_rule.rule if request.url_rule else None
        if access.isEnabledFor(logging.INFO):
            _write(_request_line(request.method, rule, response.status_code))
        return response


def _request_line(method: str, rule: str | None, status: int) -> str:
    """The line of a request, in the form of all others.

    Written past the loggers' processors: there is one for every request, and nothing to cut.
    """
    told = {"method": method, "rule": rule, "status": status, "event": "request"}
    told["request_id"] = g.get("request_id", "")
    told |= {"logger": "consortium.request", "level": "info"}
    at = read_now().isoformat().replace("+00:00", "Z")
    return json.dumps({**told, "at": at}, ensure_ascii=False)


def current_request_id() -> str | None:
    """The id of the request, command or job that is being served; None outside any."""
    bound = structlog.contextvars.get_contextvars().get("request_id")
    return str(bound) if bound else None


def read_request_id(told: str | None) -> str:
    """The proxy's request id if it is a UUID, else a new one.

    >>> read_request_id("0198C0DE-0000-7000-8000-000000000001")
    '0198c0de-0000-7000-8000-000000000001'
    >>> read_request_id("x" * 500) == "x" * 500
    False
    """
    try:
        return str(UUID(told or ""))
    except ValueError:
        return str(new_id())
