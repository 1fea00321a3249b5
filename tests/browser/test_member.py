"""What a member reads about herself, and what she pays for an event."""

from collections.abc import Callable

import pytest

from tests.browser.visitor import Visitor

EVENT = "/events/demo-congress"
TITLES = {"zh-CN": "我的身份在何处获承认", "en": "Where I am recognised"}
REASONS = {
    "zh-CN": "示范物理学会承认您在示范数学会的会员身份：您的级别“高级会员”在该会视为“普通会员”。",
    "en": (
        "Your membership of Demonstration Mathematical Society is recognised by "
        "Demonstration Physical Society: your grade Senior counts there as Ordinary."
    ),
}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_she_reads_where_she_is_recognised_as_what_and_why(
    visit: Callable[..., Visitor], language: str
) -> None:
    she = visit(language)
    she.sign_in("member@math.example", then="/me/recognitions")
    assert she.text("h1") == TITLES[language]
    assert she.attribute("[data-count]", "data-count") == "2"
    cards = she.page.locator("article[data-host]")
    standing = {
        card.get_attribute("data-host"): (
            card.get_attribute("data-recognised"),
            card.get_attribute("data-host-grade"),
        )
        for card in cards.all()
    }
    assert standing == {
        "math": ("true", "senior"),
        "comp": ("true", "senior"),
        "phys": ("true", "ordinary"),
        "mech": ("false", ""),
    }
    assert REASONS[language] in she.text("#at-phys")
    assert she.page.locator("a[rel=help][data-why]").count() == cards.count()
    she.shoot("recognitions")
    she.press("#at-phys a[rel=help]")
    assert she.page.url.endswith("#v1")
    she.shoot("agreement")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_she_registers_at_the_member_price_and_cancels(
    visit: Callable[..., Visitor], language: str
) -> None:
    she = visit(language)
    she.sign_in("member@math.example", then=EVENT)
    assert she.attribute(".price", "data-category") == "member"
    assert "1,200.00" in she.text(".price")
    she.shoot("event")
    she.press("form[action*=registrations] [data-primary]")
    assert she.attribute("[data-status]", "data-status") == "awaiting_payment"
    assert she.attribute(".price", "data-amount") == "120000"
    assert she.text(".reason") != ""
    she.shoot("ticket")

    she.open(EVENT)
    assert she.page.locator("form[action*=registrations]").count() == 0
    she.press("main [data-primary]")
    she.press("form[action*=cancellation] [type=submit]")
    assert she.attribute("[data-status]", "data-status") == "cancelled"
    she.shoot("ticket-cancelled")


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        ("zh-CN", "没有互认协议使示范力学学会的会员享受本活动的会员价。"),
        (
            "en",
            "No agreement gives members of Demonstration Society of Mechanics the member price "
            "of this event.",
        ),
    ],
)
def test_who_is_not_recognised_reads_the_full_price_and_why(
    visit: Callable[..., Visitor], language: str, reason: str
) -> None:
    he = visit(language)
    he.sign_in("member@mech.example", then=EVENT)
    assert he.attribute(".price", "data-category") == "full"
    assert "2,000.00" in he.text(".price")
    assert reason == he.text(".price .reason")
    he.shoot("event-full-price")


def test_a_stranger_is_led_to_sign_in_and_back_to_the_event(visit: Callable[..., Visitor]) -> None:
    she = visit()
    she.open(EVENT)
    she.shoot("event-signed-out")
    she.press("main [data-primary]")
    she.fill_sign_in("member@math.example")
    assert she.page.url == she.node.issuer + EVENT
