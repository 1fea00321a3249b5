"""What this provider offers, and only that (OpenID Connect Discovery 1.0, RFC 8414, RFC 9207)."""

from typing import Any

from flask import url_for

from auth.services.claims import known_claims, known_scopes
from auth.values import (
    ACR_SINGLE_FACTOR,
    AUTH_METHODS,
    GRANT_TYPES,
    ID_TOKEN_ALGORITHMS,
    SUBJECT_TYPES,
)
from consortium.kernel.settings import current_settings
from consortium.kernel.web.languages import LANGUAGES

TOKEN_CLAIMS = (
    "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "jti",
)  # fmt: skip


def describe_provider() -> dict[str, Any]:
    """The metadata document of both well-known addresses."""
    return {
        "issuer": current_settings().issuer,
        **_addresses(),
        "scopes_supported": list(known_scopes()),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANT_TYPES),
        "subject_types_supported": list(SUBJECT_TYPES),
        "id_token_signing_alg_values_supported": list(ID_TOKEN_ALGORITHMS),
        "token_endpoint_auth_methods_supported": list(AUTH_METHODS),
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [ACR_SINGLE_FACTOR],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "claim_types_supported": ["normal"],
        "claims_supported": [*TOKEN_CLAIMS, *known_claims()],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "authorization_response_iss_parameter_supported": True,
        "ui_locales_supported": [language.code for language in LANGUAGES],
        "service_documentation": _address("kernel.developers"),
    }


def _addresses() -> dict[str, str]:
    return {
        "authorization_endpoint": _address("auth.authorize"),
        "token_endpoint": _address("openid.token"),
        "userinfo_endpoint": _address("openid.userinfo"),
        "jwks_uri": _address("openid.jwks"),
        "end_session_endpoint": _address("auth.end_session"),
    }


def _address(endpoint: str) -> str:
    # Under the issuer, not under the Host header of whoever asks.
    return f"{current_settings().issuer}{url_for(endpoint)}"
