"""Logout asked for by a site."""

from flask import redirect, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from auth.openid.logout import Logout, read_logout
from auth.services.sessions import end_session
from auth.views.pages import blueprint, forget
from consortium.kernel.principal import current_principal
from consortium.kernel.web import csrf_exempt, page


@blueprint.route("/oauth/end-session", methods=["GET", "POST"], endpoint="end_session")
@csrf_exempt
def end_session_page() -> ResponseReturnValue:
    """End the session if the site proves it is its own, else ask the person."""
    values: MultiDict[str, str] = request.form if request.method == "POST" else request.args
    wish = read_logout(values)
    principal = current_principal()
    if principal.session_id is None:
        return _leave(wish)
    if wish.is_of(principal):
        return _end(wish)
    return page(
        "auth/logout.html",
        form_redirects=True,
        client=wish.party.client if wish.party else None,
        values=list(values.items(multi=True)),
    )


@blueprint.post("/oauth/end-session/decision")
def decide_logout() -> ResponseReturnValue:
    """Take what the person decided."""
    wish = read_logout(request.form)
    if request.form.get("decision") != "allow":
        return redirect("/", 303)
    return _end(wish)


def _end(wish: Logout) -> ResponseReturnValue:
    end_session(current_principal())
    return _leave(wish)


def _leave(wish: Logout) -> ResponseReturnValue:
    if wish.destination is not None:
        return forget(redirect(wish.destination, 303))
    return forget(redirect("/signed-out", 303))


@blueprint.get("/signed-out")
def signed_out() -> ResponseReturnValue:
    """Say that it is done."""
    return page("auth/signed_out.html")
