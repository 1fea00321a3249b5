"""The coordinator of an institute finds a panel, reads why, and seats it."""

import json
from collections.abc import Callable

import pytest

from tests.browser.test_reach import HIDDEN
from tests.browser.visitor import NARROW, Visitor

INSTITUTE = "/institutes/demo-institute"
HALF_MATH = {
    "id": "half-math",
    "kind": "min_share",
    "of": {"field": "society", "op": "eq", "value": "math"},
    "value": "1/2",
}


def _write_brief(coordinator: Visitor, title: str, **values: str) -> None:
    coordinator.open(INSTITUTE)
    coordinator.press("main [data-primary]")
    page = coordinator.page
    for name, value in {"title.zh": title, "title.en": "Numerical methods", **values}.items():
        page.fill(f'[name="{name}"]', value)
    coordinator.press("main [data-primary]")
    assert coordinator.attribute("[data-state]", "data-state") == "open"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_coordinator_seats_a_panel_and_reads_why_each_seat(
    visit: Callable[..., Visitor], language: str
) -> None:
    she = visit(language)
    she.sign_in("coordinator@demo.example", then=INSTITUTE)
    she.shoot("institute")
    _write_brief(she, "数值方法评议组", seats="9", disciplines="A01; F02")
    she.shoot("brief-new")
    she.press("form[action$=solves] [type=submit]")

    assert she.attribute("[data-status]", "data-status") == "optimal"
    assert she.page.locator("tr[data-seat]").count() == 9
    assert she.page.locator("tr[data-seat] a[rel=help][data-why]").count() == 9
    assert all(len(told) > 20 for told in she.page.locator("tr[data-seat]").all_inner_texts())
    rules = she.page.locator("tr[data-rule]")
    assert rules.count() == 4 + 1 + 2
    assert rules.locator("meter").count() == rules.count()
    assert rules.locator(".badge.bad").count() == 0
    she.shoot("brief-proposed")

    she.press("form[action$=seating] [data-primary]")
    assert "/panels/" in she.page.url
    assert she.page.locator("tr[data-seat]").count() == 9
    she.shoot("panel")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_brief_that_cannot_be_met_names_the_rules(
    visit: Callable[..., Visitor], language: str
) -> None:
    she = visit(language)
    she.sign_in("coordinator@demo.example")
    _write_brief(she, "无法满足的要求", rules=json.dumps([HALF_MATH]))
    she.press("form[action$=solves] [type=submit]")
    refusal = "[data-code=brief-infeasible]"
    named = she.attribute(refusal, "data-rules").split()
    assert sorted(named) == ["half-math", "society-math"]
    assert "half-math" in she.text(refusal)
    assert she.page.locator(f"{refusal} ol li").count() > 0
    assert she.page.locator("form[action$=seating]").count() == 0
    she.shoot("brief-infeasible")


def test_on_a_phone_every_reason_of_a_panel_is_in_sight(visit: Callable[..., Visitor]) -> None:
    she = visit()
    she.sign_in("coordinator@demo.example", then=INSTITUTE)
    panel = she.attribute("[data-panel] a", "href")
    for name, path in (("panel", panel), ("brief", f"{INSTITUTE}/briefs/1")):
        she.open(path)
        she.shoot(f"{name}-seated")
        she.page.set_viewport_size({"width": NARROW, "height": 740})
        assert she.page.locator("tr[data-seat] td[data-label]").count() > 0
        assert she.page.locator("main table:not(.stacked)").count() == 0
        assert (she.page.evaluate(HIDDEN), she.overflow()) == (0, 0)


def test_an_ordinary_member_reads_the_institute_but_finds_no_brief(
    visit: Callable[..., Visitor],
) -> None:
    she = visit()
    she.sign_in("member@math.example", then=INSTITUTE)
    assert she.page.locator("[data-panel]").count() > 0
    assert she.page.locator("[data-brief]").count() == 0
    she.foresee(403)
    she.open(f"{INSTITUTE}/briefs/new")
    assert she.page.locator(".error-summary[data-code]").count() == 1
    she.shoot("forbidden")
