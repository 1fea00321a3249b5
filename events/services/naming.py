"""Societies as refusals name them: in the reader's language, by code where no name is known."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from consortium.kernel.web.languages import select_language
from events.services.reads import name_societies


def say_society(code: str) -> str:
    """Name one society."""
    return say_societies([code])


def say_societies(codes: Sequence[str]) -> str:
    """Name several societies in a row, in their order."""
    names = name_societies(codes)
    language = select_language().html
    said = [names[code].in_language(language) if code in names else code for code in codes]
    return gettext(", ").join(said)
