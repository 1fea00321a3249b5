"""In which language a request is answered."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from babel import Locale
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, refresh

from consortium.kernel.web.catalogues import CatalogueDomain

COOKIE = "lang"
COOKIE_AGE_SECONDS = 365 * 24 * 3600


class Language(NamedTuple):
    """One of the three languages: how it is asked for, catalogued, declared and called."""

    code: str
    locale: str
    html: str
    name: str
    short: str


LANGUAGES = (
    Language("zh-CN", "zh_Hans", "zh-Hans", "简体中文", "简"),
    Language("zh-TW", "zh_Hant", "zh-Hant", "繁體中文", "繁"),
    Language("en", "en", "en", "English", "EN"),
)
DEFAULT = LANGUAGES[0]
_LOCALES = {language.locale: Locale.parse(language.locale) for language in LANGUAGES}
_TRADITIONAL = frozenset({"zh-tw", "zh-hk", "zh-mo", "zh-hant"})


def find_language(tag: str) -> Language | None:
    """Language of a tag as browsers and people write it, or None.

    >>> find_language("zh-HK").code
    'zh-TW'
    >>> find_language("zh").code
    'zh-CN'
    >>> find_language("en-GB").code
    'en'
    >>> find_language("fr") is None
    True
    """
    tag = tag.strip().replace("_", "-").lower()
    if any(tag == known or tag.startswith(f"{known}-") for known in _TRADITIONAL):
        return LANGUAGES[1]
    if tag == "zh" or tag.startswith("zh-"):
        return LANGUAGES[0]
    if tag == "en" or tag.startswith("en-"):
        return LANGUAGES[2]
    return None


def select_language() -> Language:
    """Language of this request: `?lang=`, then the cookie, then Accept-Language, then zh-CN."""
    if not has_request_context():
        return DEFAULT
    known: Language | None = g.get("language")
    if known is None:
        known = g.language = _choose()
    return known


def select_language_of(tags: str | None) -> Language:
    """First known language of tags divided by spaces, as OpenID's `ui_locales` has them.

    Without one it is the language of this request.
    """
    return _first((tags or "").split()) or select_language()


def prefer(tags: str) -> None:
    """Answer this request in a language of `tags` unless the reader has chosen one herself."""
    wished = _first(tags.split())
    if wished and _first([request.args.get("lang", ""), request.cookies.get(COOKIE, "")]) is None:
        speak(wished.code)


def speak(code: str | None) -> None:
    """Answer this request in a language, whatever was chosen or asked for; None: leave it."""
    known = find_language(code or "")
    if known is not None and has_request_context():
        g.language = known
        refresh()


def _first(tags: Iterable[str]) -> Language | None:
    found = (find_language(tag) for tag in tags)
    return next((language for language in found if language), None)


def _choose() -> Language:
    wishes = [request.args.get("lang", ""), request.cookies.get(COOKIE, "")]
    wishes += [tag for tag, _ in request.accept_languages]
    return _first(wishes) or DEFAULT


def _remember(response: Response) -> Response:
    wish = find_language(request.args.get("lang", ""))
    if wish is not None:
        response.set_cookie(
            COOKIE,
            wish.code,
            max_age=COOKIE_AGE_SECONDS,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
    if not (request.endpoint or "").endswith(".static"):
        response.headers.setdefault("Content-Language", select_language().code)
        response.vary.update(("Accept-Language", "Cookie"))
    return response


def init_languages(app: Flask, folders: Sequence[Path]) -> None:
    """Install language selection and the joined catalogues of the `translations/` folders."""
    babel = Babel(
        app,
        default_locale=DEFAULT.locale,
        locale_selector=lambda: _LOCALES[select_language().locale],
    )
    babel.domain_instance = CatalogueDomain(folders)
    app.after_request(_remember)
