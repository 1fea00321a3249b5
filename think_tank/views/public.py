"""What everyone may read: institutes and published panels."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from consortium.kernel.errors import NotFound
from consortium.kernel.principal import current_principal
from consortium.kernel.web import page
from consortium.services.consortia import get_consortium
from think_tank.services.briefs import list_briefs
from think_tank.services.institutes import get_institute, is_coordinator, list_institutes
from think_tank.services.panels import describe_experts, get_panel, list_panels
from think_tank.services.pool import count_pool
from think_tank.values import Panel
from think_tank.views.blueprint import blueprint
from think_tank.wording import name_societies


@blueprint.get("/institutes")
def show_institutes() -> ResponseReturnValue:
    """Every institute."""
    return page("think_tank/institutes.html", institutes=list_institutes())


@blueprint.get("/institutes/<slug>")
def show_institute(slug: str) -> ResponseReturnValue:
    """An institute: charter, term, panels; its coordinator also sees briefs and the pool."""
    principal = current_principal()
    institute = get_institute(slug)
    coordinates = is_coordinator(principal, institute)
    return page(
        "think_tank/institute.html",
        institute=institute,
        consortium=get_consortium(institute.consortium),
        panels=list_panels(principal, institute=slug),
        coordinates=coordinates,
        briefs=list_briefs(principal, institute=slug),
        counts=count_pool(institute.consortium) if coordinates else None,
    )


@blueprint.get("/institutes/<slug>/panels/<uuid:panel_id>")
def show_panel(slug: str, panel_id: UUID) -> ResponseReturnValue:
    """A panel: published, or seen by its coordinator with the reason for each seat."""
    principal = current_principal()
    institute = get_institute(slug)
    panel = get_panel(principal, panel_id)
    if panel.institute != slug:
        raise NotFound
    coordinates = is_coordinator(principal, institute)
    return page(
        "think_tank/panel.html",
        institute=institute,
        panel=panel,
        names=_name_experts(panel) if coordinates else {},
        societies=name_societies(),
        coordinates=coordinates,
    )


def _name_experts(panel: Panel) -> dict[str, str]:
    """Names of those who sit, and of those who would have the seats next."""
    nexts = {seat.answer["next_best"] for seat in panel.seats if seat.answer.get("next_best")}
    people = describe_experts(nexts | {seat.id for seat in panel.seats if seat.id})
    return {name: person["name"] for name, person in people.items()}
