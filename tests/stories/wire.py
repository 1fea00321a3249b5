"""What stands between two nodes: it counts, keeps and may bend the pages of a feed."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

Answer = Callable[..., Any]


class Wire:
    """The line on which a node serves its feed.

    Attributes:
        told: every page that went over it, as text.
        bend: changes a page on its way; None lets it through.
        before: called with the number of the request before it is answered.
    """

    def __init__(self, app: Flask) -> None:
        """Stand in front of an application."""
        self._inner = app.wsgi_app
        self.told: list[str] = []
        self.bend: Callable[[dict[str, Any]], None] | None = None
        self.before: Callable[[int], None] | None = None
        self._asked = 0
        # The way Flask names for middleware; its stub calls the method final.
        setattr(app, "wsgi_app", self)  # noqa: B010

    def __call__(self, environ: dict[str, Any], start: Answer) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] != "/api/v1/feed":
            return self._inner(environ, start)
        self._asked += 1
        if self.before is not None:
            self.before(self._asked)
        head: list[Any] = []

        def note(*told: Any) -> Callable[[bytes], object]:
            head.extend(told)
            return lambda _: None

        body = b"".join(self._inner(environ, note))
        status, headers = head[0], head[1]
        if status.startswith("200"):
            body = self._pass(body)
        kept = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start(status, [*kept, ("Content-Length", str(len(body)))])
        return [body]

    def _pass(self, body: bytes) -> bytes:
        page = json.loads(body)
        if self.bend is not None:
            self.bend(page)
            body = json.dumps(page).encode()
        self.told.append(body.decode())
        return body
