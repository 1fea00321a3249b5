"""Tables of auth."""

from auth.models.accounts import Account, OneTimeCode, SignInSession, SingleUseLink, Throttle
from auth.models.oauth import AccessToken, AuthorizationCode, ClientConsent, OAuthClient
from auth.models.people import Person, RoleGrant, Subject

__all__ = [
    "AccessToken",
    "Account",
    "AuthorizationCode",
    "ClientConsent",
    "OAuthClient",
    "OneTimeCode",
    "Person",
    "RoleGrant",
    "SignInSession",
    "SingleUseLink",
    "Subject",
    "Throttle",
]
