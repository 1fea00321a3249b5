"""Activation of a roster row, and single-use links: of an operator, of a first password."""

from uuid import UUID

from flask import redirect, request, session
from flask.typing import ResponseReturnValue

from auth.errors import CodeRefused
from auth.services import enrolment, first_passwords, links
from auth.views.pages import address, blueprint, cookie, remember
from consortium.kernel.web import on_refusal, page

_CHALLENGE = "auth.activation_challenge"


def _challenge() -> UUID:
    text = session.get(_CHALLENGE)
    if text is None:
        raise CodeRefused
    return UUID(text)


@blueprint.get("/activate")
def show_activation() -> ResponseReturnValue:
    """Ask which roster row is hers."""
    return page("auth/activate.html")


@blueprint.post("/activate")
@on_refusal(show_activation)
def send_activation_code() -> ResponseReturnValue:
    """Send a code to the address that the roster has; the page tells nothing of the row."""
    challenge = enrolment.send_activation_code(
        society=request.form.get("society", ""),
        member_number=request.form.get("member_number", ""),
        name=request.form.get("name", ""),
        address=address(),
    )
    session[_CHALLENGE] = str(challenge)
    return redirect("/activate/code", 303)


@blueprint.get("/activate/code")
def show_activation_code() -> ResponseReturnValue:
    """Ask for the code."""
    return page("auth/activate_code.html")


@blueprint.post("/activate/code")
@on_refusal(show_activation_code)
def prove_activation() -> ResponseReturnValue:
    """Take the code and show her own row."""
    enrolment.prove_activation(challenge=_challenge(), code=request.form.get("code", ""))
    return redirect("/activate/password", 303)


@blueprint.get("/activate/password")
def show_activation_password() -> ResponseReturnValue:
    """Show her own row and ask for a password."""
    return page("auth/activate_password.html", entry=enrolment.get_proven_entry(_challenge()))


@blueprint.post("/activate/password")
@on_refusal(show_activation_password)
def finish_activation() -> ResponseReturnValue:
    """Open the account and sign in."""
    opened = enrolment.finish_activation(
        challenge=_challenge(),
        password=request.form.get("password", ""),
        address=address(),
        replaced=cookie(),
    )
    return remember(redirect("/me", 303), opened)


@blueprint.get("/links/<token>")
def show_link(token: str) -> ResponseReturnValue:
    """Show what a single-use link is for; looking does not use it."""
    if links.check_link(token) == first_passwords.PASSWORD_LINK:
        return page("auth/password_link.html", identifier=first_passwords.get_invited(token))
    return page("auth/operator_link.html")


@blueprint.post("/links/<token>")
@on_refusal(show_link)
def use_link(token: str) -> ResponseReturnValue:
    """Use the link up: open the operator's account or set the first password, and sign in."""
    if links.check_link(token) == first_passwords.PASSWORD_LINK:
        opened = first_passwords.accept_password_link(
            token=token,
            password=request.form.get("password", ""),
            address=address(),
            replaced=cookie(),
        )
        return remember(redirect("/me", 303), opened)
    opened = enrolment.accept_operator_link(
        token=token,
        name=request.form.get("name", ""),
        identifier=request.form.get("identifier", ""),
        password=request.form.get("password", ""),
        address=address(),
        replaced=cookie(),
    )
    return remember(redirect("/me", 303), opened)
