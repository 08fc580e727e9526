"""Fixtures of the tests that look at the dashboard with a real browser.

All workers of pytest read this file, and one of them runs such tests: Playwright is imported there only.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from local_emulator.stack import Emulator
    from tests.browser.visit import Visit, Visits
    from tests.integration.api_client import Api

# Chromium draws its own reload button as a web page, with a process, and keeps a process ready for pages to come.
DEAR = ("InitialWebUI", "WebUIReloadButton", "WebUIToolbar", "SpareRendererForSitePerProcess")
# Playwright's, whose list ours replaces: what asks the network, and what its waiting relies on.
PLAYWRIGHTS = (
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled", "PreconnectToSearch",
)  # fmt: skip
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join((*DEAR, *PLAYWRIGHTS))}",
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
def usual_page(browser: Browser) -> Page:
    """For all visits with the usual settings: a new page is a new window, with its tabs and its toolbar."""
    from tests.browser.visit import USUAL, context_of

    return context_of(browser, **USUAL).new_page()


@pytest.fixture(scope="package")
def api(emulator: Emulator) -> Iterator[Api]:
    from tests.integration.api_client import Api

    client = Api(emulator.ready)
    yield client
    client.close()


@pytest.fixture
def visits(browser: Browser, usual_page: Page) -> Iterator[Visits]:
    """Opens pages; when the test ends, no page may have complained or asked another machine."""
    from tests.browser.visit import Visit

    opened: list[Visit] = []

    def visit(url: str, **options: Any) -> Visit:
        opened.append(Visit(browser, usual_page, url, **options))
        return opened[-1]

    yield visit
    for each in opened:
        each.close()
