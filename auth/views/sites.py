"""The sites that know the reader, and the way to take that back."""

from flask import redirect
from flask.typing import ResponseReturnValue

from auth.services.consents import list_consents, withdraw_consent
from auth.views.pages import blueprint
from auth.views.scopes import explain_scopes
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import page


@blueprint.get("/me/sites")
@require_sign_in
def show_sites() -> ResponseReturnValue:
    """List the sites and what each may learn."""
    person_id = current_principal().person_id
    assert person_id is not None
    sites = [
        {
            "client_id": client_id,
            "name": name,
            "texts": [text for _, text in explain_scopes(scopes)],
        }
        for client_id, name, scopes in list_consents(person_id)
    ]
    return page("auth/sites.html", sites=sites)


@blueprint.post("/me/sites/<client_id>/withdrawal")
@require_sign_in
def withdraw_site(client_id: str) -> ResponseReturnValue:
    """Take a site's permission back; it asks again at the next sign-in."""
    withdraw_consent(current_principal(), client_id=client_id)
    return redirect("/me/sites", 303)
