"""Which characters a text may hold, beyond what a database can store."""

import re

# Explicit bidirectional embeddings, overrides and isolates: they make a text read as another one
# (Unicode Technical Report 36, section 2.6; CVE-2021-42574).
_TURNING = "\u202a-\u202e\u2066-\u2069"
_NOT_PLAIN = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_TURNING}]")
_LINE_END = re.compile("[\t\n\r\u2028\u2029]")


def is_plain(text: str) -> bool:
    r"""Whether a text of any number of lines holds nothing that is there and cannot be seen.

    >>> is_plain("第一条\n第二条"), is_plain("a\x1bb"), is_plain("gpj\u202egnp")
    (True, False, False)
    """
    return _NOT_PLAIN.search(text) is None


def is_one_line(text: str) -> bool:
    r"""Whether a text may be a title, a name or a place: plain, and without line ends.

    >>> is_one_line("联合大会 2026"), is_one_line("Hall A\r\nSUMMARY:x")
    (True, False)
    """
    return is_plain(text) and _LINE_END.search(text) is None
