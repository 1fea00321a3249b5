"""Institutes and their briefs."""

from collections.abc import Callable
from typing import Any

from consortium.kernel.api import (
    ApiBlueprint,
    PageIn,
    cursor_page,
    page_of,
    require_principal,
)
from consortium.kernel.errors import InvalidInput
from consortium.kernel.idempotency import idempotent
from consortium.kernel.principal import current_principal
from think_tank.schemas import BriefIn, BriefOut, InstituteIn, InstituteOut
from think_tank.services import briefs, institutes
from think_tank.values import BriefRecord, Institute

blueprint = ApiBlueprint("institutes", __name__, url_prefix="/api/v1/institutes")


@blueprint.post("")
@idempotent
@blueprint.arguments(InstituteIn)
@blueprint.response(201, InstituteOut)
@require_principal
def found_institute(wish: dict[str, Any]) -> Any:
    """Found a virtual institute of a consortium."""
    name, charter = wish.pop("name"), wish.pop("charter")
    founded = institutes.found_institute(
        current_principal(),
        name_zh=name["zh"],
        name_en=name["en"],
        charter_zh=charter["zh"],
        charter_en=charter["en"],
        **wish,
    )
    return write_institute(founded)


@blueprint.get("")
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, page_of(InstituteOut))
def list_institutes(wish: dict[str, Any]) -> Any:
    """Every institute, in the order of their slugs."""
    found = [write_institute(institute) for institute in institutes.list_institutes()]
    return _cut(found, wish, lambda institute: str(institute["slug"]))


@blueprint.get("/<slug>")
@blueprint.response(200, InstituteOut)
def get_institute(slug: str) -> Any:
    """One institute."""
    return write_institute(institutes.get_institute(slug))


@blueprint.post("/<slug>/briefs")
@idempotent
@blueprint.arguments(BriefIn)
@blueprint.response(201, BriefOut)
@require_principal
def write_brief(wish: dict[str, Any], slug: str) -> Any:
    """Write a brief; it is never changed afterwards."""
    written = briefs.write_brief(
        current_principal(),
        institute=slug,
        title_zh=wish["title"]["zh"],
        title_en=wish["title"]["en"],
        brief=wish["brief"],
        disclosure=wish["disclosure"],
    )
    return write_brief_out(written)


@blueprint.get("/<slug>/briefs")
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, page_of(BriefOut))
@require_principal
def list_briefs(wish: dict[str, Any], slug: str) -> Any:
    """An institute's briefs, newest first, for its coordinator."""
    found = briefs.list_briefs(current_principal(), institute=slug)
    return _cut([write_brief_out(brief) for brief in found], wish, lambda b: -int(b["number"]))


@blueprint.get("/<slug>/briefs/<int:number>")
@blueprint.response(200, BriefOut)
@require_principal
def get_brief(slug: str, number: int) -> Any:
    """One brief, for the institute's coordinator."""
    return write_brief_out(briefs.get_brief(current_principal(), institute=slug, number=number))


def _cut(found: list[dict[str, Any]], wish: dict[str, Any], key: Callable[[Any], Any]) -> Any:
    """A page of a list that is sorted by `key`; a page begins after the cursor's key."""
    after, limit = wish["cursor"], wish["limit"]
    try:
        left = [one for one in found if after is None or key(one) > after]
    except TypeError as fault:
        raise InvalidInput from fault
    following = key(left[limit - 1]) if len(left) > limit else None
    return cursor_page(left[:limit], following)


def write_institute(institute: Institute) -> dict[str, Any]:
    """An institute as the API names its members."""
    return {
        "slug": institute.slug,
        "consortium": institute.consortium,
        "name": {"zh": institute.name_zh, "en": institute.name_en},
        "charter_hash": institute.charter_hash,
        "since": institute.since,
        "until": institute.until,
    }


def write_brief_out(brief: BriefRecord) -> dict[str, Any]:
    """A brief as the API names its members."""
    return {
        "id": brief.id,
        "number": brief.number,
        "institute": brief.institute,
        "title": {"zh": brief.title_zh, "en": brief.title_en},
        "disclosure": brief.disclosure,
        "state": brief.state,
        "brief": brief.brief,
        "brief_hash": brief.brief_hash,
        "written_at": brief.written_at,
    }
