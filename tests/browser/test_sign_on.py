"""She signs in once; two sites know who she is and what she counts for, and why."""

from collections.abc import Callable

from tests.browser.visitor import Visitor
from tests.stories.node import Node

PROVIDER_COOKIES = ("consortium_session", "consortium-page")


def test_two_sites_greet_her_after_one_password(visit: Callable[..., Visitor], node: Node) -> None:
    she = visit()
    she.open(node.comp)
    assert she.page.url.startswith(f"{node.issuer}/sign-in")
    she.shoot("sign-in")
    she.fill_sign_in("member@math.example")
    she.allow_if_asked()
    assert she.page.url.startswith(node.comp)
    assert she.text() == (
        "林知远 示范数学会: 示范计算机学会承认您在示范数学会的会员身份："
        "您的级别“高级会员”在该会视为“高级会员”。"
    )

    she.open(node.phys)
    she.allow_if_asked()
    assert she.page.url.startswith(node.phys)
    assert she.text() == (
        "林知远 示范数学会: 示范物理学会承认您在示范数学会的会员身份："
        "您的级别“高级会员”在该会视为“普通会员”。"
    )


def test_without_the_providers_cookies_a_fresh_site_asks_for_sign_in(
    visit: Callable[..., Visitor], node: Node
) -> None:
    she = visit()
    she.sign_in("member@math.example")
    she.open(node.comp)
    she.allow_if_asked()
    assert she.page.url.startswith(node.comp)

    she.context.clear_cookies(name="phys_site")
    for name in PROVIDER_COOKIES:
        she.context.clear_cookies(name=name)
    she.open(node.phys)
    assert she.page.url.startswith(f"{node.issuer}/sign-in")

    # The site that knew her keeps its own sign-in.
    she.open(node.comp)
    assert she.text().startswith("林知远 示范数学会")


def test_who_does_not_allow_it_stays_unknown_to_the_site(
    visit: Callable[..., Visitor], node: Node
) -> None:
    he = visit()
    he.open(node.comp)
    he.fill_sign_in("organiser@comp.example")
    assert he.is_asked()
    assert "示范计算机学会" in he.text("main")
    he.shoot("consent")
    he.foresee(403)
    with he.page.expect_request(lambda asked: asked.url.startswith(node.comp)) as told:
        he.page.click("[name=decision][value=deny]")
    assert "error=access_denied" in told.value.url
    he.page.wait_for_load_state()
    # The site tells him once and asks no further.
    assert "没有登录" in he.text("body")
    assert he.context.request.get(f"{node.comp}/whoami").status == 401
