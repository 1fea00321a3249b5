"""What a single header says: which field it names, how surely, and if none, why.

A header is matched whole, without its remarks, as a known name between harmless words, or as one
name in two languages. A name among words that are not known to be harmless gives no field: a column
left out is seen in the report, a column misread is not.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from membership.roster.characters import fold
from membership.roster.edges import find_edge, find_latin_edge, is_bare_admission, is_range
from membership.roster.subjects import BRACKET, in_words, is_of_another, is_sensitive
from membership.roster.synonyms import EXCLUDED, HALVES, IGNORED, SENSITIVE, SYNONYMS, UNSURE

Match = tuple[str | None, float, str | None]
"""Field (or half of a name), confidence, and the reason why there is no field."""

UNKNOWN: Final[Match] = (None, 0.0, "unknown")
OF_SENSITIVE: Final[Match] = (None, 1.0, "sensitive")
OF_ANOTHER: Final[Match] = (None, 1.0, "another")

_NOISE: Final = re.compile(
    r"[\s*:/、,.。_\-—–~·'’\"“”!?^※★●▲()\[\]{}<>【】〔〕〈〉《》「」『』]+|"
    r"必填|选填|required|optional"
)
_NUMBERING: Final = re.compile(r"^[(\s]*\d{1,2}[.、)\s]+(?=\D)")
_JOINTS: Final = re.compile(r"[/、,;|&+\\]|及|和|与|或|\band\b|\bor\b")
_HAN: Final = re.compile(r"[^\x00-\x7f]+")
_LATIN: Final = re.compile(r"[a-z/.#]+")
_HARMLESS: Final = frozenset(
    (
        "the", "your", "my", "our", "member", "members", "s", "current", "present", "primary",
        "main", "personal", "preferred", "pls", "please", "enter", "own", "registered", "valid",
    )
)  # fmt: skip
_PAPERS: Final = frozenset(("id", "card", "certificate", "passport", "permit", "visa", "licence"))
_FUZZY_FROM: Final = 88.0
_REMARKED: Final = 0.95
_AMONG_WORDS: Final = 0.85
_HALF_KNOWN: Final = 0.75
# Dropped where no cell is a date.
_BARE_ADMISSION: Final = 0.7
# A remark decides what an unsure name such as 联系方式 or 编号 holds.
_UNSURE_BELOW: Final = 0.9
# Their cells are told apart from others by their form, so a second name beside theirs does no harm.
_CHECKED: Final = frozenset(
    ("mobile", "email", "national_id", "orcid", "gender", "birth_date", "since", "until")
)

_DURATION: Final = frozenset(("年", "月", "年限", "年数", "years", "months", "year", "month"))

_OWN_WORDS: Final = (
    "请|务必|正确|填写|输入|本人|个人|自己|我的|您的|其|该|申请人|入会人|现在|现任?|现有|目前|当前|"
    "最新|最近|主要|常用|首选|第一|所在|所属|工作|任职|就职|联系|有效|真实|完整|详细|正式|中文|居民|公民|"
    "登记|注册|绑定|新|的"
)
_SOCIETY_WORDS: Final = "学会|本会|我会|协会|入会|会籍|资格|首次"
_SOCIETY_FIELDS: Final = frozenset(("member_number", "class", "grade", "branch", "since", "until"))
_PREFIXES: Final = {
    # 会员职务 is an office in the society, not a profession.
    "title": re.compile(f"(?:{_OWN_WORDS}|单位|担任|行政|技术|专业|学术|最高)*"),
    "society": re.compile(f"(?:{_OWN_WORDS}|会员|{_SOCIETY_WORDS})*"),
    "other": re.compile(f"(?:{_OWN_WORDS}|会员)*"),
}
_SUFFIX: Final = re.compile(
    r"(?:的|号码?|名称|全称|全名|名|信息|情况|栏|填写|[01一]|年月日|年月|年份|日|代码|编码|男|女)*"
    r"(?:(?:格式|样式|如|例如?|示例|yyyy).*)?"
)
# 挂靠单位 is another's, 挂靠分会 the branch to which the member belongs.
_BRANCH: Final = re.compile(
    r"(?:现?(?:挂靠|隶属|归属|归口|依托|从属|加入|参加|所属|所在|所入|注册))的?"
    r"(?:专业)?(?:分会|专委会|专业委员会|工作委员会|工委会|分支机构|二级学会|二级分会|学组)(?:名称)?"
)
_ROOMS: Final = re.compile(r"(?:部门|院系|系所|学院|科室|处室|系)?")
_SOCIETY_NAME: Final = re.compile(r"[\u4e00-\u9fff]{1,18}(?:学会|协会|研究会|会|学社)")
_LATIN_SCRIPT: Final = re.compile(
    r"英|拼音|外文|罗马|拉丁|护照|english|pinyin|latin|roman|passport"
)
_HAN_SCRIPT: Final = re.compile(r"中|汉字|chinese|native")
_NO_MOBILE: Final = re.compile(
    r"办公|^办$|家庭?|宅|座机|固话|固定|传真|微信|qq|office|home|fax|landline|wechat|work"
)


def _key(text: str) -> str:
    return _NOISE.sub("", fold(text)) or fold(text)


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Match]:
    names: dict[str, Match] = {}
    for field, synonyms in SYNONYMS.items():
        for synonym in synonyms:
            names.setdefault(_key(synonym), (field, UNSURE.get(synonym, 1.0), None))
        names.setdefault(_key(field), (field, 1.0, None))
    for half, synonyms in HALVES.items():
        for synonym in synonyms:
            names.setdefault(_key(synonym), (half, 1.0, None))
    for listed, reason in ((SENSITIVE, "sensitive"), (IGNORED, "ignored"), (EXCLUDED, "unknown")):
        for synonym in listed:
            names[fold(synonym) if len(synonym) < 3 else _key(synonym)] = (None, 1.0, reason)
    return names


@lru_cache(maxsize=1)
def _latin_names() -> Sequence[str]:
    return [name for name in _names() if _LATIN.fullmatch(name) and len(name) > 4]


@lru_cache(maxsize=1)
def _han_names() -> Sequence[tuple[str, Match]]:
    return [one for one in _names().items() if len(one[0]) > 1 and not one[0].isascii()]


@lru_cache(maxsize=4096)
def match_header(text: str) -> Match:
    """Say which field a header names, how surely, and if none, why.

    >>> match_header("会员编号（8位）"), match_header("Date of Birth (yyyy-mm-dd)")
    (('member_number', 0.95, None), ('birth_date', 0.95, None))
    >>> match_header("有效期（起）")[0], match_header("姓名（拼音）")[0]
    ('since', 'name_latin')
    >>> match_header("党内职务"), match_header("配偶手机")
    ((None, 1.0, 'sensitive'), (None, 1.0, 'another'))
    >>> match_header("发文日期"), match_header("张三")
    ((None, 0.0, 'unknown'), (None, 0.0, 'unknown'))
    """
    if is_sensitive(text):
        return OF_SENSITIVE
    if len(text) > 60 or not _key(text):
        return UNKNOWN
    found = _match_whole(text)
    if found is not None:
        return found
    if is_of_another(text):
        return OF_ANOTHER
    written = in_words(text)
    remarks = [remark for remark in BRACKET.findall(written) if remark.strip()]
    if remarks:
        return _match_remarked(BRACKET.sub(" ", written).strip(), remarks)
    return _match_bare(written)


def _match_whole(text: str) -> Match | None:
    """A header that is a known name as it stands, or an end of the membership's period."""
    names, whole = _names(), _key(text)
    found = names.get(fold(text)) or names.get(whole)
    if found is not None:
        return found
    if is_range(whole):
        return UNKNOWN
    if _BRANCH.fullmatch(whole):
        return "branch", _REMARKED, None
    edge = find_edge(whole)
    if edge is not None:
        return edge, _REMARKED, None
    return ("since", _BARE_ADMISSION, None) if is_bare_admission(whole) else None


def _scale(match: Match, factor: float) -> Match:
    field, confidence, reason = match
    return field, round(confidence * factor, 2), reason


def _match_remarked(outside: str, remarks: Sequence[str]) -> Match:
    """A name with remarks: most only explain, some say the script or which number is meant."""
    turned = _names().get(_key(remarks[0] + outside), UNKNOWN)
    if turned[0] is not None:
        return _scale(turned, _REMARKED)
    base = _match_bare(outside) if outside else UNKNOWN
    field, confidence, _ = base
    if field is None:
        return base
    said = " ".join(remarks)
    is_latin, is_han = _LATIN_SCRIPT.search(said), _HAN_SCRIPT.search(said)
    if field == "name" and is_latin and not is_han:
        return "name_latin", _REMARKED, None
    if field not in ("name", "name_latin", "national_id") and is_latin and not is_han:
        return _scale(base, _HALF_KNOWN)
    if field == "until" and any(_key(remark) in _DURATION for remark in remarks):
        return UNKNOWN
    inner = _names().get(_key(remarks[0]))
    if confidence >= _UNSURE_BELOW:
        return _scale(base, _REMARKED)
    return _decide_unsure(base, inner, said)


def _decide_unsure(base: Match, inner: Match | None, said: str) -> Match:
    field = base[0]
    if inner is None:
        if field == "mobile" and _NO_MOBILE.search(said):
            return UNKNOWN
        return _scale(base, _REMARKED)
    if inner[0] == field:
        return _scale(max(base, inner, key=lambda match: match[1]), _REMARKED)
    if field in ("mobile", "member_number") or inner[0] is None:
        return _scale(inner, _REMARKED)
    return UNKNOWN


def _match_bare(text: str) -> Match:
    """A header without remarks."""
    text = _NUMBERING.sub("", text)
    found = _match_whole(text) if _key(text) else UNKNOWN
    if found is not None:
        return found
    pieces = [piece for piece in _JOINTS.split(text) if _key(piece)]
    if len(pieces) < 2:
        return _match_one(text)
    matches = [_match_one(piece) for piece in pieces]
    if matches[0][0] == "employer" and all(_ROOMS.fullmatch(_key(piece)) for piece in pieces[1:]):
        return _scale(matches[0], _AMONG_WORDS)
    return _match_pieces(matches)


def _match_pieces(matches: Sequence[Match]) -> Match:
    """手机/电话 is one column, 手机/邮箱 might be either, 单位及职务 is both at once."""
    fields = {match[0] for match in matches}
    first = matches[0]
    if len(fields) == 1 or fields == {"class", "grade"}:
        return _scale(min(matches, key=lambda match: match[1]), _REMARKED)
    if first[0] in _CHECKED and fields == {first[0], None}:
        return _scale(first, _HALF_KNOWN)
    return UNKNOWN


def _match_one(text: str) -> Match:
    found = _names().get(fold(text)) or _names().get(_key(text))
    if found is not None:
        return found
    bare = _key(text)
    if not bare or len(bare) > 40:
        return UNKNOWN
    if bare.isascii():
        return _match_latin(text, bare)
    found = _match_among_words(bare)
    if found is UNKNOWN and re.search("[a-z]{2}", bare):
        return _match_both(text)
    return found


def _match_both(text: str) -> Match:
    """姓名 Name: one name in two languages; where both are known they must agree."""
    latin, han = " ".join(_HAN.sub(" ", text).split()), "".join(_HAN.findall(text))
    first, second = _match_one(han), _match_one(latin)
    if {first[0], second[0]} in ({first[0]}, {"class", "grade"}):
        return _scale(max(first, second, key=lambda match: match[1]), _REMARKED)
    if UNKNOWN in (first, second):
        known = first if second == UNKNOWN else second
        return _scale(known, _HALF_KNOWN) if known[1] >= _UNSURE_BELOW else UNKNOWN
    return UNKNOWN


def _match_among_words(bare: str) -> Match:
    """The longest known name between words that leave it what it is."""
    found = [
        (len(name), match)
        for name, match in _han_names()
        if name in bare and _is_harmless(bare, name, match)
    ]
    if not found:
        return UNKNOWN
    return _scale(max(found, key=lambda one: one[0])[1], _AMONG_WORDS)


def _is_harmless(bare: str, name: str, match: Match) -> bool:
    place = bare.rfind(name)
    before, after, field = bare[:place], bare[place + len(name) :], match[0]
    if field == "name" and match[1] < 1.0:
        return False
    # A number of anything else is no member number: 职工编号, 编号名称.
    if field == "member_number" and "会" not in name:
        return False
    if not (_SUFFIX.fullmatch(after) or (field == "employer" and _ROOMS.fullmatch(after))):
        return False
    if field in _SOCIETY_FIELDS:
        if name.startswith(("会", "入会")) and _SOCIETY_NAME.fullmatch(before):
            return True
        return _PREFIXES["society"].fullmatch(before) is not None
    return _PREFIXES["title" if field == "title" else "other"].fullmatch(before) is not None


def _match_latin(text: str, bare: str) -> Match:
    """An English header with harmless words around its name, or a misspelt one."""
    names = _names()
    words = re.findall(r"[a-z]+", in_words(text))
    kept = [word for word in words if word not in _HARMLESS]
    if kept and len(kept) < len(words):
        found = names.get("".join(kept))
        if found is not None and found[0] not in HALVES:
            return _scale(found, _AMONG_WORDS)
    edge = find_latin_edge(text)
    if edge is not None:
        return edge, _AMONG_WORDS, None
    if len(bare) > 24:
        return UNKNOWN
    close = process.extractOne(bare, _latin_names(), scorer=fuzz.ratio, score_cutoff=_FUZZY_FROM)
    if close is None or names[close[0]][0] in HALVES:
        return UNKNOWN
    # ID expiry date is nearly an expiry date in its letters, and another's in its words.
    if names[close[0]][0] in ("since", "until") and not _PAPERS.isdisjoint(words):
        return UNKNOWN
    return _scale(names[close[0]], close[1] / 100 * 0.9)
