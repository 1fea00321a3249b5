"""What a relying party may ask: redirect addresses, scopes, prompts.

Sources: RFC 6749, RFC 8252 section 7.3, RFC 9700, OpenID Connect Core 1.0 section 3.1.2.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import SplitResult, parse_qs, urlsplit

LOOPBACK_ADDRESSES = frozenset({"127.0.0.1", "::1"})
SINGLE_PARAMETERS = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt",
    "max_age", "code_challenge", "code_challenge_method", "response_mode", "id_token_hint",
)  # fmt: skip
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
_NO_WAY_ON = frozenset({"/sign-out", "/signed-out"})
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


def matches_redirect(registered: Iterable[str], requested: str, *, is_public: bool) -> bool:
    """Whether an address is one of the registered ones, compared character by character.

    The port of a loopback redirect may differ, since a native application takes the port
    that the machine gives it; the name `localhost` counts for public clients only.

    >>> matches_redirect(["https://a.example/cb"], "https://a.example/cb?x=1", is_public=False)
    False
    >>> matches_redirect(["http://127.0.0.1/cb"], "http://127.0.0.1:49152/cb", is_public=False)
    True
    >>> matches_redirect(["http://localhost/cb"], "http://localhost:49152/cb", is_public=False)
    False

    Source: RFC 8252, section 7.3; RFC 9700, section 4.1.3.
    """
    known = tuple(registered)
    if requested in known:
        return True
    wanted = _without_port(requested, is_public=is_public)
    return wanted is not None and any(
        _without_port(uri, is_public=is_public) == wanted for uri in known
    )


def _without_port(uri: str, *, is_public: bool) -> SplitResult | None:
    parts = _split(uri)
    if parts is None or parts.scheme != "http" or "@" in parts.netloc or "\\" in uri:
        return None
    host = parts.hostname or ""
    if host not in LOOPBACK_ADDRESSES and not (is_public and host == "localhost"):
        return None
    return parts._replace(netloc=host)


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts


def may_register_redirect(uri: str, *, is_public: bool) -> bool:
    """Whether an address may be registered: absolute, without fragment, https or loopback.

    A public client may use a private scheme with a dot in it (RFC 8252, section 7.1).

    >>> may_register_redirect("http://a.example/cb", is_public=False)
    False
    >>> may_register_redirect("org.example.app:/cb", is_public=True)
    True
    """
    parts = _split(uri)
    if parts is None or not _PRINTABLE.fullmatch(uri) or "#" in uri or "\\" in uri:
        return False
    if "@" in parts.netloc or "*" in parts.netloc:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    if parts.scheme == "http":
        return parts.hostname in LOOPBACK_ADDRESSES | {"localhost"}
    return is_public and bool(_PRIVATE_SCHEME.fullmatch(parts.scheme))


def select_scope(requested: str | None, allowed: str) -> str:
    """The requested scopes that the client may have, each once, in the order asked.

    Unknown ones are left out, as OpenID Connect Core 3.1.2.1 says.

    >>> select_scope("openid email openid x", "openid profile email")
    'openid email'
    """
    known = set(allowed.split())
    return " ".join(dict.fromkeys(scope for scope in (requested or "").split() if scope in known))


def find_repeated(values: Mapping[str, Sequence[str]]) -> str | None:
    """The first parameter that was sent more than once, or None (RFC 6749, section 3.1).

    >>> find_repeated({"state": ["a", "b"], "scope": ["openid"]})
    'state'
    """
    return next((name for name in SINGLE_PARAMETERS if len(values.get(name, ())) > 1), None)


@dataclass(frozen=True)
class Standing:
    """Where the reader stands when a site asks for her.

    Attributes:
        auth_time: when she last signed in; None if nobody is signed in.
        reauthenticated_since: she has signed in since this request first came; None if not.
        fits_hint: she is the one whom `id_token_hint` names, or there is no hint.
        has_consented: she has allowed every scope asked for.
    """

    auth_time: datetime | None
    reauthenticated: bool = False
    fits_hint: bool = True
    has_consented: bool = False


def read_prompts(text: str | None) -> frozenset[str] | None:
    """The prompts asked for, or None when they contradict each other or are unknown.

    >>> read_prompts("none login") is None
    True
    >>> sorted(read_prompts("login consent"))
    ['consent', 'login']
    """
    prompts = frozenset((text or "").split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        return None
    return prompts


def decide_prompt(
    standing: Standing, *, prompts: frozenset[str], max_age: int | None, now: datetime
) -> str:
    """What comes next for an authorization request.

    Args:
        prompts: from `read_prompts`.
        max_age: seconds since the last sign-in that the site accepts; None for any.

    Returns:
        "grant", "sign-in" or "consent"; with prompt=none "login_required" or
        "consent_required", which are OpenID error codes.

    >>> decide_prompt(Standing(None), prompts=frozenset({"none"}), max_age=None, now=datetime.max)
    'login_required'
    """
    silent = "none" in prompts
    if _needs_sign_in(standing, prompts, max_age, now):
        return "login_required" if silent else "sign-in"
    if not standing.has_consented or "consent" in prompts:
        return "consent_required" if silent else "consent"
    return "grant"


def _needs_sign_in(
    standing: Standing, prompts: frozenset[str], max_age: int | None, now: datetime
) -> bool:
    if standing.auth_time is None or not standing.fits_hint:
        return True
    if prompts & {"login", "select_account"} and not standing.reauthenticated:
        return True
    if max_age is None:
        return False
    # max_age=0 asks for a fresh sign-in; once she has come back from it, it is met.
    if max_age == 0:
        return not standing.reauthenticated
    return now - standing.auth_time > timedelta(seconds=max_age)


def read_max_age(text: str | None) -> int | None:
    """Seconds, or None when absent.

    Raises:
        ValueError: it is no whole number of seconds, 0 or more.

    >>> read_max_age(None) is None, read_max_age("60"), read_max_age("9" * 99)
    (True, 60, 999999999)
    >>> read_max_age("-1")
    Traceback (most recent call last):
    ValueError: -1
    """
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text[:9])


def read_ui_locales(address: str) -> str:
    """The languages that an authorization request at this address asks pages to be in, or "".

    >>> read_ui_locales("/oauth/authorize?client_id=a&ui_locales=en+zh-TW")
    'en zh-TW'
    >>> read_ui_locales("/me")
    ''

    Source: OpenID Connect Core 1.0, section 3.1.2.1.
    """
    return parse_qs(urlsplit(address).query).get("ui_locales", [""])[0]


def select_next(text: str | None) -> str:
    r"""Where to go after sign-in: a path of this node and nothing else.

    >>> select_next("/me/recognitions?lang=en")
    '/me/recognitions?lang=en'
    The pages of signing out lead home instead: whoever signs in does not mean to go there.

    >>> select_next("/sign-out?next=/me")
    '/'
    >>> select_next("//evil.example"), select_next("/\\evil.example"), select_next(None)
    ('/', '/', '/')
    """
    if not text or not text.startswith("/") or text[1:2] in {"/", "\\"}:
        return "/"
    parts = _split(text)
    if parts is None or parts.scheme or parts.netloc or not _PRINTABLE.fullmatch(text):
        return "/"
    return "/" if parts.path in _NO_WAY_ON else text
