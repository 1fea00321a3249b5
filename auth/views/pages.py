"""The blueprint of auth's pages, and the sign-in cookie they set."""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from auth.loader import session_token
from auth.rules.requests import read_ui_locales, select_next
from auth.services.sessions import Opened
from consortium.kernel.principal import forget_principal
from consortium.kernel.settings import current_settings
from consortium.kernel.web import languages
from consortium.kernel.web.csrf import begin_page_session

blueprint = Blueprint("auth", __name__, template_folder="../templates")


@blueprint.before_request
def follow_site() -> None:
    """Speak as the site that asks for sign-in wishes, unless the reader has chosen otherwise."""
    asked = request.values.get("ui_locales")
    languages.prefer(asked or read_ui_locales(select_next(request.values.get("next"))))


def address() -> str:
    """The network address of the reader; kernel.web has judged the proxies' word on it."""
    return request.remote_addr or ""


def cookie() -> str | None:
    """The sign-in cookie that the browser sent."""
    return session_token()


def remember(response: Response, opened: Opened) -> Response:
    """Give the browser its new session's secret; what it had before ends with it."""
    begin_page_session()
    settings = current_settings()
    response.set_cookie(
        settings.session_cookie,
        opened.token,
        secure=settings.issuer.startswith("https://"),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    forget_principal()
    return response


def forget(response: Response) -> Response:
    """Take the sign-in cookie back."""
    begin_page_session()
    settings = current_settings()
    response.delete_cookie(
        settings.session_cookie,
        secure=settings.issuer.startswith("https://"),
        httponly=True,
        samesite="Lax",
        path="/",
    )
    forget_principal()
    return response
