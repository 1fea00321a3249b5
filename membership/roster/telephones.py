"""What stands around a telephone number: labels of the member's own, or of somebody else."""

import re
from typing import Final

_WORDS: Final = (
    "手机号码", "手機號碼", "手机号", "手機號", "手机", "手機", "移动电话", "移動電話",
    "行動電話", "行动电话", "联系电话", "聯絡電話", "联络电话", "联系方式", "聯絡方式",
    "电话号码", "電話號碼", "电话", "電話", "本人", "个人", "個人", "私人", "常用", "主用",
    "工作", "办公室", "辦公室", "办公", "辦公", "单位", "單位", "住宅", "家庭", "家里", "座机",
    "固话", "宅电", "宅", "家", "办", "微信同号", "微信同號", "微信同", "同微信", "微信",
    "中国移动", "中国联通", "中国电信", "移动", "联通", "电信", "中国", "国内", "大陆", "内地",
    "香港", "澳门", "台湾", "臺灣", "号码", "新号", "telephone", "mobilephone", "mobile",
    "cellphone", "cell", "phone", "tel", "mob", "wechat", "whatsapp", "office", "work", "home",
    "personal", "china", "hongkong", "m", "t", "p", "h", "o", "w", "hk", "传真", "傳真", "fax", "f",
    "小灵通", "固定", "移", "固", "c",
)  # fmt: skip
_OWN: Final = "|".join(sorted(map(re.escape, _WORDS), key=len, reverse=True))
_MARKS: Final = r"[\s()\[\]【】::.,·/_*#\u2022\u2014-]"
_INNER: Final = r"[\s::.,·/-]"
# Possessive, so that no row of labels can be cut in so many ways that it takes a minute.
_BEFORE: Final = re.compile(rf"(?:{_MARKS}|{_OWN})*+", re.IGNORECASE)
_AFTER: Final = re.compile(
    rf"(?<=\d)\s*+(?:\((?:{_OWN}|短号:?\s*\d{{3,6}}|{_INNER})++\)|{_INNER}*+(?:{_OWN})++)\s*$",
    re.IGNORECASE,
)
# A whole number as it is dialled here, so that two in a row are told apart without a sign.
_WHOLE: Final = re.compile(
    r"""(?<![\d+])(?:
        (?:(?:\+|00)?86[-\s]*)?1[3-9]\d(?:[-\s]?\d{4}){2}
        | 09\d\d[-\s]?\d{3}[-\s]?\d{3}
        | (?:(?:\+|00)86[-\s]*\(?0?[1-9]\d{1,2}\)?[-\s]?|\(?0[1-9]\d{0,2}\)?[-\s]?)?
          [2-9]\d{2,3}[-\s]?\d{4}(?:\s?(?:转|轉|ext\.?|x|\#|-)\s?\d{1,6})?
        | [48]00[-\s]?\d{3}[-\s]?\d{4}
    )(?!\d)""",
    re.IGNORECASE | re.VERBOSE,
)
_NUMBER: Final = re.compile(r"[+(]?\d")
_LETTER: Final = re.compile(r"[^\W\d_]")
_EXTENSION: Final = re.compile(r"(?:转|轉|ext\.?|x|#)\s*\d{1,6}$", re.IGNORECASE)


def strip_labels(text: str) -> str | None:
    """Return a number without its label and extension; None when the label is of nobody known.

    张三 or 配偶 before a number say that it is somebody's, and perhaps not the member's.

    >>> strip_labels("手机：13800138000"), strip_labels("13800138009(微信同号)")
    ('13800138000', '13800138009')
    >>> strip_labels("配偶13800138000"), strip_labels("13800138000(王老师)")
    (None, None)
    """
    text = _EXTENSION.sub("", text.replace("：", ":").strip())
    found = _NUMBER.search(text)
    before = text[: found.start()] if found else text
    if _LETTER.search(before):
        label = _BEFORE.match(text)
        if label is None or (found and label.end() < found.start()):
            return None
        text = text[label.end() :]
    text = _AFTER.sub("", text)
    return None if _LETTER.search(text) else text.strip()


def find_numbers(text: str) -> list[str]:
    """The numbers of a text in which nothing else stands but labels of the member's own.

    >>> find_numbers("13800138000(办)010-62781234(宅)")
    ['13800138000', '010-62781234']
    >>> find_numbers("配偶13800138000 010-62781234")
    []
    """
    rest = _WHOLE.sub(" ", text)
    return _WHOLE.findall(text) if _BEFORE.fullmatch(rest) else []
