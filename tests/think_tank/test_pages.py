"""The coordinator writes, solves, reads why, seats and publishes; others see what they may."""

import json
import re
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from auth.services.people import create_person
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.principal import ANONYMOUS, SYSTEM, Grant, Principal, acting_as
from consortium.kernel.unit_of_work import unit_of_work
from consortium.services.organisations import get_organisation
from tests.conftest import Furnish
from tests.kernel.counting import count_statements
from tests.think_tank.worlds import HEADER, found_world_with_pool, row
from think_tank.models import BriefRow, ExpertRow
from think_tank.services.consent_links import make_link
from think_tank.services.experts import import_experts

FORM = {
    "title.zh": "流动组", "title.en": "Flow panel", "seats": "9", "society_share": "1/3",
    "front_line_share": "3/4", "young_share": "", "disciplines": "A01; F02", "keywords": "流体",
    "disclosure": "public", "rules": "",
}  # fmt: skip
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """Somebody at a browser; forms carry the token of the page before."""

    def __init__(self, client: FlaskClient, principal: Principal) -> None:
        self.client, self.principal = client, principal

    def open(self, path: str) -> TestResponse:
        with acting_as(self.principal):
            return self.client.get(path, headers={"Accept": "text/html", "Accept-Language": "en"})

    def send(self, page: str, path: str, **fields: str) -> TestResponse:
        token = TOKEN.search(self.open(page).text)
        assert token is not None
        with acting_as(self.principal):
            return self.client.post(
                path, data={"csrf_token": token[1], **fields},
                headers={"Accept": "text/html", "Accept-Language": "en"},
            )  # fmt: skip


@pytest.fixture
def world(furnish: Furnish, clock: FixedClock) -> FixedClock:
    furnish(found_world_with_pool)
    return clock


@pytest.fixture
def coordinator(world: FixedClock, client: FlaskClient) -> Browser:
    person = create_person(SYSTEM, name="李协调").id
    grants = (Grant("coordinator", "consortium", "demo"),)
    return Browser(client, Principal(person_id=person, grants=grants))


def told_of_next(html: str) -> list[str]:
    """What the table says of those who would have the seats next, by name."""
    cells = re.findall(r'data-label="Why not the next">(.*?)</td>', html, re.S)
    assert len(cells) == 9
    assert "专家" in cells[0]
    return cells


def test_from_brief_to_published_panel(coordinator: Browser) -> None:
    institute = "/institutes/flows"
    made = coordinator.send(f"{institute}/briefs/new", f"{institute}/briefs", **FORM)
    assert (made.status_code, urlsplit(made.location).path) == (303, f"{institute}/briefs/1")
    brief = f"{institute}/briefs/1"
    assert coordinator.send(brief, f"{brief}/solves").status_code == 303
    shown = coordinator.open(brief).text
    assert 'data-status="optimal"' in shown
    assert shown.count('data-why="') == 9
    assert shown.count("<meter ") == 7
    assert len(re.findall(r"data-primary", shown)) == 1
    solve = re.search(r'name="solve" value="([^"]+)"', shown)
    assert solve is not None
    seated = coordinator.send(brief, f"{brief}/seating", solve=solve[1])
    assert seated.status_code == 303
    panel = urlsplit(seated.location).path
    assert told_of_next(coordinator.open(panel).text) == told_of_next(shown)
    stranger = Browser(coordinator.client, ANONYMOUS)
    assert stranger.open(panel).status_code == 404
    assert coordinator.send(panel, f"{panel}/publication").status_code == 303
    public = stranger.open(panel).text
    assert "专家" in public
    assert "data-why" not in public
    assert panel in stranger.open(institute).text


def test_an_unmeetable_brief_names_the_rule_on_its_page(coordinator: Browser) -> None:
    of = {"field": "society", "op": "eq", "value": "math"}
    half = json.dumps([{"id": "half-math", "kind": "min_share", "of": of, "value": "1/2"}])
    institute, brief = "/institutes/flows", "/institutes/flows/briefs/1"
    coordinator.send(f"{institute}/briefs/new", f"{institute}/briefs", **FORM | {"rules": half})
    coordinator.send(brief, f"{brief}/solves")
    shown = coordinator.open(brief).text
    assert 'data-code="brief-infeasible" data-rules="society-math half-math"' in shown
    assert "data-cost" in shown
    shown = coordinator.open(f"{brief}?lang=zh-TW").text
    (said,) = re.findall(r"data-cost=[^>]+>([^<]+)</li>", shown)[:1]
    assert said.startswith("將規則“")
    assert "即可組成專家組" in said
    assert "/seating" not in shown


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"seats": "many"}, "seats-invalid"),
        ({"society_share": "4/3"}, "share-invalid"),
        ({"rules": "{"}, "not-a-list"),
        ({"title.en": ""}, "title-missing"),
        ({"disclosure": "all"}, "disclosure-unknown"),
    ],
)
def test_a_faulty_form_is_shown_again(
    coordinator: Browser, change: dict[str, str], code: str
) -> None:
    institute = "/institutes/flows"
    answer = coordinator.send(f"{institute}/briefs/new", f"{institute}/briefs", **FORM | change)
    assert answer.status_code == 422
    assert f'<li data-code="{code}">' in answer.text
    assert 'data-code="brief-invalid"' in answer.text


@pytest.mark.parametrize("path", ["/institutes/flows/briefs/new", "/institutes/flows/briefs/1"])
def test_others_get_no_desk(coordinator: Browser, path: str) -> None:
    institute = "/institutes/flows"
    coordinator.send(f"{institute}/briefs/new", f"{institute}/briefs", **FORM)
    person = create_person(SYSTEM, name="陌生人").id
    stranger = Browser(coordinator.client, Principal(person_id=person))
    assert stranger.open(path).status_code in {403, 404}
    assert "/briefs/new" not in stranger.open(institute).text


def test_an_unknown_institute_is_a_404_page(coordinator: Browser) -> None:
    assert coordinator.open("/institutes/none").status_code == 404


def test_lists_run_a_constant_number_of_queries(coordinator: Browser) -> None:
    institute = "/institutes/flows"
    counts = []
    for n in (1, 2, 3):
        coordinator.send(f"{institute}/briefs/new", f"{institute}/briefs", **FORM)
        brief = f"{institute}/briefs/{n}"
        coordinator.send(brief, f"{brief}/solves")
        coordinator.send(brief, f"{brief}/seating")
        with count_statements() as statements:
            assert coordinator.open(institute).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[2]


def test_search_page_finds_by_chinese_and_code(coordinator: Browser) -> None:
    text = coordinator.open("/experts?q=流體&discipline=A01").text
    assert text.count("data-expert=") == 10


def test_a_consent_link_is_used_by_its_answer_only(coordinator: Browser) -> None:
    import_experts(SYSTEM, f"{HEADER}\n{row(100)}".encode())
    with unit_of_work() as uow:
        expert = db.session.scalars(select(ExpertRow).where(ExpertRow.reference == "E100")).one()
        token = make_link(uow, expert, get_organisation("math"))
    guest = Browser(coordinator.client, ANONYMOUS)
    path = f"/experts/consent/{token}"
    assert " checked" not in guest.open(path).text
    assert guest.open(path).status_code == 200
    assert 'data-expert="math:E100"' not in coordinator.open("/experts").text
    assert guest.send(path, path, purposes="panel").status_code == 303
    assert guest.open(path).status_code == 410
    assert 'data-expert="math:E100"' in coordinator.open("/experts").text


def test_a_brief_of_before_shows_what_of_it_is_not_used(coordinator: Browser) -> None:
    form = "/institutes/flows/briefs/new"
    page = urlsplit(coordinator.send(form, "/institutes/flows/briefs", **FORM).location).path
    with unit_of_work() as uow:
        kept = uow.session.scalars(select(BriefRow)).one()
        kept.brief = {**kept.brief, "rulez": []}
    coordinator.send(page, f"{page}/solves")
    shown = coordinator.open(page).text
    assert 'data-code="members-ignored"' in shown
    assert "<code>/rulez</code>" in shown


def test_a_misspelt_rule_on_the_page_is_refused_at_its_place(coordinator: Browser) -> None:
    rule = {"id": "m", "kind": "min_count", "value": 1, "bogus": 1}
    rule["of"] = {"field": "society", "op": "eq", "value": "math"}
    told = coordinator.send(
        "/institutes/flows/briefs/new",
        "/institutes/flows/briefs",
        **FORM | {"rules": json.dumps([rule])},
    )
    assert told.status_code == 422
    assert 'data-code="unknown-field"' in told.text
