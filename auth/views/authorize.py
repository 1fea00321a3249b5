"""The authorization endpoint: sign-in, consent, and the way back to the site."""

from urllib.parse import urlencode, urlsplit

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import AccessDeniedError
from authlib.oidc.core.errors import ConsentRequiredError, LoginRequiredError
from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from auth.openid.authorization import (
    Asked,
    check_grant,
    find_destination,
    grant_code,
    look_up,
    read_request,
    standing_of,
    way_back,
)
from auth.openid.server import send_error
from auth.rules.requests import decide_prompt
from auth.services.consents import give_consent
from auth.views.pages import blueprint
from auth.views.scopes import explain_scopes
from consortium.kernel.clock import read_now
from consortium.kernel.principal import Principal, current_principal, require_sign_in
from consortium.kernel.settings import current_settings
from consortium.kernel.web import csrf_exempt, page, select_language
from consortium.services import organisations

_SILENT = {"login_required": LoginRequiredError, "consent_required": ConsentRequiredError}


@blueprint.route("/oauth/authorize", methods=["GET", "POST"])
@csrf_exempt
def authorize() -> ResponseReturnValue:
    """Take a site's request for sign-in (OpenID Connect Core 1.0, section 3.1.2)."""
    if request.method == "POST":
        # A form posted from another site carries no Lax cookie; the redirect's GET does.
        return redirect(_own_address(request.form), 303)
    values = request.args
    _, redirect_uri, principal, allowed = look_up(values)
    try:
        asked = read_request(values)
        check_grant(asked, principal)
        return _proceed(asked, principal, allowed)
    except OAuth2Error as error:
        return send_error(redirect_uri, error, values.get("state"))


def _proceed(asked: Asked, principal: Principal, allowed: frozenset[str]) -> ResponseReturnValue:
    step = decide_prompt(
        standing_of(asked, principal, allowed),
        prompts=asked.prompts,
        max_age=asked.max_age,
        now=read_now(),
    )
    if step == "grant":
        return grant_code(asked, principal)
    if step == "sign-in":
        return _to_sign_in(asked, principal)
    if step == "consent":
        return _ask(asked)
    raise _SILENT[step]


def _to_sign_in(asked: Asked, principal: Principal) -> ResponseReturnValue:
    values = {"next": _own_address(way_back(asked, principal))}
    if hint := asked.values.get("login_hint"):
        values["identifier"] = hint[:254]
    return redirect(f"/sign-in?{urlencode(values)}", 302)


def _own_address(values: MultiDict[str, str]) -> str:
    return f"/oauth/authorize?{urlencode(list(values.items(multi=True)))}"


def _ask(asked: Asked) -> ResponseReturnValue:
    client = asked.party.client
    return page(
        "auth/consent.html",
        form_redirects=True,
        client=client,
        host=urlsplit(asked.redirect_uri).netloc,
        keeper=_keeper(client.society),
        scopes=explain_scopes(asked.scopes_to_allow),
        query=urlencode(list(asked.values.items(multi=True))),
    )


def _keeper(society: str | None) -> str:
    """The name of who keeps the site: its society, or this node."""
    if society is None:
        return urlsplit(current_settings().issuer).netloc
    owner = organisations.get_organisation(society)
    return owner.name_zh if select_language().code.startswith("zh") else owner.name_en


@blueprint.post("/oauth/authorize/decision")
@require_sign_in
def decide_consent() -> ResponseReturnValue:
    """Take what the person decided; the request is checked anew, from its query."""
    values = request.args
    _, redirect_uri = find_destination(values)
    principal = current_principal()
    try:
        asked = read_request(values)
        check_grant(asked, principal)
        if request.form.get("decision") != "allow":
            raise AccessDeniedError
        give_consent(
            principal,
            client_id=asked.party.get_client_id(),
            scopes=asked.scopes_to_allow,
        )
        return _proceed_after_consent(asked, principal)
    except OAuth2Error as error:
        return send_error(redirect_uri, error, values.get("state"))


def _proceed_after_consent(asked: Asked, principal: Principal) -> ResponseReturnValue:
    # prompt=consent has been met; whatever asks for a fresh sign-in is looked at again.
    step = decide_prompt(
        standing_of(asked, principal, asked.scopes_to_allow),
        prompts=asked.prompts - {"consent", "none"},
        max_age=asked.max_age,
        now=read_now(),
    )
    return grant_code(asked, principal) if step == "grant" else _to_sign_in(asked, principal)
