"""Fixtures of the tests that look at the dashboard with a real browser."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from local_emulator.stack import Emulator
from tests.browser.visit import Visit, Visits, context_of
from tests.integration.api_client import Api

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1",  # to start one takes a third of a second
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # whoever asks for another machine is seen to fail
)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Not of the whole session: while Playwright runs, no other test of this process could run an event loop."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def shared(browser: Browser) -> BrowserContext:
    """For all pages with the usual settings, which then share a process: one page stays open, and keeps it."""
    context = context_of(browser)
    context.new_page()
    return context


@pytest.fixture(scope="package")
def api(emulator: Emulator) -> Iterator[Api]:
    client = Api(emulator.ready)
    yield client
    client.close()


@pytest.fixture
def visits(shared: BrowserContext) -> Iterator[Visits]:
    """Opens pages; when the test ends, no page may have complained or asked another machine."""
    opened: list[Visit] = []
    yield lambda url, **options: opened.append(Visit(shared, url, **options)) or opened[-1]  # type: ignore[func-returns-value]
    for visit in opened:
        visit.close()
