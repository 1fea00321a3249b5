"""What an institute needs to be founded."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from consortium.kernel.characters import is_one_line
from consortium.kernel.errors import N_, UNPRINTABLE, FieldError

SLUG = re.compile(r"[a-z][a-z0-9-]{1,62}[a-z0-9]", re.ASCII)
LONGEST_NAME, LONGEST_CHARTER = 200, 200_000


def list_wish_faults(wish: Mapping[str, Any]) -> Iterator[FieldError]:
    """Every fault of a wish to found an institute.

    >>> [fault.pointer for fault in list_wish_faults({"slug": "A", "name_zh": "甲", "name_en": ""})]
    ['/slug', '/name/en', '/charter/zh', '/charter/en', '/since']
    """
    if not SLUG.fullmatch(str(wish.get("slug", ""))):
        message = N_("Write the address in small letters, digits and hyphens, from 3 to 64.")
        yield FieldError("slug-invalid", message, pointer="/slug")
    for name, most in (("name", LONGEST_NAME), ("charter", LONGEST_CHARTER)):
        for language in ("zh", "en"):
            text = str(wish.get(f"{name}_{language}", "")).strip()
            if not 0 < len(text) <= most:
                message = N_("Write it in Chinese and in English.")
                yield FieldError(f"{name}-missing", message, pointer=f"/{name}/{language}")
            elif name == "name" and not is_one_line(text):
                yield FieldError("text-unprintable", UNPRINTABLE, pointer=f"/name/{language}")
    since, until = wish.get("since"), wish.get("until")
    if since is None or (until is not None and until <= since):
        message = N_("The term begins before it ends.")
        yield FieldError("term-invalid", message, pointer="/since")
