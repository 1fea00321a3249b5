"""Sign-in by password or by SMS code, and sign-out."""

from uuid import UUID

from flask import redirect, request, session
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from auth.errors import CodeRefused, SignedInAlready
from auth.openid.authorization import must_sign_in_again
from auth.rules.requests import select_next
from auth.services import sign_in as service
from auth.services.sessions import end_session
from auth.views.pages import address, blueprint, cookie, forget, remember
from consortium.kernel.principal import current_principal
from consortium.kernel.web import on_refusal, page, wants_problem
from consortium.kernel.web.csrf import is_of_former_page_session
from consortium.kernel.web.failures import answer_refusal
from consortium.kernel.web.refusals import refusal_of

_CHALLENGE = "auth.sign_in_challenge"


def next_path() -> str:
    """Where to go afterwards: a path of this node."""
    return select_next(request.values.get("next"))


@blueprint.get("/sign-in")
def show_sign_in() -> ResponseReturnValue:
    """Ask who it is: by identifier and password, or by mobile number.

    Whoever has signed in meanwhile, in another tab, goes on to where she was going.
    """
    if request.method == "GET" and request.args.get("next") and _may_go_on():
        return redirect(next_path(), 302)
    return page(
        "auth/sign_in.html",
        form_redirects=True,
        next=next_path(),
        identifier=request.args.get("identifier", ""),
    )


def _may_go_on() -> bool:
    principal = current_principal()
    return principal.person_id is not None and not must_sign_in_again(next_path(), principal)


@blueprint.errorhandler(CSRFError)
def refuse_old_form(error: CSRFError) -> ResponseReturnValue:
    """Refuse a form without its token.

    A sign-in form of this browser from before it signed in, in another tab, is told as that.
    """
    is_sign_in = request.endpoint in {"auth.sign_in", "auth.sign_in_by_code"}
    is_hers = current_principal().person_id is not None and is_of_former_page_session()
    if is_sign_in and is_hers and not wants_problem():
        refusal = SignedInAlready()
        return page("auth/signed_in.html", refusal=refusal, next=next_path()), refusal.status
    return answer_refusal(refusal_of(error))


@blueprint.post("/sign-in")
@on_refusal(show_sign_in)
def sign_in() -> ResponseReturnValue:
    """Sign in with a password; with a mobile number instead, send a code."""
    if "password" not in request.form and request.form.get("mobile"):
        return send_code()
    opened = service.sign_in_with_password(
        identifier=request.form.get("identifier", ""),
        password=request.form.get("password", ""),
        address=address(),
        replaced=cookie(),
    )
    return remember(redirect(next_path(), 303), opened)


@blueprint.get("/sign-in/code")
def show_code() -> ResponseReturnValue:
    """Ask for the code that was sent."""
    return page(
        "auth/sign_in_code.html",
        form_redirects=True,
        next=next_path(),
        mobile=request.form.get("mobile", ""),
        is_sent=_CHALLENGE in session,
    )


@blueprint.post("/sign-in/code")
@on_refusal(show_code)
def sign_in_by_code() -> ResponseReturnValue:
    """Take a mobile number and send a code, or take the code and sign in."""
    if "code" not in request.form:
        return send_code()
    challenge = session.get(_CHALLENGE)
    if challenge is None:
        raise CodeRefused
    opened = service.sign_in_with_code(
        challenge=UUID(challenge),
        code=request.form["code"],
        address=address(),
        replaced=cookie(),
    )
    return remember(redirect(next_path(), 303), opened)


def send_code() -> ResponseReturnValue:
    """Send a code; the page is the same whether or not anybody has the number."""
    challenge = service.send_sign_in_code(mobile=request.form.get("mobile", ""), address=address())
    # Bound to this browser: a code read over a shoulder opens nothing elsewhere.
    session[_CHALLENGE] = str(challenge)
    return show_code()


@blueprint.get("/sign-out")
def show_sign_out() -> ResponseReturnValue:
    """Ask whether to sign out: a link that was followed, or fetched ahead, does not do it."""
    if current_principal().session_id is None:
        return redirect("/signed-out", 302)
    return page("auth/sign_out.html")


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here; sites that were opened with it keep their own."""
    end_session(current_principal())
    return forget(redirect(next_path(), 303))
