"""The addresses with which the reader signs in, and proving those of her roster row."""

from uuid import UUID

from flask import flash, redirect, request, session
from flask.typing import ResponseReturnValue

from auth.errors import CodeRefused
from auth.services import addresses
from auth.views.pages import address, blueprint
from consortium.kernel.errors import N_
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page
from consortium.kernel.web.answers import say

_CHALLENGE = "auth.address_challenge"
_NAMES = {"email": N_("E-mail"), "mobile": N_("Mobile number")}


@blueprint.get("/me/addresses")
@require_sign_in
def show_addresses() -> ResponseReturnValue:
    """Show what she signs in with, and what her roster has besides."""
    found = addresses.list_own_addresses(current_principal())
    return page("auth/addresses.html", addresses=found, names=_NAMES)


@blueprint.post("/me/addresses")
@require_sign_in
@on_refusal(show_addresses)
def send_address_code() -> ResponseReturnValue:
    """Send a code to the roster's address (`kind=email|mobile`)."""
    challenge = addresses.send_address_code(
        current_principal(), kind=request.form.get("kind", ""), address=address()
    )
    session[_CHALLENGE] = str(challenge)
    return redirect("/me/addresses/code", 303)


@blueprint.get("/me/addresses/code")
@require_sign_in
def show_address_code() -> ResponseReturnValue:
    """Ask for the code."""
    return page("auth/address_code.html")


@blueprint.post("/me/addresses/code")
@require_sign_in
@on_refusal(show_address_code)
def prove_address() -> ResponseReturnValue:
    """Take the code: from now on she signs in with that address."""
    challenge = session.get(_CHALLENGE)
    if challenge is None:
        raise CodeRefused
    addresses.prove_address(
        current_principal(), challenge=UUID(challenge), code=request.form.get("code", "")
    )
    session.pop(_CHALLENGE, None)
    flash(say(N_("Proven. You can sign in with this address from now on.")), "good")
    return redirect("/me/addresses", 303)
