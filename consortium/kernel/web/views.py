"""Pages that belong to no feature: the reader's own page, the API's description, the icon."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web.layout import page, reader_name, tiles

blueprint = Blueprint(
    "kernel",
    __name__,
    template_folder="../templates",
    static_folder="../static",
    static_url_path="/static",
)


@blueprint.get("/me")
@require_sign_in
def me() -> ResponseReturnValue:
    """The reader's own page: a tile of each feature that knows her."""
    person_id = current_principal().person_id
    return page("kernel/me.html", name=reader_name(), tiles=tiles("me", person_id=person_id))


@blueprint.get("/developers")
def developers() -> ResponseReturnValue:
    """The API's description, to read and to try."""
    return page("kernel/developers.html")


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Browsers ask for this address whatever the page says."""
    return redirect(url_for("kernel.static", filename="mark.svg"))
