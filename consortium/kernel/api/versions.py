"""ETag and If-Match over integer versions (RFC 9110, section 13)."""

import re
from collections.abc import Iterable

from flask import Response, after_this_request, g, request

from consortium.kernel.api.refusals import PreconditionRequired, VersionMismatch

# RFC 9110, section 8.8.3: a tag may hold commas, so the list is not cut at them.
_MEMBER = re.compile(r'((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")?[ \t]*(?:,[ \t]*|$)')
_TAG = re.compile(r'"(\d{1,18})"', re.ASCII)


class Expected(int):
    """The versions that If-Match names; where it names one, that number.

    `*` is any version that there is. Of a list the first is the number, or 0 if none is ours.
    """

    versions: frozenset[int] | None

    @classmethod
    def of(cls, versions: Iterable[int] | None) -> "Expected":
        """One of `versions`, or any if there are none given."""
        listed = None if versions is None else list(versions)
        made = cls(listed[0] if listed else 0)
        made.versions = None if listed is None else frozenset(listed)
        return made

    def covers(self, current: int) -> bool:
        """Whether the precondition holds (RFC 9110, section 13.1.1).

        >>> Expected.of([2, 5]).covers(5), Expected.of([2]).covers(5), Expected.of(None).covers(5)
        (True, False, True)
        """
        return self.versions is None or current in self.versions


def read_if_match(told: str) -> Expected:
    """The versions in an If-Match header; tags that are weak or not ours match nothing.

    >>> read_if_match('"x", "2", W/"3"').versions
    frozenset({2})
    >>> read_if_match("*").versions is None
    True
    >>> read_if_match("2").versions
    frozenset()
    """
    if told == "*":
        return Expected.of(None)
    place, versions = 0, []
    while place < len(told):
        member = _MEMBER.match(told, place)
        if member is None or member.end() == place:
            # Not a list of tags: it names nothing.
            return Expected.of([])
        tag = _TAG.fullmatch(member.group(1) or "")
        if tag:
            versions.append(int(tag.group(1)))
        place = member.end()
    return Expected.of(versions)


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


def required_version() -> Expected:
    """The version that the caller's change is about, from If-Match; for `check_version`.

    Raises:
        PreconditionRequired: the header is missing.
    """
    expected = optional_version()
    if expected is None:
        raise PreconditionRequired
    return expected


def optional_version() -> Expected | None:
    """The same where a change may be made unread; None if the header is missing."""
    told = request.headers.get("If-Match", "").strip()
    return read_if_match(told) if told else None


def check_version(current: int, expected: int) -> None:
    """Refuse a change of something that is not any more what the caller read.

    Args:
        current: the version that there is.
        expected: a version, or what If-Match named.

    Raises:
        VersionMismatch: the two differ.
    """
    wanted = expected if isinstance(expected, Expected) else Expected.of([expected])
    if not wanted.covers(current):
        raise VersionMismatch
