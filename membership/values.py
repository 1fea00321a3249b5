"""Frozen values that membership hands to its callers; models never leave the package."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

TERM_STATES = ("active", "suspended", "void")
"""A term counts while `active`; `suspended` keeps the membership but not its rights; `void` never
was (a correction that takes a term back entirely)."""

BENEFITS = ("membership", "member-price", "publications", "library", "member-site")
"""What one society may grant another's members. An agreement may name further codes."""

CONSENT_PURPOSE_RECOGNITION = "recognition"
ENDED_BY = "ended_by"
"""Hint of the reason `term-ended`: `society` where an officer ended the term."""
"""Purpose under which a person lets her home society tell a host about her term and grade."""


@dataclass(frozen=True, slots=True)
class MembershipClass:
    """A kind of membership in one society (会员类别): individual, student, unit, overseas."""

    id: UUID
    society: str
    code: str
    name_zh: str
    name_en: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade of one society (会员级别); a higher `rank` is the better grade."""

    id: UUID
    society: str
    code: str
    name_zh: str
    name_en: str
    rank: int
    synonyms: tuple[str, ...] = ()

    def name(self, lang: str) -> str:
        """Return the grade's name, Chinese for any `zh` tag and English otherwise."""
        return self.name_zh if lang.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class Member:
    """One person's file in one society; the profile fields are erasable and may be None."""

    id: UUID
    society: str
    person_id: UUID
    member_number: str
    name: str | None = None
    name_latin: str | None = None
    branch: str | None = None
    employer: str | None = None
    title: str | None = None
    email: str | None = None
    mobile: str | None = None
    birth_date: date | None = None
    gender: str | None = None
    orcid: str | None = None

    @property
    def ref(self) -> str:
        """The member's name to the outside, `society:member_number`."""
        return f"{self.society}:{self.member_number}"


@dataclass(frozen=True, slots=True)
class Term:
    """A period of membership, `since` included and `until` excluded (None: open)."""

    id: UUID
    member_id: UUID
    society: str
    class_code: str
    grade_code: str
    since: datetime
    until: datetime | None
    state: str = "active"
    supersedes: UUID | None = None

    def covers(self, at: datetime) -> bool:
        """Say whether the term counts at an instant."""
        return (
            self.state == "active" and self.since <= at and (self.until is None or at < self.until)
        )

    def is_over(self, at: datetime) -> bool:
        """Say whether the term counts neither at an instant nor later: ended or withdrawn."""
        return self.state == "void" or (self.until is not None and self.until <= at)


@dataclass(frozen=True, slots=True)
class TermWish:
    """What a bulk caller (roster import) wants opened: one term of one member."""

    member_id: UUID
    class_code: str
    grade_code: str
    since: datetime
    until: datetime | None = None
    state: str = "active"


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One line of a society's member list: the file and its terms, oldest first."""

    member: Member
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Signature:
    """A society's signature over one agreement version by a named officer."""

    society: str
    signer: str
    office: str
    signed_at: datetime
    jws: str


@dataclass(frozen=True, slots=True)
class AgreementVersion:
    """One immutable text of an agreement; `hash` is sha256 of its RFC 8785 bytes."""

    id: UUID
    agreement_id: UUID
    version: int
    since: datetime
    until: datetime | None
    hash: str
    content: dict[str, Any]
    signatures: tuple[Signature, ...] = ()

    @property
    def signed_by(self) -> frozenset[str]:
        """Codes of the societies that have signed this text."""
        return frozenset(signature.society for signature in self.signatures)


@dataclass(frozen=True, slots=True)
class Accession:
    """A society's membership of a multilateral agreement; append-only."""

    society: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A recognition agreement (会员互认协议) with all its versions, oldest first."""

    id: UUID
    form: str
    title_zh: str
    title_en: str
    parties: tuple[str, ...]
    ends_at: datetime | None
    versions: tuple[AgreementVersion, ...] = ()
    accessions: tuple[Accession, ...] = ()

    def version_at(self, at: datetime) -> AgreementVersion | None:
        """Return the highest fully signed version whose period holds the instant, or None."""
        if self.ends_at is not None and at >= self.ends_at:
            return None
        for version in reversed(self.versions):
            signed = version.signed_by.issuperset(self.parties)
            if signed and version.since <= at and (version.until is None or at < version.until):
                return version
        return None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a decision is as it is: a stable code, what it speaks of, and the rows that prove it.

    `params` hold society codes, grade codes and RFC 3339 instants only; `evidence` names facts as
    `kind:id`. `hints` only help to word it: they are no part of the decision, its bytes or hash.
    """

    code: str
    params: dict[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    hints: dict[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class AgreementRef:
    """The agreement version that a positive decision rests on."""

    id: str
    version: int
    hash: str


@dataclass(frozen=True, slots=True)
class RecognitionDecision:
    """A live answer for one person, host and benefit.

    Attributes:
        recognised: True, False, or None when the home society's facts are too old to tell.
        until: end of an unbroken recognition at the same host grade; None when open or not known.
        next_change_at: first instant after `valid_at` at which this answer changes, if any.
        canonical: the RFC 8785 text that `decision_hash` is the sha256 of.
        evidence: every fact the question was decided from, as `kind:id` in order.
        recorded: when each of those facts became known; None while not yet stamped.
    """

    person_id: UUID
    host: str
    benefit: str
    valid_at: datetime
    known_at: datetime | None
    recognised: bool | None
    home: str | None
    grade: str | None
    host_grade: str | None
    reasons: tuple[Reason, ...]
    agreement: AgreementRef | None
    next_change_at: datetime | None
    decision_hash: str
    canonical: str
    evidence: tuple[str, ...]
    recorded: dict[str, datetime | None] = field(default_factory=dict, compare=False)
    until: datetime | None = None

    @property
    def reason(self) -> Reason:
        """The first, deciding reason."""
        return self.reasons[0]
