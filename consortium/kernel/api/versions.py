"""ETag and If-Match over integer versions (RFC 9110, section 13)."""

import re

from flask import Response, after_this_request, g, request

from consortium.kernel.api.refusals import PreconditionRequired, VersionMismatch

_TAG = re.compile(r'"(\d{1,18})"', re.ASCII)


def etag_of(version: int) -> str:
    """The strong entity tag of a version.

    >>> etag_of(3)
    '"3"'
    """
    return f'"{version}"'


def tag_version(version: int) -> None:
    """Send the version as ETag with the answer being made, and with its replays."""
    g.entity_tag = etag_of(version)

    @after_this_request
    def _tag(response: Response) -> Response:
        response.headers["ETag"] = etag_of(version)
        return response


def required_version() -> int:
    """The version that the caller's change is about, from If-Match.

    Raises:
        PreconditionRequired: the header is missing, or is `*`, which would overwrite unread.
        VersionMismatch: it names no version of ours, or a weak one.
    """
    told = request.headers.get("If-Match", "").strip()
    if told in {"", "*"}:
        raise PreconditionRequired
    match = _TAG.fullmatch(told)
    if match is None:
        raise VersionMismatch
    return int(match.group(1))


def check_version(current: int, expected: int) -> None:
    """Refuse a change of something that is not any more what the caller read.

    Raises:
        VersionMismatch: the two differ.
    """
    if current != expected:
        raise VersionMismatch
