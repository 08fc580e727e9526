"""An emulator whose app is full: the API answers 429 at once, and our clients come back when it has room again."""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import httpx
import pytest
from benchfleet import Client
from benchfleet_contract.tasks import ClaimRequest
from chalice.app import Chalice

from local_emulator.api_gateway import ApiGateway
from local_emulator.http_server import KeepAliveServer
from local_emulator.turns import Turns
from runner_image.control.session import Session
from runner_image.retries import Policy, Retrier
from tests import prepared_start

PATIENCE_S = 30
CLAIM_REQUEST = ClaimRequest(provider="local", instance_type="small", runner_id="r")


class Full:
    """A small app with one place, which a request takes until `empty()`."""

    def __init__(self) -> None:
        self.app = Chalice("full")
        self.claims = 0
        self.pauses_s: list[float] = []
        self._door = threading.Event()
        self._entered: SimpleQueue[None] = SimpleQueue()
        self._inside: Future[httpx.Response] | None = None
        self.app.route("/block", methods=["GET"])(self._block)
        self.app.route("/up", methods=["GET"])(dict)
        self.app.route("/runs/{run_id}/tasks/claim", methods=["POST"])(self._claim)

    def _block(self) -> dict[str, str]:
        self._entered.put(None)
        assert self._door.wait(PATIENCE_S)
        return {}

    def _claim(self, run_id: str) -> dict[str, Any]:
        self.claims += 1
        return {"status": "done", "task": None, "run_id": run_id}

    def fill(self, url: str, pool: ThreadPoolExecutor) -> None:
        self._inside = pool.submit(httpx.get, f"{url}/block", timeout=PATIENCE_S)
        self._entered.get(timeout=PATIENCE_S)

    def empty(self, pause_s: float = 0.0) -> None:
        """In place of a client's sleep."""
        self.pauses_s.append(pause_s)
        self._door.set()
        assert self._inside
        assert self._inside.result(PATIENCE_S).status_code == 200


@pytest.fixture
def full() -> Full:
    return Full()


@pytest.fixture
def url(full: Full) -> Iterator[str]:
    """The emulator's server of the API alone: a process has one emulator, and this worker may have it already."""
    server = KeepAliveServer(host="127.0.0.1", port=0)
    server.start(Turns(ApiGateway(full.app), at_once=1, most_waiting=0))
    with ThreadPoolExecutor(1) as pool:
        full.fill(server.url, pool)
        yield server.url
        full.empty()
    server.stop(within_s=PATIENCE_S)


def test_a_full_api_says_so_and_the_connection_goes_on(full: Full, url: str) -> None:
    with httpx.Client(base_url=url) as http:
        refused = http.post("/runs/7/tasks/claim", json={})
        assert (refused.status_code, refused.json()) == (429, {"message": "Too Many Requests"})
        assert (refused.headers["Retry-After"], refused.headers.get("Connection")) == ("1", None)
        assert full.claims == 0
        full.empty()
        assert http.post("/runs/7/tasks/claim", json={}).status_code == 200


WHOLE = """
import httpx
from concurrent.futures import ThreadPoolExecutor
from local_emulator.config import EmulatorConfig
from local_emulator.stack import Emulator
from tests.integration.test_emulator_saturation import Full

full = Full()
config = EmulatorConfig(requests_at_once=1, requests_waiting=0)
with Emulator(config, app=full.app) as emulator, ThreadPoolExecutor(1) as pool:
    full.fill(emulator.ready.api_url, pool)
    asked = (f"{emulator.ready.api_url}/up", emulator.ready.aws_endpoint_url)
    print(*(httpx.get(url, timeout=60).status_code for url in asked))
    full.empty()
"""


@pytest.mark.proof
def test_the_whole_emulator_keeps_the_limit_and_its_aws_has_none() -> None:
    """In a process of its own. The emulated AWS refuses what is unsigned, as ever."""
    root = Path(__file__).parents[2]
    done = prepared_start.run([sys.executable, "-c", WHOLE], capture_output=True, text=True, cwd=root, timeout=100)
    assert (done.stdout, done.returncode) == ("429 403\n", 0), done.stderr


def test_a_client_comes_back_after_the_time_that_it_was_told(full: Full, url: str) -> None:
    with Client(url, key="k", sleep=full.empty) as client:
        client.up()
    assert 1.0 <= full.pauses_s[0] <= 1.5


def test_a_runner_comes_back_after_the_time_that_it_was_told(full: Full, url: str) -> None:
    with closing(Session(url, api_key="k")) as session:
        retry = Retrier(Policy(patience_s=60), sleep=full.empty, clock=lambda: 0.0)
        retry(lambda _: session.claim("7", CLAIM_REQUEST))
    assert (full.pauses_s[0], full.claims) == (1.0, 1)
