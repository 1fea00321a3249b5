"""Tables of the register, of consortia and of peers."""

from consortium.models.consortia import CharterVersion, ConsortiumMember, ConsortiumRow
from consortium.models.organisation import BranchRow, OrganisationRow, OrganisationStanding
from consortium.models.peer import Link, MirroredRecord, Peer, QuarantinedRecord

__all__ = [
    "BranchRow",
    "CharterVersion",
    "ConsortiumMember",
    "ConsortiumRow",
    "Link",
    "MirroredRecord",
    "OrganisationRow",
    "OrganisationStanding",
    "Peer",
    "QuarantinedRecord",
]
