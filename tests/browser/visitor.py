"""A person at a browser, and what her browser complains of."""

from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Response

from tests.stories.node import PASSWORD, ROOT, Node

SCREENSHOTS = ROOT / "build" / "screenshots"
WIDE, NARROW = 1280, 360
PATIENCE_MILLISECONDS = 60_000
TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (told) =>
  console.error("policy violated: " + told.violatedDirective + " " + told.blockedURI));
"""


class Visitor:
    """Somebody at a browser of her own, whose complaints are collected in `faults`."""

    def __init__(self, node: Node, context: BrowserContext, language: str) -> None:
        """`language` is what her browser asks for: zh-CN, zh-TW or en."""
        self.node = node
        self.context = context
        self.language = language
        self.faults: list[str] = []
        self._foreseen: set[int] = set()
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        context.add_init_script(TELL_VIOLATIONS)
        self.page = context.new_page()
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("response", self._look_at)

    def foresee(self, status: int) -> None:
        """Answers with this status are part of her story."""
        self._foreseen.add(status)

    def _hear(self, message: ConsoleMessage) -> None:
        told = any(f"status of {status} " in message.text for status in self._foreseen)
        icon = str(message.location.get("url", "")).endswith("/favicon.ico")
        if message.type in {"error", "warning"} and not told and not icon:
            self.faults.append(f"{self.page.url}: {message.text}")

    def _look_at(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._foreseen:
            self.faults.append(f"{response.status} {response.url}")

    def open(self, path: str) -> None:
        """Go to a page of the node, or with a whole address to any other."""
        self.page.goto(path if path.startswith("http") else self.node.issuer + path)

    def press(self, selector: str = "main [data-primary]") -> None:
        """Press a button and wait for the page that it leads to."""
        with self.page.expect_navigation():
            self.page.click(selector)

    def fill_sign_in(self, identifier: str, password: str = PASSWORD) -> None:
        """Sign in on the page that is open now."""
        self.page.fill("[name=identifier]", identifier)
        self.page.fill("[name=password]", password)
        self.press('form[action="/sign-in"] [type=submit]')

    def sign_in(self, identifier: str, then: str = "/me") -> None:
        """Sign in at the node and go on to one of its pages."""
        self.open("/sign-in")
        self.fill_sign_in(identifier)
        self.open(then)

    def is_asked(self) -> bool:
        """Whether the node asks her if a site may learn who she is."""
        return self.page.locator("[name=decision][value=allow]").count() > 0

    def allow_if_asked(self) -> None:
        """Say yes to that question, if it is there."""
        if self.is_asked():
            self.press("[name=decision][value=allow]")

    def text(self, selector: str = "body") -> str:
        """What can be read."""
        return self.page.inner_text(selector)

    def attribute(self, selector: str, name: str) -> str:
        """An attribute of the first element that fits; "" if it has none."""
        return self.page.locator(selector).first.get_attribute(name) or ""

    def shoot(self, name: str) -> None:
        """Keep pictures of the page on a desk and on a phone; it must fit on both."""
        for width in (NARROW, WIDE):
            self.page.set_viewport_size({"width": width, "height": 900})
            if self.overflow() > 0:
                self.faults.append(f"{self.page.url} is too wide by {self.overflow()} at {width}")
            path: Path = SCREENSHOTS / f"{name}-{self.language}-{width}.png"
            self.page.screenshot(path=path, full_page=True)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        wider = self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        return max(0, int(wider))
