"""What a client may be registered with (RFC 7591, RFC 8252, RFC 9700)."""

from collections.abc import Collection
from dataclasses import replace

from auth.rules.requests import may_register_redirect
from auth.values import (
    API_SCOPES,
    AUTH_METHODS,
    GRANT_TYPES,
    ID_TOKEN_ALGORITHMS,
    SUBJECT_TYPES,
    ClientWish,
)
from consortium.kernel.errors import N_, FieldError

REDIRECT_WRONG = N_("Use an https address without fragment, or http on this machine itself.")
VALUE_WRONG = N_("Use one of: %(known)s.")
REDIRECT_MISSING = N_("A site that signs people in needs a redirect address.")
PUBLIC_ALONE = N_("A client without a secret cannot get a token of its own.")
NAME_MISSING = N_("Give the name that people will read when they are asked.")


def complete_wish(wish: ClientWish, known_scopes: Collection[str]) -> ClientWish:
    """Fill in what was left out: the flow by the addresses, the scopes by the flow.

    >>> complete_wish(ClientWish("Feed reader"), ["openid", "api"]).grant_types
    ('client_credentials',)
    >>> complete_wish(ClientWish("Site", redirect_uris=("https://a.example/cb",)),
    ...     ["openid", "api"]).scope
    'openid'
    """
    flow = "authorization_code" if wish.redirect_uris else "client_credentials"
    grants = wish.grant_types or (flow,)
    scopes = (
        []
        if "authorization_code" not in grants
        else [scope for scope in known_scopes if scope not in API_SCOPES]
    )
    if "client_credentials" in grants:
        scopes += API_SCOPES
    scope = " ".join(dict.fromkeys(wish.scope.replace(",", " ").split() or scopes))
    return replace(wish, grant_types=grants, scope=scope, name=wish.name.strip())


def find_faults(wish: ClientWish, known_scopes: Collection[str]) -> list[FieldError]:
    """Every fault of a completed wish, by its registered name."""
    faults = [] if wish.name else [_fault("client_name", NAME_MISSING)]
    faults += _find_redirect_faults(wish)
    for name, value, known in (
        ("grant_types", wish.grant_types, GRANT_TYPES),
        ("scope", wish.scope.split(), known_scopes),
        ("token_endpoint_auth_method", [wish.auth_method], AUTH_METHODS),
        ("id_token_signed_response_alg", [wish.id_token_alg], ID_TOKEN_ALGORITHMS),
        ("subject_type", [wish.subject_type], SUBJECT_TYPES),
    ):
        if not set(value) <= set(known):
            faults.append(_fault(name, VALUE_WRONG, known=" ".join(known)))
    if wish.auth_method == "none" and "client_credentials" in wish.grant_types:
        faults.append(_fault("token_endpoint_auth_method", PUBLIC_ALONE))
    return faults


def _find_redirect_faults(wish: ClientWish) -> list[FieldError]:
    is_public = wish.auth_method == "none"
    faults = []
    if "authorization_code" in wish.grant_types and not wish.redirect_uris:
        faults.append(_fault("redirect_uris", REDIRECT_MISSING))
    for name in ("redirect_uris", "post_logout_redirect_uris"):
        for index, uri in enumerate(getattr(wish, name)):
            if not may_register_redirect(uri, is_public=is_public):
                faults.append(_fault(f"{name}/{index}", REDIRECT_WRONG))
    return faults


def _fault(name: str, message: str, **params: object) -> FieldError:
    return FieldError(
        code="client-metadata-invalid", message=message, pointer=f"/{name}", params=params
    )
