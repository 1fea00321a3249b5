"""Frozen values that auth hands to its callers; models never leave the package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from consortium.kernel.member_numbers import fold_number

IDENTITY_SCOPES: tuple[str, ...] = ("openid", "profile", "email", "phone")
"""Scopes whose claims auth itself provides."""

API_SCOPES: tuple[str, ...] = ("api", "feed:read")
"""Scopes that open the JSON API; a person is never asked for them."""

GRANT_TYPES: tuple[str, ...] = ("authorization_code", "client_credentials")
AUTH_METHODS: tuple[str, ...] = ("client_secret_basic", "client_secret_post", "none")
ID_TOKEN_ALGORITHMS: tuple[str, ...] = ("RS256", "ES256")
SUBJECT_TYPES: tuple[str, ...] = ("pairwise", "public")

# Published; its accounts sign in only while the issuer is on loopback.
DEMO_PASSWORD = "demo-plum-river-42"  # noqa: S105
ACR_SINGLE_FACTOR = "urn:society-consortium:acr:single-factor"
"""One factor: a password, or a code sent to a mobile number."""

ROLE_KINDS: Mapping[str, str] = {
    "secretary": "society",
    "organiser": "society",
    "society_admin": "society",
    "coordinator": "consortium",
    "secretariat": "consortium",
    "operator": "node",
}
"""Over which kind of place a role is held when nothing else is said."""

PLACES: tuple[str, ...] = ("node", "consortium", "society", "branch", "event", "institute")


@dataclass(frozen=True, slots=True)
class Person:
    """A human being this node knows; the names are None once erased."""

    id: UUID
    name: str | None
    name_latin: str | None
    is_demo: bool = False
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PersonWish:
    """What a bulk caller wants recorded: one person without a credential."""

    name: str
    name_latin: str | None = None
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """How a person proves who she is. `email` and `mobile` are normalised."""

    person_id: UUID
    email: str | None
    mobile: str | None
    has_password: bool


@dataclass(frozen=True, slots=True)
class Identifier:
    """What somebody typed to name an account: kind email, mobile or number.

    `society` is given for a member number written as `society:number`.
    """

    kind: str
    value: str
    society: str | None = None

    @property
    def key(self) -> str:
        """One text for counting attempts, whatever the spelling."""
        value = fold_number(self.value) if self.kind == "number" else self.value
        return f"{self.kind}|{self.society or ''}|{value}"


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that is alive."""

    id: UUID
    person_id: UUID
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A dated role over one place; `until` is excluded."""

    id: UUID
    person_id: UUID
    role: str
    kind: str
    key: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """A roster row that is not yet activated, as its society's roster tells it.

    Attributes:
        lines: what the person may see of her own row, as (label, value);
            labels are messages for the catalogues, and the name is not among them.
    """

    person_id: UUID
    society: str
    member_number: str
    name: str
    mobile: str | None = None
    email: str | None = None
    lines: Sequence[tuple[str, str]] = ()


class Roster(Protocol):
    """What auth asks of whoever keeps the rosters; given to the feature as a connector."""

    def find_persons(self, *, number: str, society: str | None) -> Sequence[UUID]:
        """Persons whose member number it is, however spelt, in one society or in any."""

    def find_entry(self, *, society: str, number: str, name: str) -> RosterEntry | None:
        """The row whose number and name both match, or None."""

    def address_of(self, person_id: UUID, kind: str) -> str | None:
        """An address ("email" or "mobile") that a roster has of the person."""


@dataclass(frozen=True, slots=True)
class Client:
    """A relying party; `society` owns it, None means the node's operators."""

    client_id: str
    name: str
    society: str | None
    redirect_uris: tuple[str, ...]
    post_logout_redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    scope: str
    auth_method: str
    id_token_alg: str
    subject_type: str
    created_at: datetime
    secret_hash: str | None = field(default=None, repr=False)

    @property
    def is_public(self) -> bool:
        """It cannot keep a secret: a native or single-page application."""
        return self.auth_method == "none"

    def as_metadata(self) -> dict[str, object]:
        """The registration under its registered names (RFC 7591, OpenID Registration 1.0)."""
        return {
            "client_id": self.client_id,
            "client_id_issued_at": int(self.created_at.timestamp()),
            "client_name": self.name,
            "society": self.society,
            "redirect_uris": list(self.redirect_uris),
            "post_logout_redirect_uris": list(self.post_logout_redirect_uris),
            "grant_types": list(self.grant_types),
            "response_types": ["code"] if "authorization_code" in self.grant_types else [],
            "token_endpoint_auth_method": self.auth_method,
            "scope": self.scope,
            "subject_type": self.subject_type,
            "id_token_signed_response_alg": self.id_token_alg,
        }


@dataclass(frozen=True, slots=True)
class ClientWish:
    """What somebody wants registered; empty parts take the usual values."""

    name: str
    society: str | None = None
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ()
    scope: str = ""
    auth_method: str = "client_secret_basic"
    id_token_alg: str = "RS256"  # noqa: S105  an algorithm
    subject_type: str = "pairwise"


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that has been looked up but not yet consumed."""

    id: UUID
    client_id: str
    person_id: UUID
    session_id: UUID
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]
    language: str | None = None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A live access token, without its secret text."""

    client_id: str
    society: str | None
    person_id: UUID | None
    scopes: frozenset[str]
    subject_type: str = "pairwise"
    session_id: UUID | None = None
    language: str | None = None
