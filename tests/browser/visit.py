"""One look at the dashboard: a page, and what it complained about."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, Locator, Page, Route, expect

CSP_WATCH = """
addEventListener("securitypolicyviolation", (event) => console.error("CSP " + event.violatedDirective));
"""


USUAL: Mapping[str, Any] = {
    "viewport": {"width": 1280, "height": 900},
    "color_scheme": "light",
    "reduced_motion": "reduce",  # what moves is drawn anew sixty times a second
}


def context_of(browser: Browser, **settings: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": USUAL["viewport"], **settings})
    context.add_init_script(CSP_WATCH)
    return context


class Visit:
    """On the page that all visits with the usual settings share, or on its own where it needs others, or a clock.

    `forgive` is a part of the console errors that the test provokes, such as a refused request.
    With `own_clock` the test can make the page's time pass: `visit.page.clock`.
    """

    def __init__(
        self, browser: Browser, usual: Page, url: str, *, forgive: str | None = None, own_clock: bool = False,
        **settings: Any
    ) -> None:  # fmt: skip
        self.url = url
        self._forgive = forgive
        self._complaints: list[str] = []
        self.requests: list[str] = []
        self.asked: list[str] = []  # by alert() and its like
        as_usual = settings.items() <= USUAL.items() and not own_clock
        self._own = None if as_usual else context_of(browser, **settings)
        if self._own and own_clock:
            self._own.clock.install()
        self.page: Page = self._own.new_page() if self._own else usual
        assert self.page.url == "about:blank", "another visit has this page"
        self.page.set_default_timeout(15_000)
        self._listeners: Mapping[str, Callable[[Any], None]] = {
            "request": lambda request: self.requests.append(request.url),
            "console": self._hear,
            "pageerror": lambda error: self._complaints.append(f"uncaught: {error}"),
            "dialog": self._dismiss,
        }
        for event, listener in self._listeners.items():
            self.page.on(event, listener)  # type: ignore[call-overload]
        self.page.goto(url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not (self._forgive and self._forgive in message.text):
            self._complaints.append(message.text)

    def _dismiss(self, dialog: Dialog) -> None:
        self.asked.append(dialog.message)
        dialog.dismiss()

    def close(self) -> None:
        if self._own:
            self._own.close()
        else:
            self._leave()
        assert self._complaints == [], self._complaints
        elsewhere = [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]
        assert elsewhere == [], elsewhere

    def _leave(self) -> None:
        """The page as the next visit expects it: empty, with nothing stored, held or listening."""
        self.page.evaluate("sessionStorage.clear(); localStorage.clear()")
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)
        self.page.unroute_all()
        self.page.goto("about:blank")
        self.page.emulate_media(
            media="null", color_scheme=USUAL["color_scheme"], reduced_motion=USUAL["reduced_motion"]
        )
        if self.page.viewport_size != USUAL["viewport"]:
            self.page.set_viewport_size(USUAL["viewport"])

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
