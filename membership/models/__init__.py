"""Tables of membership. Importing this package registers them with the metadata."""

from membership.models.agreement import (
    Accession,
    Agreement,
    AgreementEnding,
    AgreementParty,
    AgreementSignature,
    AgreementVersion,
    Clause,
)
from membership.models.catalogue import Grade, MembershipClass
from membership.models.decision import RecognitionDecision
from membership.models.member import (
    Dues,
    Member,
    MemberMirror,
    MemberProfile,
    RecognitionConsent,
    Term,
)
from membership.models.roster import RosterImport, RosterImportLine

__all__ = [
    "Accession",
    "Agreement",
    "AgreementEnding",
    "AgreementParty",
    "AgreementSignature",
    "AgreementVersion",
    "Clause",
    "Dues",
    "Grade",
    "Member",
    "MemberMirror",
    "MemberProfile",
    "MembershipClass",
    "RecognitionConsent",
    "RecognitionDecision",
    "RosterImport",
    "RosterImportLine",
    "Term",
]
