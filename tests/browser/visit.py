"""One look at the dashboard: a page, and what it complained about."""

from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Route, expect

CSP_WATCH = """
addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective));
"""


def context_of(browser: Browser, **settings: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **settings})
    context.add_init_script(CSP_WATCH)
    return context


class Visit:
    """In a context of its own where it needs other settings than `shared` has, or a clock.

    `forgive` is a part of the console errors that the test provokes, such as a refused request.
    With `own_clock` the test can make the page's time pass: `visit.page.clock`.
    """

    def __init__(
        self, shared: BrowserContext, url: str, *, forgive: str | None = None, own_clock: bool = False, **settings: Any
    ) -> None:
        self.url = url
        self._forgive = forgive
        self._complaints: list[str] = []
        assert shared.browser is not None
        self._own = context_of(shared.browser, **settings) if settings or own_clock else None
        if self._own and own_clock:
            self._own.clock.install()
        self.page: Page = (self._own or shared).new_page()
        self.page.set_default_timeout(15_000)
        self.requests: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._complaints.append(f"uncaught: {error}"))
        self.page.goto(url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not (self._forgive and self._forgive in message.text):
            self._complaints.append(message.text)

    def close(self) -> None:
        self.page.close()
        if self._own:
            self._own.close()
        assert self._complaints == [], self._complaints
        elsewhere = [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]
        assert elsewhere == [], elsewhere

    def nudge(self) -> None:
        """Makes the page ask at once, as it does when the network comes back: tests need not wait for its next turn."""
        self.page.evaluate("dispatchEvent(new Event('online'))")

    def group(self, instance_type: str) -> Locator:
        return self.page.locator("section.group", has_text=instance_type)

    def open_group(self, instance_type: str) -> Locator:
        group = self.group(instance_type)
        group.locator(".group-line").click()
        expect(group.locator("tbody tr").first).to_be_visible()
        return group

    def counter(self, name: str) -> Locator:
        return self.page.locator(f".counter.{name} dd")


class Held:
    """A slow network: requests to an address that is held wait until they are let go, and are then sent as they are."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._waiting: dict[str, list[Route]] = {}

    def hold(self, address: str) -> None:
        self._waiting[address] = []
        self._page.route(address, lambda route: self._waiting[address].append(route))

    def wait_for(self, address: str) -> None:
        for _ in range(300):
            if self._waiting[address]:
                return
            self._page.wait_for_timeout(50)
        raise AssertionError(f"nothing asked for {address}")

    def release(self, address: str) -> None:
        """Nothing sent there is held from now on."""
        self.wait_for(address)
        self._page.unroute(address)
        for route in self._waiting[address]:
            with suppress(Error):  # the page has given up on it
                route.continue_()


class Visits(Protocol):
    def __call__(self, url: str, **options: Any) -> Visit: ...
