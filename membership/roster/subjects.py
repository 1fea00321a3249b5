"""Of whom and of what a header speaks: of the member, of somebody else, or of what nobody keeps."""

import re
import unicodedata
from typing import Final

from membership.roster.characters import fold

BRACKET: Final = re.compile(r"[(\[{<【〔〈《「『](.*?)[)\]}>】〕〉》」』]")
"""A remark in a header, after NFKC: full-width brackets are half-width by then."""

_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD: Final = re.compile(r"[a-z]+")

# A discipline or a school is where somebody works or what a society studies, not what she believes.
_DISCIPLINE: Final = re.compile(
    r"(?:政治|民族|宗教)(?:经济|医药|医学|语言|艺术|音乐|大学|学院|学(?!历|习|生|员))|"
    r"党校|党(?:史|建)(?=学会|研究)"
)
_SENSITIVE: Final = re.compile(
    r"党|政治|政审|面貌|团员|共青|团[籍龄]|入团|团支部|团组织|组织关系|组织生活|统战|群众|"
    r"民族|族别|族群|种族|人种|少数族|汉族|^族$|宗教|信仰|信教|教派|教籍|教徒|佛教|道教|基督|天主教|"
    r"伊斯兰|穆斯林|九三学社|(?:民革|民盟|民建|民进|台盟)(?=$|[会成盟]员|职务|组织|支部)"
)
_SENSITIVE_LATIN: Final = re.compile(
    r"(?<![a-z])(?:politic|party|parties|partisan|cpc|ccp|communist|(?:youth )?league|ethnic|"
    r"race(?![a-z])|racial|relig|faith|beliefs?(?![a-z])|creed|denomination|caste|church|"
    r"nation(?![a-z]))"
)

_ORGANISATION: Final = r"(?:单位|公司|学校|院校|机构|企业|部门|学院|科室)"
_ANOTHER: Final = (
    # People beside the member.
    r"配偶|爱人|夫妻|丈夫|妻子|伴侣|家属|家人|家长|家庭成员|监护|亲属|亲友|亲戚|父|(?<!字)母|子女|"
    r"儿女|儿子|女儿|孩子|兄|姐|妹|紧急|应急|联系人|联络人|联络员|推荐|引荐|举荐|介绍|担保|保证人|"
    r"见证|证明人|导师|指导|班主任|辅导员|秘书(?!处)|助理|助手|财务|会计|出纳|法人|法定代表|负责人|"
    r"责任人|经办|经手|代理|代办|代表人|委托|受托|填表|填报|填写人|录入|制表|审核|审批人|发展人|院长|"
    r"校长|所长|领导|作者|收件|收货|"
    # Other times, other places, other things.
    r"上级|主管|挂靠|依托|归口|(?<![目当])前|原|曾|旧|毕业|兼职|兼任|任职时间|任职经历|经历|履历|简历|"
    r"发票|开票|收票|税|抬头|订单|合同|快递|邮寄|物流|收款|付款|汇款|开户|银行|账户|项目|课题|论文|奖|"
    r"其[他它]|(?:发证|颁发|授予|签发|缴费|填报|申报|审批|管理)(?:单位|机构|机关)|"
    r"(?:单位|公司|学校|机构|企业|团体|集体)会员|学会(?:编号|代码|邮箱|电话|名称|职务)|"
    rf"{_ORGANISATION}的?(?:统一|社会|信用|编号|代码|编码|号|证|邮|电邮|电子|电话|手机|传真|联系|类|"
    r"级|等级|性质|成立|注册|英文|外文|e-?mail)"
)
_ANOTHER_HAN: Final = re.compile(_ANOTHER)
_ANOTHER_REMARK: Final = re.compile(rf"(?:{_ANOTHER})+(?:人|的|方|信息|情况|专用)?")
_REMARK_ORGANISATION: Final = re.compile(_ORGANISATION)
_ANOTHER_LATIN: Final = frozenset(
    (
        "spouse", "wife", "husband", "emergency", "referee", "referees", "referrer", "sponsor",
        "sponsoring", "supervisor", "adviser", "advisor", "mentor", "tutor", "secretary",
        "assistant", "pa", "parent", "parents", "father", "mother", "guardian", "kin", "child",
        "children", "son", "daughter", "sibling", "brother", "sister", "billing", "invoice",
        "payer", "payee", "bank", "account", "accountant", "finance", "order", "contract",
        "receipt", "shipping", "delivery", "previous", "former", "prior", "past", "old", "ex",
        "proposer", "seconder", "nominator", "recommender", "introducer", "manager", "agent",
        "representative", "project", "grant", "thesis", "alma", "graduation", "graduated", "tax",
        "author",
    )
)  # fmt: skip
_LATIN_PHRASE: Final = re.compile(
    r"\bcontacts? ?(?:person|name)|\bcontact ?['’]?s\b|"
    r"\b(?:company|employer|organi[sz]ation|institution|institute|university|school|department)"
    r"(?:['’]?s)? (?:e-?mail|mail|phone|tel|telephone|mobile|fax|no|number|id|code|type|address)\b"
)
_FILLER: Final = frozenset(
    (
        "for", "of", "the", "contact", "person", "s", "only", "use", "details",
    )
)  # fmt: skip

_BARE_PERSON: Final = re.compile(
    r"(?:配偶|爱人|丈夫|妻子|家属|家长|监护人|父亲|母亲|父母|子女|紧急联系人|应急联系人|联系人|联络人|"
    r"推荐人|介绍人|入会介绍人|导师|指导教师|指导老师|秘书|助理|负责人|经办人|代理人|证明人|担保人|"
    r"法人|法定代表人|spouse|emergencycontact|emergencycontactperson|contactperson|referee|sponsor|"
    r"supervisor|adviser|advisor|mentor|secretary|assistant|parent|guardian|nextofkin)"
    r"(?:的?姓名|name|'sname)?[0-9一二两]?"
)
_RELATION: Final = re.compile(r".*关系|.*relation(?:ship)?.*")
_MEMBER_GROUP: Final = re.compile(
    r"(?:会员|成员|个人|本人|基本|基础|联系|联络|通[讯信]|工作|入会|会籍|身份|职业|人员|主要|详细|登记|"
    r"姓名|有效期限?|会费|的)*(?:信息|情况|资料|方式|数据|概况|详情|栏|部分)?"
)
_MEMBER_GROUP_LATIN: Final = frozenset(
    (
        "member", "members", "membership", "personal", "basic", "contact", "work", "general",
        "professional", "information", "info", "details", "data", "particulars", "profile", "name",
        "full", "validity", "valid", "period", "the", "and", "of",
    )
)  # fmt: skip


def in_words(text: str) -> str:
    """Write a header's Latin words apart and small; brackets and widths become plain.

    >>> in_words("PartyMember（CPC_Member）")
    'party member(cpc member)'
    """
    text = unicodedata.normalize("NFKC", text)
    return " ".join(_CAMEL.sub(" ", text).replace("_", " ").lower().split())


def is_sensitive(text: str) -> bool:
    """Say whether a header asks for political, ethnic or religious data, in any of its words.

    >>> is_sensitive("党内职务"), is_sensitive("Race/Ethnicity"), is_sensitive("Grace period")
    (True, True, False)
    >>> is_sensitive("中国政治学会会员号"), is_sensitive("政治学历")
    (False, True)
    """
    if text.isascii():
        return _SENSITIVE_LATIN.search(in_words(text)) is not None
    rest = _DISCIPLINE.sub("", fold(text))
    return bool(_SENSITIVE.search(rest) or _SENSITIVE_LATIN.search(in_words(text)))


def is_of_another(text: str) -> bool:
    """Say whether a header speaks of another person or thing than the member.

    >>> is_of_another("配偶手机"), is_of_another("手机（导师）"), is_of_another("Referee's email")
    (True, True, True)
    >>> is_of_another("目前工作单位"), is_of_another("会员号（由秘书处填写）")
    (False, False)
    """
    written = in_words(text)
    outside = BRACKET.sub(" ", written)
    if _ANOTHER_HAN.search(fold(outside)) or _is_latin_another(outside):
        return True
    return any(_is_remark_of_another(remark, outside) for remark in BRACKET.findall(written))


def _is_latin_another(words: str) -> bool:
    found = _WORD.findall(words)
    return bool(_LATIN_PHRASE.search(words)) or not _ANOTHER_LATIN.isdisjoint(found)


def _is_remark_of_another(remark: str, outside: str) -> bool:
    """A remark names another in a word; a sentence, 由秘书处填写, only tells how to fill in."""
    han = fold(remark)
    if _ANOTHER_REMARK.fullmatch(han):
        return True
    if _REMARK_ORGANISATION.fullmatch(han):
        return _ANOTHER_HAN.search(han + fold(outside)) is not None
    words = set(_WORD.findall(remark))
    return not words.isdisjoint(_ANOTHER_LATIN) and words <= _ANOTHER_LATIN | _FILLER


def is_bare_person(text: str) -> bool:
    """Say whether a header names another person and no more, so that her numbers may follow.

    >>> is_bare_person("紧急联系人"), is_bare_person("推荐人姓名"), is_bare_person("推荐人手机")
    (True, True, False)
    """
    return _BARE_PERSON.fullmatch(fold(text)) is not None


def is_relation(text: str) -> bool:
    """Say whether a header asks how another person is related.

    >>> is_relation("与本人关系"), is_relation("Relationship"), is_relation("手机")
    (True, True, False)
    """
    return _RELATION.fullmatch(fold(text)) is not None


def is_of_member(group: str) -> bool:
    """Say whether a title over several columns leaves them what they are.

    >>> is_of_member("联系方式"), is_of_member("Contact details"), is_of_member("项目负责人")
    (True, True, False)
    """
    if group.isascii():
        return set(_WORD.findall(in_words(group))) <= _MEMBER_GROUP_LATIN
    return _MEMBER_GROUP.fullmatch(fold(BRACKET.sub("", in_words(group)))) is not None
