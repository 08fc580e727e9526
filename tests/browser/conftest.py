"""Fixtures of the tests that look at the dashboard with a real browser.

All workers of pytest read this file, and one of them runs such tests: Playwright is imported there only.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

    from local_emulator.stack import Emulator
    from tests.browser.visit import Visit, Visits
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
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def shared(browser: Browser) -> BrowserContext:
    """For all pages with the usual settings, which then share a process: one page stays open, and keeps it."""
    from tests.browser.visit import context_of

    context = context_of(browser)
    context.new_page()
    return context


@pytest.fixture(scope="package")
def api(emulator: Emulator) -> Iterator[Api]:
    from tests.integration.api_client import Api

    client = Api(emulator.ready)
    yield client
    client.close()


@pytest.fixture
def visits(shared: BrowserContext) -> Iterator[Visits]:
    """Opens pages; when the test ends, no page may have complained or asked another machine."""
    from tests.browser.visit import Visit

    opened: list[Visit] = []
    yield lambda url, **options: opened.append(Visit(shared, url, **options)) or opened[-1]  # type: ignore[func-returns-value]
    for visit in opened:
        visit.close()
