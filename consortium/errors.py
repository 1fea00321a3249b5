"""Refusals of the register; every code is stable and documented in docs/api.md."""

from consortium.kernel.errors import N_, Conflict, ConsortiumError, InvalidInput, NotFound


class OrganisationNotFound(NotFound):
    """No organisation has this code."""

    code = "organisation-not-found"
    message = N_("No organisation has the code %(organisation)s. See the list of societies.")


class ConsortiumNotFound(NotFound):
    """No consortium has this code."""

    code = "consortium-not-found"
    message = N_("No consortium has the code %(consortium)s. Check the address.")


class OrganisationInvalid(InvalidInput):
    """The organisation's data have faults."""

    code = "organisation-invalid"
    message = N_("The organisation cannot be registered like this. See each fault.")


class CodeTaken(Conflict):
    """Another one has this code already."""

    code = "code-taken"
    message = N_("The code %(taken)s is in use. Choose another.")


class UsccTaken(Conflict):
    """Another organisation has this credit code."""

    code = "uscc-taken"
    message = N_("The organisation %(organisation)s has this credit code already.")


class NotOurs(Conflict):
    """The record belongs to another node."""

    code = "not-ours"
    message = N_("%(origin)s keeps this record and alone may change it. Ask there.")


class StandingUnchanged(Conflict):
    """The standing is what it was asked to become."""

    code = "standing-unchanged"
    message = N_("%(organisation)s is %(standing)s in %(consortium)s already.")


class NotAMember(Conflict):
    """The organisation is not a member of the consortium."""

    code = "not-a-member"
    message = N_("%(organisation)s is not a member of %(consortium)s. Admit it first.")


class AlreadyMember(Conflict):
    """The organisation is a member already."""

    code = "already-member"
    message = N_("%(organisation)s is a member of %(consortium)s already.")


class KindNotAdmitted(ConsortiumError):
    """The charter does not admit organisations of this kind."""

    status, code = 409, "kind-not-admitted"
    message = N_("Charter version %(version)s of %(consortium)s does not admit the kind %(kind)s.")


class PeriodInvalid(InvalidInput):
    """A period ends before it begins."""

    code = "period-invalid"
    message = N_("The end lies before the beginning. Correct one of the dates.")


class FileUnreadable(InvalidInput):
    """The file is no table that can be read."""

    code = "file-unreadable"
    message = N_(
        "The file is no spreadsheet, is damaged, or is locked with a password. "
        "Open it, save it as .xlsx or .csv without a password, and try again."
    )


class QuoteNotClosed(InvalidInput):
    """A quotation mark is opened and never closed."""

    code = "quote-not-closed"
    message = N_(
        "The quotation mark in line %(line)s is not closed, so it swallows the rows after it. "
        "Close or delete it, or save the file as .xlsx, and send it again."
    )


class HeaderMissing(InvalidInput):
    """No header row was found."""

    code = "header-missing"
    message = N_("No header was found in the first ten rows. It needs columns for %(columns)s.")


class PeerNotFound(NotFound):
    """No peer has this name."""

    code = "peer-not-found"
    message = N_("No peer is called %(peer)s. List them with: flask consortium peer list.")


class FeedUnusable(ConsortiumError):
    """The peer's page cannot be used."""

    status, code = 502, "feed-unusable"
    message = N_("%(peer)s sent a page that cannot be used: %(why)s.")


class DisciplineUnknown(NotFound):
    """The list of disciplines holds no such code."""

    code = "discipline-unknown"
    message = N_("%(discipline)s is no discipline code. Codes look like A01, A0101 or A010101.")


class PeerInvalid(InvalidInput):
    """The peer cannot be added like this."""

    code = "peer-invalid"
    message = N_(
        "A peer needs a short name, the address of another node, and a public key set (JWKS)."
    )


class PeerNameInvalid(PeerInvalid):
    """The peer's name is no short name."""

    message = N_(
        "The name of a peer has 2 to 32 small letters, digits and hyphens, and a letter first."
    )


class PeerAddressInvalid(PeerInvalid):
    """The peer's address is none."""

    message = N_("The address of a peer is https://HOST[:PORT]; %(issuer)s is not one.")


class PeerNotSecure(PeerInvalid):
    """The peer's address is plain http."""

    message = N_(
        "A peer is reached over https; http is for loopback and for the networks in "
        "CONSORTIUM_HTTP_ALLOW. Write https://%(host)s."
    )


class PeerIsSelf(PeerInvalid):
    """The peer's address is this node's own."""

    message = N_("%(issuer)s is this node itself. Give the address of the other node.")


class PeerKeysInvalid(PeerInvalid):
    """The peer's key set cannot be used."""

    message = N_(
        "The key set is no JWKS with public keys of the kinds EC or RSA, and with no private part. "
        "Use what the peer publishes at /api/v1/feed/keys."
    )


class PeerUnreachable(ConsortiumError):
    """The peer does not answer as a node does."""

    status, code = 502, "peer-unreachable"
    message = N_("%(peer)s does not answer as a node does (%(why)s). Check address and network.")


class RecordRefused(ConsortiumError):
    """A record is malformed, or not its sender's to tell."""

    status, code = 422, "record-refused"
    message = N_("The record is malformed, or belongs to another node. Its sender must correct it.")


class PeerSuspended(Conflict):
    """The peer is suspended."""

    code = "peer-suspended"
    message = N_("%(peer)s is suspended. Resume it with: flask consortium peer resume %(peer)s.")
