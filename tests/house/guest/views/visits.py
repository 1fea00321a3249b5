"""The book as a page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from consortium.kernel.web import page
from tests.house.guest.services import visits

blueprint = Blueprint("guest", __name__, url_prefix="/guest", template_folder="../templates")


@blueprint.get("/")
def show_visits() -> ResponseReturnValue:
    """Show the newest visits."""
    return page("guest/visits.html", visits=visits.list_visits())
