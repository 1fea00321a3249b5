"""Sign in once, be recognised, register, be seated on a panel; and what changes takes effect."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from membership.demo_rosters import make_rosters
from tests.stories import people
from tests.stories.node import Browser, Node

SENTENCES = {
    "comp": "示范计算机学会承认您在示范数学会的会员身份：您的级别“高级会员”在该会视为“高级会员”。",
    "phys": "示范物理学会承认您在示范数学会的会员身份：您的级别“高级会员”在该会视为“普通会员”。",
}


@pytest.fixture(scope="module")
def comp_program(node: Node) -> dict[str, str]:
    """The headers of a program of comp."""
    return people.program_of(node, "comp")


def test_one_password_opens_two_sites_that_know_her_differently(node: Node) -> None:
    she = people.greet(node, node.comp, language="zh-CN")
    assert she.page.url.startswith(node.comp)
    assert she.text() == f"林知远 示范数学会: {SENTENCES['comp']}"

    people.allow_if_asked(she_at(she, node.phys))
    assert she.page.url.startswith(node.phys)
    assert she.text() == f"林知远 示范数学会: {SENTENCES['phys']}"

    told = {code: people.claims(she, site) for code, site in sites(node).items()}
    assert {code: grades(told[code]) for code in told} == {
        "comp": [("comp", "senior")], "phys": [("phys", "ordinary")],
    }  # fmt: skip
    assert {claim["iss"] for claim in told.values()} == {node.issuer}
    # Two sites cannot find out together that she is the same person.
    assert told["comp"]["sub"] != told["phys"]["sub"]


def she_at(browser: Browser, site: str) -> Browser:
    browser.open(f"{site}/")
    return browser


def sites(node: Node) -> dict[str, str]:
    return {"comp": node.comp, "phys": node.phys}


def grades(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["host"], entry["grade"]) for entry in told["recognitions"]]


def test_without_the_providers_cookies_a_fresh_site_asks_for_sign_in(node: Node) -> None:
    she = people.greet(node, node.comp)
    for name in people.PROVIDER_COOKIES:
        if name in she.http.cookies:
            # The name that cookies of localhost have in this jar.
            she.http.cookies.clear("localhost.local", "/", name)
    assert "comp_site" in she.http.cookies
    assert "consortium_session" not in she.http.cookies

    she.open(f"{node.phys}/")

    assert she.page.url.startswith(f"{node.issuer}/sign-in")
    # The site that knew her keeps its own sign-in.
    assert people.claims(she, node.comp)["name"] == "林知远"


DOORS = ("/oauth/userinfo", f"/api/v1/recognitions?person={people.HER_NUMBER}&host=comp",
         "/api/v1/feed")  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_a_forged_token_opens_nothing(node: Node, comp_program: dict[str, str], door: str) -> None:
    right = comp_program["Authorization"].removeprefix("Bearer ")
    forged = ["", "x", "a.b.c", right[:-1], right + "A", right[:-2] + "AA", right.swapcase()]
    for token in forged:
        answer = requests.get(
            node.issuer + door, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        assert answer.status_code == 401, (door, token, answer.text)


def event_id(node: Node) -> str:
    found = requests.get(f"{node.issuer}/api/v1/events", timeout=30).json()["items"]
    return next(str(event["id"]) for event in found if event["slug"] == "demo-congress")


def test_she_registers_at_member_price_and_twice_is_once(node: Node) -> None:
    she = people.sit_down(node, people.HER)
    she.open(f"{node.issuer}/events/demo-congress")
    assert 'data-category="member"' in she.page.text
    headers = {"X-CSRFToken": people.token_of(she), "Idempotency-Key": "story-1"}
    address = f"{node.issuer}/api/v1/events/{event_id(node)}/registrations"

    first = she.http.post(address, json={}, headers=headers, timeout=30)
    second = she.http.post(address, json={}, headers=headers, timeout=30)

    assert (first.status_code, second.status_code) == (201, 201), first.text
    made = first.json()
    assert second.json() == made
    assert (made["price"], made["price_category"]) == (
        {"amount": 120_000, "currency": "CNY"},
        "member",
    )
    assert made["price_reason"]["code"] == "recognised-by-host"
    other = she.http.post(address, json={"mode": "online"}, headers=headers, timeout=30)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    page = she.open(f"{node.issuer}/events/demo-congress").text
    assert made["id"] in page


def test_who_is_not_recognised_pays_full_price_and_reads_why(node: Node) -> None:
    he = people.sit_down(node, people.HIS)
    page = he.open(f"{node.issuer}/events/demo-congress").text
    assert 'data-category="full" data-amount="200000"' in page
    why = "No agreement gives members of Demonstration Society of Mechanics the member price"
    assert why in he.text()

    he.send(having="/registrations")

    assert he.page.status_code == 200
    assert "CN¥2,000.00 (Full price)" in he.text()
    assert why in he.text()


BRIEF: dict[str, Any] = {
    "title.zh": "流动组", "title.en": "Flow panel", "seats": "9", "disciplines": "A01; F02",
    "disclosure": "public",
}  # fmt: skip


def test_the_coordinator_seats_a_panel_and_everybody_reads_it(node: Node) -> None:
    coordinator = people.sit_down(node, "coordinator@demo.example")
    institute = f"{node.issuer}/institutes/demo-institute"
    coordinator.open(f"{institute}/briefs/new")
    coordinator.send(having="/briefs", **BRIEF)
    assert coordinator.page.status_code == 200, coordinator.text()
    coordinator.send(having="/solves")
    assert 'data-status="optimal"' in coordinator.page.text
    assert len(re.findall(r"<tr data-seat=", coordinator.page.text)) == 9
    coordinator.send(having="/seating")
    panel = coordinator.page.url
    assert "/panels/" in panel

    assert Browser().open(panel).status_code == 404
    coordinator.send(having="/publication")

    assert Browser().open(panel).status_code == 200


def test_the_secretary_imports_four_rosters_again_and_nothing_changes(
    node: Node, tmp_path: Path
) -> None:
    for file in make_rosters():
        path = tmp_path / file.name
        path.write_bytes(file.data)
        words = ("membership", "roster", "import", str(path), "--society", file.society)
        report = people.run(node, *words)
        counts = {name: report[name] for name in ("create", "update", "refused")}
        assert counts == {"create": 0, "update": 0, "refused": 0}, (file.name, report["refusals"])
        assert report["unchanged"] == report["read"] > 300


def test_a_bad_row_is_named_by_cell_and_a_bad_file_is_refused(node: Node, tmp_path: Path) -> None:
    bad = tmp_path / "坏.csv"
    text = "会员号,姓名,会员级别\nS009001M,张三,普通会员\nS009002M,李四,公爵\n"
    bad.write_bytes(text.encode("gb18030"))
    words = ("membership", "roster", "import", str(bad), "--society", "math")
    report = people.run(node, *words, exits=3)
    assert (report["read"], report["create"], report["refused"]) == (2, 1, 1)
    (refusal,) = report["refusals"]
    told = (refusal["row"], refusal["cell"], refusal["field"], refusal["value"], refusal["code"])
    assert told == (3, "C3", "grade", "公爵", "grade-unknown")

    bad.write_bytes(b"%PDF-1.7\n")
    assert people.run(node, *words, exits=1)["code"] == "roster-unreadable"


def test_the_secretary_sends_a_file_through_the_page(node: Node) -> None:
    secretary = people.sit_down(node, "secretary@phys.example")
    secretary.open(f"{node.issuer}/s/phys/import")
    file = next(file for file in make_rosters() if file.society == "phys")
    secretary.send(
        having="/s/phys/import", files={"file": (file.name, io.BytesIO(file.data), "text/csv")}
    )
    assert secretary.page.status_code == 200
    assert '<dd class="number" data-count="unchanged">540</dd>' in secretary.page.text


def agreement_of(node: Node, *parties: str) -> str:
    held = requests.get(f"{node.issuer}/api/v1/agreements", timeout=30).json()["items"]
    return next(str(one["id"]) for one in held if sorted(one["parties"]) == sorted(parties))


def end_term(node: Node) -> tuple[str, ...]:
    return ("membership", "term", "end", "--member", people.HER_NUMBER)


def restore_term(node: Node) -> tuple[str, ...]:
    return ("membership", "term", "restore", "--member", people.HER_NUMBER)


def end_agreement(node: Node) -> tuple[str, ...]:
    return ("membership", "agreement", "end", agreement_of(node, "comp", "math"))


def restore_agreement(node: Node) -> tuple[str, ...]:
    return ("membership", "agreement", "restore", agreement_of(node, "comp", "math"))


def suspend_host(node: Node) -> tuple[str, ...]:
    return ("consortium", "suspend", "comp", "--consortium", "demo")


def restore_host(node: Node) -> tuple[str, ...]:
    return ("consortium", "restore", "comp", "--consortium", "demo")


def suspend_home(node: Node) -> tuple[str, ...]:
    return ("consortium", "suspend", "math", "--consortium", "demo")


def restore_home(node: Node) -> tuple[str, ...]:
    return ("consortium", "restore", "math", "--consortium", "demo")


Step = Callable[[Node], tuple[str, ...]]
CHANGES: list[tuple[Step, Step, str]] = [
    (end_term, restore_term, "term-ended"),
    (end_agreement, restore_agreement, "agreement-ended"),
    (suspend_host, restore_host, "host-suspended"),
    (suspend_home, restore_home, "home-suspended"),
]


@pytest.mark.parametrize(
    ("end", "undo", "code"), CHANGES, ids=["term", "agreement", "host", "home"]
)
def test_what_ends_takes_effect_at_the_next_request_and_undoing_restores_it(
    node: Node, comp_program: dict[str, str], end: Step, undo: Step, code: str
) -> None:
    she = people.sit_down(node, people.HER)
    before = answered(people.ask(node, comp_program, "comp"))
    assert (before["recognised"], card(node, she)) == (True, ("true", "recognised", "senior"))

    people.run(node, *end(node))
    try:
        ended = people.ask(node, comp_program, "comp")
        assert (ended["recognised"], ended["host_grade"]) == (False, None)
        assert ended["reasons"][0]["code"] == code
        assert card(node, she) == ("false", code, "")
        assert grades(people.claims(people.greet(node, node.comp), node.comp)) == []
    finally:
        people.run(node, *undo(node))

    assert answered(people.ask(node, comp_program, "comp")) == before
    assert card(node, she) == ("true", "recognised", "senior")
    told = people.claims(people.greet(node, node.comp), node.comp)
    assert grades(told) == [("comp", "senior")]


def answered(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer without its evidence: what was taken back leaves new rows, so another hash."""
    whys = [(why["code"], why["text"]) for why in answer["reasons"]]
    names = ("recognised", "home", "grade", "host_grade", "agreement", "next_change_at")
    return {name: answer[name] for name in names} | {"reasons": whys}


def card(node: Node, browser: Browser) -> tuple[str, str, str]:
    """What her page says about comp: recognised, the reason's code, the grade there."""
    page = browser.open(f"{node.issuer}/me/recognitions").text
    found = re.search(
        r'data-host="comp" data-recognised="(\w+)" data-reason="([^"]+)" data-host-grade="(\w*)"',
        page,
    )
    assert found is not None, browser.text()
    return found[1], found[2], found[3]
