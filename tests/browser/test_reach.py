"""The pages are reached by keyboard, in her language and its letters."""

import re
import subprocess
from collections.abc import Callable

import pytest

from tests.browser.visitor import NARROW, Visitor
from tests.stories.node import PASSWORD

CHINESE = re.compile(r"[\u3400-\u9fff]")
PUBLIC = (
    "/", "/societies", "/agreements", "/events", "/events/demo-congress", "/institutes",
    "/institutes/demo-institute", "/c/demo", "/s/math", "/activate", "/developers",
)  # fmt: skip
FOCUSED = "document.activeElement"
OUTLINE = """(() => {
  const style = getComputedStyle(document.activeElement);
  return parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none";
})()"""
DRAWN = """async (sample) => {
  await document.fonts.ready;
  const draw = (letter) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 32;
    const brush = canvas.getContext("2d");
    brush.font = "24px " + getComputedStyle(document.body).fontFamily;
    brush.fillText(letter, 2, 26);
    return canvas.toDataURL();
  };
  return new Set([...sample].map(draw)).size;
}"""


def _press_tab_until(visitor: Visitor, wanted: str, most: int = 40) -> None:
    """Tab on to the element that fits; each one on the way shows that it has the focus."""
    for _ in range(most):
        if visitor.page.evaluate(f"{FOCUSED}.matches({wanted!r})"):
            return
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate(OUTLINE), visitor.page.evaluate(f"{FOCUSED}.outerHTML")
    raise AssertionError(f"the keyboard does not reach {wanted}")


def test_she_signs_in_by_keyboard_alone(visit: Callable[..., Visitor]) -> None:
    she = visit()
    she.open("/me/recognitions")
    assert she.page.evaluate(f"{FOCUSED}.name") == "identifier"
    she.page.keyboard.type("member@math.example")
    _press_tab_until(she, "[name=password]")
    she.page.keyboard.type(PASSWORD)
    _press_tab_until(she, '[type="submit"]')
    with she.page.expect_navigation():
        she.page.keyboard.press("Enter")
    assert she.page.url == f"{she.node.issuer}/me/recognitions"

    she.page.keyboard.press("Tab")
    assert she.page.evaluate(f"{FOCUSED}.matches('a.skip')")
    box = she.page.locator("a.skip").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["y"] >= 0
    she.page.keyboard.press("Enter")
    assert she.page.evaluate(f"{FOCUSED}.id") == "main"
    _press_tab_until(she, "main a[rel=help]", most=3)
    with she.page.expect_navigation():
        she.page.keyboard.press("Enter")
    assert "/agreements" in she.page.url


def test_a_wrong_password_is_told_and_the_reader_is_led_to_it(
    visit: Callable[..., Visitor],
) -> None:
    she = visit()
    she.foresee(401)
    she.foresee(422)
    she.open("/sign-in")
    she.fill_sign_in("member@math.example", password="wrong")
    assert she.page.locator(".error-summary[data-code]").count() == 1
    assert she.page.evaluate(f"{FOCUSED}.matches('.error-summary')")
    assert she.page.input_value("[name=identifier]") == "member@math.example"
    she.shoot("sign-in-refused")


@pytest.mark.parametrize("language", ["zh-CN", "zh-TW", "en"])
def test_public_pages_fit_on_a_phone(visit: Callable[..., Visitor], language: str) -> None:
    she = visit(language)
    she.page.set_viewport_size({"width": NARROW, "height": 740})
    wide = {}
    for path in PUBLIC:
        she.open(path)
        wide[path] = she.overflow()
        assert she.attribute("body", "data-page") != ""
        assert she.attribute("html", "lang") != ""
    assert wide == dict.fromkeys(PUBLIC, 0)


HIDDEN = """[...document.querySelectorAll("main table :is(td, button)")].filter((part) => {
  const box = part.getBoundingClientRect();
  return box.width > 0 && (box.left < 0 || box.right > innerWidth);
}).length"""


@pytest.mark.parametrize(
    ("identifier", "path"),
    [
        ("secretary@math.example", "/s/math/members"),
        ("organiser@comp.example", "/events"),
        ("organiser@comp.example", "/desk/events"),
    ],
)
def test_no_column_of_a_list_is_out_of_sight_on_a_phone(
    visit: Callable[..., Visitor], identifier: str, path: str
) -> None:
    she = visit()
    she.sign_in(identifier, then=path)
    she.shoot(path.strip("/").replace("/", "-"))
    she.page.set_viewport_size({"width": NARROW, "height": 740})
    assert she.page.locator("main table.stacked").count() == 1
    assert she.page.evaluate(HIDDEN) == 0


def test_the_sign_in_page_in_english_has_no_chinese_left(visit: Callable[..., Visitor]) -> None:
    she = visit()
    she.open("/sign-in")
    assert she.attribute("html", "lang") == "zh-Hans"
    assert CHINESE.search(she.text("main"))
    she.press("footer a[hreflang=en]")
    assert she.attribute("html", "lang") == "en"
    # The other languages keep their own names where one chooses them.
    she.page.evaluate("document.querySelectorAll('footer a[hreflang]').forEach(a => a.remove())")
    assert CHINESE.findall(she.text()) == []
    assert CHINESE.findall(she.page.title()) == []
    # The choice stays.
    she.open("/sign-in")
    assert she.attribute("html", "lang") == "en"


def test_chinese_is_drawn_with_a_font_that_has_it(visit: Callable[..., Visitor]) -> None:
    listed = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=True
    )
    assert "CJK" in listed.stdout
    she = visit()
    she.open("/sign-in")
    sample = "学会联合体互认登录𠮷"
    # What a font lacks is drawn as the same empty box.
    assert she.page.evaluate(DRAWN, sample) == len(set(sample))
