"""Which end of a membership a header's words mean: its first day, its last day, or neither.

Offices invent such headers freely (会籍届满日, Membership expiration date), so they are told by the
words inside. Every other word must be one that leaves the meaning as it is: 证件有效期至 is the end
of a document, 缴费截止日期 a deadline, Passport expiry no membership.
"""

import re
from typing import Final

from membership.roster.subjects import in_words

# No word here is two others in a row, so that a header can be cut in one way only.
_OWN: Final = (
    r"(?:本会|学会|协会|会员证书?|会员卡|会员身份|会员|会籍|会费|入会|资格|正式|首次|"
    r"当前|目前|现|最新|预计|的)*"
)
_DAY: Final = r"(?:的)?(?:年月日|年月|年份|日期|时间|日|期)"
_VALID: Final = r"(?:有效期限?|有效日期|有效时间|效期)"
_LAST: Final = r"(?:届满|期满|到期|截止|截至|失效|终止|止)"
_FIRST: Final = r"(?:生效|起始|开始|起)"
_ADMITTED: Final = r"(?:入会|加入)(?:本会|学会|协会)?"

_BASE: Final = (
    r"(?:会员|会籍|会费|会员证|会员资格|member(?:ship)?)*(?:的)?"
    r"(?:有效期限?|有效日期|有效时间|会籍期限|会籍|会费|期限|validity(?:period)?|valid|period|"
    r"membershipperiod|membership|term)(?:的)?(?:日期|时间|dates?)?"
)
_SINCE: Final = r"(?:起始?|始|开始|自|从|由|from|start(?:s|ing)?|begin(?:s|ning)?|since)"
_UNTIL: Final = r"(?:止|终止?|结束|截止|截至|到期?|至|to|until|till|thru|through|ends?|ending)"
_TAIL: Final = r"(?:日期?|时间|dates?|on)?"
_EDGES: Final = (
    ("since", re.compile(f"{_BASE}{_SINCE}{_TAIL}")),
    ("until", re.compile(f"{_BASE}{_UNTIL}{_TAIL}")),
    ("since", re.compile(f"{_OWN}(?:有效|{_VALID})?{_FIRST}{_DAY}?")),
    ("since", re.compile(f"{_OWN}{_ADMITTED}(?:批准|审批|登记|注册|生效)?(?:{_DAY}|年度?)")),
    ("until", re.compile(f"{_OWN}(?:有效|{_VALID})?{_LAST}{_DAY}?")),
    ("until", re.compile(f"{_OWN}{_VALID}(?:{_LAST}|至|到)?{_DAY}?(?:至|到)?")),
)
# Without a day they may head a column of yes and no, so their cells have to speak for them.
_BARE: Final = re.compile(f"{_OWN}(?:何时)?(?:批准)?{_ADMITTED}(?:批准|登记|注册)?|注册|登记")
_RANGE: Final = re.compile(f"(?:{_BASE})?{_TAIL}(?:起止|始终|起讫|{_SINCE}{_UNTIL}){_TAIL}")

_WORDS: Final = re.compile(r"[a-z]+")
_UNTIL_WORDS: Final = frozenset(
    (
        "expiry", "expire", "expires", "expired", "expiring", "expiration", "end", "ends", "ended",
        "ending", "until", "till", "thru", "through", "lapse", "lapses", "lapsing", "termination",
    )
)  # fmt: skip
_SINCE_WORDS: Final = frozenset(
    (
        "joined", "join", "joining", "admitted", "admission", "elected", "election", "start",
        "starts", "started", "starting", "commenced", "commences", "commencement", "enrolled",
        "enrolment", "enrollment", "since", "from", "begin", "begins", "beginning", "began",
    )
)  # fmt: skip
_PLAIN_WORDS: Final = frozenset(
    (
        "member", "members", "membership", "date", "day", "year", "month", "of", "the", "in", "on",
        "at", "is", "to", "as", "valid", "validity", "good", "paid", "dues", "fee", "subscription",
        "period", "term", "current", "first", "last", "original", "effective", "society",
    )
)  # fmt: skip


def is_range(key: str) -> bool:
    """Say whether a folded header names both ends at once.

    >>> is_range("有效期起止"), is_range("有效期起")
    (True, False)
    """
    return _RANGE.fullmatch(key) is not None


def find_edge(key: str) -> str | None:
    """Say which end a folded header without spaces and signs names as a whole.

    >>> find_edge("会籍届满日"), find_edge("会员入会登记日期"), find_edge("证件有效期至")
    ('until', 'since', None)
    """
    return next((field for field, pattern in _EDGES if pattern.fullmatch(key)), None)


def is_bare_admission(key: str) -> bool:
    """Say whether a folded header speaks of joining and not of a day: 入会, 首次入会, 加入学会.

    >>> is_bare_admission("入会"), is_bare_admission("申请入会")
    (True, False)
    """
    return _BARE.fullmatch(key) is not None


def find_latin_edge(text: str) -> str | None:
    """Say which end an English header names by one of its words, the others being plain.

    >>> find_latin_edge("Membership expiration date"), find_latin_edge("Date of Election")
    ('until', 'since')
    >>> find_latin_edge("Passport expiry"), find_latin_edge("Start and end")
    (None, None)
    """
    words = set(_WORDS.findall(in_words(text)))
    rest = words - _PLAIN_WORDS
    if rest and rest <= _UNTIL_WORDS:
        return "until"
    return "since" if rest and rest <= _SINCE_WORDS else None
