"""Logout asked for by a site (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass

from authlib.common.urls import add_params_to_uri
from werkzeug.datastructures import MultiDict

from auth.openid.id_tokens import audience_of, read_own_id_token
from auth.openid.parties import RelyingParty
from auth.openid.server import find_party, refuse
from auth.rules.access import sid_of
from consortium.kernel.errors import N_
from consortium.kernel.principal import Principal

BAD_HINT = N_("its proof of the sign-in is not ours")
BAD_RETURN = N_("its return address after sign-out is not registered")
_SINGLE = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")


@dataclass(frozen=True)
class Logout:
    """A checked logout request.

    Attributes:
        party: the site that asks, if it says so.
        sid: the session that its ID token names; None without a hint.
        destination: where to go afterwards, state included; None for our own page.
    """

    party: RelyingParty | None
    sid: str | None
    destination: str | None

    def is_of(self, principal: Principal) -> bool:
        """Whether the site has shown an ID token of this very session."""
        if self.sid is None or self.party is None or principal.session_id is None:
            return False
        return self.sid == sid_of(principal.session_id, self.party.get_client_id())


def read_logout(values: MultiDict[str, str]) -> Logout:
    """Check a logout request; Authlib's endpoint takes neither a listed `aud` nor looks at `iss`.

    Raises:
        AuthorizationRefused: told to the reader; nobody is sent to an unchecked address.
    """
    if any(len(values.getlist(name)) > 1 for name in _SINGLE):
        raise refuse(BAD_HINT)
    hint, client_id = values.get("id_token_hint"), values.get("client_id")
    claims = read_own_id_token(hint) if hint else None
    audience = audience_of(claims) if claims else None
    if hint and (audience is None or (client_id and client_id != audience)):
        raise refuse(BAD_HINT)
    party = find_party(audience or client_id or "")
    destination = _find_destination(party, values)
    sid = str(claims["sid"]) if claims and "sid" in claims else None
    return Logout(party, sid, destination)


def _find_destination(party: RelyingParty | None, values: MultiDict[str, str]) -> str | None:
    wanted = values.get("post_logout_redirect_uri")
    if not wanted:
        return None
    if party is None or wanted not in party.client.post_logout_redirect_uris:
        raise refuse(BAD_RETURN)
    state = values.get("state")
    return add_params_to_uri(wanted, [("state", state)]) if state else wanted
