"""A client that knows nothing of benchfleet: it sends what a test says and shows what came back."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import httpx
from benchfleet_contract.authorities import authorities

from local_emulator.config import Ready

_NUMBERS = itertools.count(1)
Json = dict[str, Any]


def fresh(prefix: str = "api") -> str:
    """A run id that no other test uses."""
    return f"{prefix}-{next(_NUMBERS)}-{time.time_ns() % 1_000_000_000}"


class Api:
    def __init__(self, ready: Ready) -> None:
        self.ready = ready
        self._http = httpx.Client(base_url=ready.api_url, trust_env=False, verify=authorities({}), timeout=30)

    def __call__(
        self, method: str, path: str, body: Any = None, *, role: str | None = "admin", **more: Any
    ) -> httpx.Response:
        """`body` is sent as JSON; `role` None sends no key."""
        headers = more.pop("headers", {})
        if role:
            headers = {"Authorization": f"Bearer {getattr(self.ready.keys, role)}", **headers}
        if body is not None:
            more["json"] = body
        return self._http.request(method, path, headers=headers, **more)

    def create(self, **changes: Any) -> Json:
        """A run of one local instance, checked to exist."""
        made = self("POST", "/runs", run_body(**changes))
        assert made.status_code == 201, made.text
        document: Json = made.json()
        return document

    def claim(self, run_id: str, *, runner_id: str = "runner-1", **changes: Any) -> Json:
        request = {"provider": "local", "instance_type": "docker", "runner_id": runner_id, **changes}
        reply = self("POST", f"/runs/{run_id}/tasks/claim", request, role="runner")
        assert reply.status_code == 200, reply.text
        document: Json = reply.json()
        return document

    def leased(self, *, runner_id: str = "runner-1", **changes: Any) -> Json:
        """The reply of a claim in a run of its own."""
        reply = self.claim(self.create(**changes)["run_id"], runner_id=runner_id)
        assert reply["status"] == "assigned"
        return reply

    def task(self, task_id: str) -> Json:
        run_id, _, number = task_id.rpartition(".")
        page = self("GET", f"/runs/{run_id}/tasks", params={"cursor": str(int(number) - 1), "limit": "1"})
        task: Json = page.json()["tasks"][0]
        return task

    def until(self, path: str, good: Callable[[Json], bool], *, within_s: float = 60) -> Json:
        """Asks until the answer is good. Counters and archives come within seconds, not at once."""
        end = time.monotonic() + within_s
        while True:
            document: Json = self("GET", path).json()
            if good(document):
                return document
            assert time.monotonic() < end, document
            time.sleep(0.1)

    def close(self) -> None:
        self._http.close()


def run_body(**changes: Any) -> Json:
    """A small valid body; a change to None leaves the field out."""
    body: Json = {
        "run_id": fresh(),
        "ruby_version": "3.4.7",
        "per_instance_type": {"tasks": 1},
        "local": [{"instance_type": "docker", "alias": "box"}],
    }
    return {name: value for name, value in (body | changes).items() if value is not None}
