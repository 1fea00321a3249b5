"""Protocol doors for programs: discovery, keys, token, userinfo."""

from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import Blueprint, Response, json, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from auth.loader import bearer_token
from auth.openid.discovery import describe_provider
from auth.openid.id_tokens import published_keys, user_info
from auth.openid.server import answer_token_request, find_party, oauth_error
from auth.services.authorizations import find_token
from consortium.kernel.clock import read_now
from consortium.kernel.web import csrf_exempt
from consortium.kernel.web.failures import answer_refusal
from consortium.kernel.web.languages import speak
from consortium.kernel.web.refusals import UploadTooLarge, refusal_of
from consortium.kernel.web.security import BadCharacters

STEADY_SECONDS = 300

blueprint = Blueprint("openid", __name__)
# Refusals of these addresses are read by programs.
setattr(blueprint, "for_programs", True)  # noqa: B010  # kernel.web asks for it by name
csrf_exempt(blueprint)


@blueprint.get("/.well-known/openid-configuration")
@blueprint.get("/.well-known/oauth-authorization-server")
def discovery() -> Response:
    """What the provider offers."""
    return _steady(describe_provider(), "application/json")


@blueprint.get("/oauth/jwks")
def jwks() -> Response:
    """The keys with which ID tokens are verified."""
    return _steady(dict(published_keys()), "application/jwk-set+json")


@blueprint.post("/oauth/token")
def token() -> Response:
    """A code or a program's credentials against an access token."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return oauth_error(InvalidRequestError("Send the parameters as a form."))
    return answer_token_request()


@blueprint.errorhandler(BadCharacters)
@blueprint.errorhandler(UploadTooLarge)
@blueprint.errorhandler(HTTPException)
def refuse_request(error: Exception) -> AnyResponse:
    """Refuse what was stopped before the endpoint saw it as the endpoint would have done."""
    refusal = refusal_of(error)
    if request.endpoint == "openid.token" and refusal.status < 500:
        # The description is ASCII by RFC 6749, section 5.2, so it is not translated.
        told = oauth_error(InvalidRequestError(refusal.text()))
        # Too long a body stays 413: nothing about the request is wrong but its size.
        told.status_code = refusal.status
        return told
    if request.endpoint == "openid.userinfo" and refusal.status == BadCharacters.status:
        return _challenge(400, "invalid_request")
    return answer_refusal(refusal)


@blueprint.route("/oauth/userinfo", methods=["GET", "POST"])
def userinfo() -> Response:
    """What the access token's scopes tell of its person (OpenID Connect Core, 5.3)."""
    text = bearer_token() or (request.form.get("access_token") if request.form else None)
    if not text:
        return _challenge(401)
    found = find_token(text, read_now())
    party = find_party(found.client_id) if found else None
    if found is None or party is None:
        return _challenge(401, "invalid_token")
    if found.person_id is None or "openid" not in found.scopes:
        return _challenge(403, "insufficient_scope")
    speak(found.language)
    return _json(user_info(party, found.person_id, sorted(found.scopes)))


def _challenge(status: int, error: str | None = None) -> Response:
    """Refuse as RFC 6750, section 3 says."""
    said = f'Bearer realm="consortium", error="{error}"' if error else 'Bearer realm="consortium"'
    response = _json({"error": error or "invalid_request"})
    response.status_code = status
    response.headers["WWW-Authenticate"] = said
    return response


def _json(body: dict[str, object]) -> Response:
    return Response(json.dumps(body), mimetype="application/json")


def _steady(body: dict[str, object], mimetype: str) -> Response:
    response = Response(json.dumps(body), mimetype=mimetype)
    response.headers["Cache-Control"] = f"public, max-age={STEADY_SECONDS}"
    return response


@blueprint.after_request
def open_to_browsers(response: Response) -> Response:
    """Let applications in a browser ask; no cookie counts at these addresses."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
    return response
