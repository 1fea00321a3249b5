"""Pages: layout, languages, CSRF, security headers, uploads, errors."""

from pathlib import Path

from flask import Flask

from consortium.kernel.features import EXTENSION
from consortium.kernel.web.answers import problem_of, problem_response, wants_problem
from consortium.kernel.web.assets import init_assets
from consortium.kernel.web.csrf import csrf_exempt, csrf_field, init_csrf
from consortium.kernel.web.failures import init_failures
from consortium.kernel.web.formats import (
    init_formats,
    write_day,
    write_instant,
    write_last_day,
    write_money,
)
from consortium.kernel.web.languages import init_languages, select_language
from consortium.kernel.web.layout import init_layout, on_refusal, page, page_form_error, tiles
from consortium.kernel.web.security import (
    csp_nonce,
    init_characters,
    init_proxies,
    init_security,
    is_storable,
    let_forms_travel,
)
from consortium.kernel.web.uploads import init_uploads
from consortium.kernel.web.views import blueprint

__all__ = [
    "csp_nonce",
    "csrf_exempt",
    "csrf_field",
    "init_web",
    "is_storable",
    "let_forms_travel",
    "on_refusal",
    "page",
    "page_form_error",
    "problem_of",
    "problem_response",
    "select_language",
    "tiles",
    "wants_problem",
    "write_day",
    "write_instant",
    "write_last_day",
    "write_money",
]


def init_web(app: Flask) -> None:
    """Everything around pages. Called once, before any blueprint of a feature is registered.

    The order is the order in which a request is looked at: host, length, CSRF, characters.
    """
    init_proxies(app)
    init_layout(app)
    init_security(app)
    init_languages(app, _translations(app))
    init_uploads(app)
    init_csrf(app)
    init_characters(app)
    init_assets(app)
    init_formats(app)
    init_failures(app)
    app.register_blueprint(blueprint)


def _translations(app: Flask) -> list[Path]:
    own = Path(__file__).parent.parent / "translations"
    declared = [feature.translations for feature in app.extensions[EXTENSION]]
    return [own, *(folder for folder in declared if folder is not None)]
