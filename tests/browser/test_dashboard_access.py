"""A control plane that is not public, has no runs, is killed and comes back: an emulator in a process of its own."""

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL

import pytest
from benchfleet_contract.limits import RUNS_PAGE
from playwright.sync_api import expect

from local_emulator.config import Keys, Ready
from tests.browser.visit import Visits
from tests.integration.api_client import Api
from tests.prepared_start import Popen

pytestmark = [pytest.mark.system, pytest.mark.needs_browser]
START_S, END_S = 60, 30


class OwnEmulator:
    """`benchfleet emulator`, which keeps its port and its state when it is started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready_path = folder / "ready.json"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]

    def start(self, reading: str = "--no-public-read") -> Ready:
        flags = [
            "--port",
            str(self._port),
            "--ready-file",
            str(self._ready_path),
            "--state",
            str(self._folder / "state"),
        ]
        command = [sys.executable, "-m", "local_emulator", *flags, reading]
        self._ready_path.unlink(missing_ok=True)
        self._process = Popen(command, stdout=DEVNULL, stderr=DEVNULL)
        end = time.monotonic() + START_S
        while not self._ready_path.exists():
            assert self._process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        document = json.loads(self._ready_path.read_text())
        return Ready(**{**document, "keys": Keys(**document["keys"])})

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(number)
        self._process.wait(END_S)


@pytest.fixture
def own_emulator(tmp_path: Path) -> Iterator[OwnEmulator]:
    emulator = OwnEmulator(tmp_path)
    yield emulator
    emulator.stop(signal.SIGKILL)


def test_from_a_locked_and_empty_page_to_a_run_that_survives_a_restart(
    own_emulator: OwnEmulator, visits: Visits
) -> None:
    ready = own_emulator.start()
    visit = visits(f"{ready.api_url}/", forgive="Failed to load resource")
    page = visit.page

    expect(page.locator("#dialog")).to_contain_text("Reading this control plane takes an API key.")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text("This control plane is not public")
    page.get_by_role("button", name="Enter a key").click()
    page.get_by_label("API key").fill("nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-error")).to_contain_text("does not know this key")
    page.get_by_label("API key").fill(ready.keys.reader)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("No runs yet")
    expect(page.locator("#notice")).to_contain_text("benchfleet run -c configs/local.json")

    api = Api(ready)
    run_id = api.create(per_instance_type={"tasks": 2})["run_id"]
    expect(page.locator("#run-id")).to_have_text(run_id)  # by itself
    expect(page.locator("#connection")).to_have_text("Live")

    own_emulator.stop()
    visit.nudge()
    expect(page.locator("#connection")).to_contain_text("No answer since")
    expect(page.locator("#announce")).to_contain_text("does not answer")
    expect(page.locator("#run-id")).to_have_text(run_id)  # what was known stays
    own_emulator.start()
    expect(page.locator("#connection")).to_have_text("Live")  # by itself
    api.claim(run_id)
    visit.nudge()
    expect(visit.counter("claimed")).to_have_text("1")
    api.close()


@pytest.mark.proof
def test_older_runs_are_read_when_they_are_asked_for(own_emulator: OwnEmulator, visits: Visits) -> None:
    """A proof because it takes more than a hundred runs, which the emulator needs 10 s to make."""
    api = Api(own_emulator.start("--public-read"))
    made = [api.create(workload="mock")["run_id"] for _ in range(RUNS_PAGE + 1)]
    visit = visits(f"{api.ready.api_url}/")
    options, older = visit.page.locator("#runs option"), visit.page.get_by_role("button", name="Older runs")
    expect(options).to_have_count(RUNS_PAGE)
    older.click()
    expect(options).to_have_count(RUNS_PAGE + 1)
    expect(older).to_be_hidden()
    visit.page.get_by_label("Run", exact=True).select_option(made[0])
    expect(visit.page.locator("#run-id")).to_have_text(made[0])
    api.close()
