"""`/api/v1/organisations`, `/api/v1/consortia`, `/api/v1/feed`: the register and the feed."""

from typing import Any

from flask import request

from consortium.kernel.api import (
    ApiBlueprint,
    ScopeMissing,
    TokenInvalid,
    cursor_page,
    looks_at_tokens,
    page_of,
)
from consortium.kernel.clock import read_now
from consortium.kernel.errors import Forbidden, SignInRequired
from consortium.kernel.principal import current_principal
from consortium.kernel.signing import NODE, list_keys, node_key, public_keys
from consortium.policies import (
    FEED_SCOPE,
    may_keep_peers,
    may_read_every_topic,
    may_read_feed,
)
from consortium.schemas import (
    ConsortiumMemberOut,
    ConsortiumOut,
    FeedIn,
    FeedOut,
    KeySetOut,
    LinkOut,
    OrganisationOut,
    OrganisationsIn,
)
from consortium.services import consortia, feeds, links, members, organisations, peers

blueprint = ApiBlueprint(
    "organisations", __name__, url_prefix="/api/v1", description="The public register."
)


@blueprint.get("/organisations")
@blueprint.arguments(OrganisationsIn, location="query")
@blueprint.response(200, page_of(OrganisationOut))
def list_organisations(query: dict[str, Any]) -> Any:
    """List organisations in the order of their codes."""
    limit = query["limit"]
    found = organisations.list_organisations(
        query["consortium"], after=query["cursor"], limit=limit + 1
    )
    follows = len(found) > limit
    return cursor_page(found[:limit], found[limit - 1].code if follows else None)


@blueprint.get("/organisations/<code>")
@blueprint.response(200, OrganisationOut)
def get_organisation(code: str) -> Any:
    """Get one organisation."""
    return organisations.get_organisation(code)


@blueprint.get("/organisations/<code>/keys")
@blueprint.response(200, KeySetOut)
def get_organisation_keys(code: str) -> dict[str, Any]:
    """Get every key with which the organisation has ever signed, as a JWK set.

    Revoked keys are left out; signatures by retired ones stay good.
    """
    organisations.get_organisation(code)
    held = [found for found in list_keys(code) if found["revoked_at"] is None]
    return {"keys": [found["public_jwk"] for found in held]}


@blueprint.get("/consortia")
@blueprint.response(200, page_of(ConsortiumOut))
def list_consortia() -> Any:
    """List the consortia of this node."""
    return cursor_page(consortia.list_consortia(), None)


@blueprint.get("/consortia/<code>")
@blueprint.response(200, ConsortiumOut)
def get_consortium(code: str) -> Any:
    """Get one consortium."""
    return consortia.get_consortium(code)


@blueprint.get("/consortia/<code>/members")
@blueprint.response(200, page_of(ConsortiumMemberOut))
def list_consortium_members(code: str) -> Any:
    """List the members of a consortium now, in the order in which they joined."""
    consortia.get_consortium(code)
    return cursor_page(members.list_members(code, at=read_now()), None)


@blueprint.get("/feed")
# A peer's proof is no token of ours, and `feed:read` is asked for here, not `api`.
@looks_at_tokens
@blueprint.arguments(FeedIn, location="query")
@blueprint.response(200, FeedOut)
def read_feed(query: dict[str, Any]) -> Any:
    """Read a page of the change feed, signed for the reader.

    An operator, and a client of the node itself with the scope `feed:read`, read every topic
    as it is. A society's client with that scope, and a peer that proves itself with its node's
    key, read the public topics, and of people only what they have consented to; what a reader
    may not see any more is told as deleted, what it never saw is left out. The scope `api` alone
    opens nothing here. A page may hold fewer records than `limit`; the end is reached when
    `next` equals `head`.
    """
    return feeds.serve_feed(query["cursor"], limit=query["limit"], recipient=_recipient())


@blueprint.get("/feed/keys")
@blueprint.response(200, KeySetOut)
def get_feed_keys() -> Any:
    """Get the keys with which this node signs its feed and its proofs, as a JWK set."""
    # A node that has not signed anything yet makes its key here.
    node_key()
    return public_keys(NODE)


@blueprint.get("/links")
@blueprint.response(200, page_of(LinkOut))
def list_links() -> Any:
    """List how the feeds of the peers are read."""
    principal = current_principal()
    if principal.is_anonymous:
        raise SignInRequired
    if not may_keep_peers(principal):
        raise Forbidden
    return cursor_page(links.list_links(), None)


def _recipient() -> str:
    """Whom the page is made and signed for.

    Raises:
        SignInRequired: nobody says who asks.
        TokenInvalid: neither we nor a peer of ours made the token.
        ScopeMissing: the token was given for something else.
        Forbidden: somebody else asks.
    """
    principal = current_principal()
    if may_read_every_topic(principal):
        return feeds.EVERYTHING
    if may_read_feed(principal):
        return f"client:{principal.client_id}"
    if principal.client_id is not None:
        raise ScopeMissing(FEED_SCOPE)
    if not principal.is_anonymous:
        raise Forbidden
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise SignInRequired
    peer = peers.find_prover(token.strip(), now=read_now())
    if peer is None:
        raise TokenInvalid
    return peer.issuer
