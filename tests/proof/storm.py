"""Many runners at once over a bad network: real HTTP clients that retry, as ours do, until they are answered."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.tasks import AssignedTask, ClaimReply, TaskList

from tests.proof.events import (
    ClaimInvoked,
    ClaimReturned,
    Dropped,
    EndAcknowledged,
    EndInvoked,
    FinalTask,
    Recorder,
    Refused,
    Renewed,
)
from tests.proof.faulty_transport import FaultyTransport, Mishap, Rates, seeded

PROVIDER, INSTANCE_TYPE = "local", "docker"
PAUSE_S = 0.02  # before asking again
WAIT_S = 4.0  # when there is nothing to do now: less than the server says, so that a proof ends soon
PATIENCE_S = 240.0  # a server that never answers fails the test instead of hanging it
TIMEOUT = httpx.Timeout(60)


class NeverAnswered(Exception):
    """The server gave no usable answer in time."""


@dataclass(frozen=True)
class Target:
    """An API under test; `key` is one that may do everything this module does."""

    url: str
    key: str

    def client(self, transport: httpx.BaseTransport | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, transport=transport, timeout=TIMEOUT)


class Insistent:
    """One runner. Every request is repeated until the server answers; what it said is recorded."""

    def __init__(self, http: httpx.Client, *, run_id: str, runner: str, recorder: Recorder) -> None:
        self._http = http
        self._run_id = run_id
        self._runner = runner
        self._record = recorder.record

    def work(self) -> int:
        """Claims and completes until nothing will come; the number of tasks that were completed."""
        completed = request = 0
        while True:
            request += 1
            reply = self.claim(f"{self._runner}-{request}")
            if reply.status == "done":
                return completed
            if reply.task is None or reply.presigned_urls is None:
                time.sleep(WAIT_S)
                continue
            if request % 3 == 0:
                self.heartbeat(reply.task)
            completed += self.complete(reply.task, key=reply.presigned_urls.result_key)

    def claim(self, token: str) -> ClaimReply:
        body = {"provider": PROVIDER, "instance_type": INSTANCE_TYPE, "runner_id": self._runner, "claim_token": token}
        self._record(lambda at: ClaimInvoked(at, self._runner, token))
        answer = self._retry(f"/runs/{self._run_id}/tasks/claim", body, again={"retry": True})
        reply = ClaimReply.model_validate(answer.raise_for_status().json())
        self._record(lambda at: _told(at, self._runner, token, reply.task))
        return reply

    def heartbeat(self, task: AssignedTask) -> None:
        body = {"runner_id": self._runner, "status": "running", "attempt": task.attempt}
        answer = self._retry(f"/tasks/{task.id}/heartbeat", body)
        if answer.is_success:
            until = _seconds(answer.json()["lease_until"])
            self._record(lambda at: Renewed(at, self._runner, task.id, task.attempt, until))
        else:
            self._refused(answer, task)

    def complete(self, task: AssignedTask, *, key: str) -> bool:
        body = {"runner_id": self._runner, "s3_result_key": key, "attempt": task.attempt}
        self._record(lambda at: EndInvoked(at, self._runner, task.id, task.attempt, "completed", key))
        answer = self._retry(f"/tasks/{task.id}/complete", body)
        if answer.is_success:
            self._record(lambda at: EndAcknowledged(at, self._runner, task.id, task.attempt, "completed", key))
        else:
            self._refused(answer, task)
        return answer.is_success

    def _refused(self, answer: httpx.Response, task: AssignedTask) -> None:
        code = answer.json().get("code", str(answer.status_code))
        self._record(lambda at: Refused(at, self._runner, task.id, task.attempt, code))

    def _retry(self, path: str, body: dict[str, Any], *, again: dict[str, Any] | None = None) -> httpx.Response:
        """Sends until there is an answer that is not 5xx; repeats carry `again` as well. Raises NeverAnswered."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            try:
                answer = self._http.post(path, json=body)
                if answer.status_code < 500:
                    return answer
            except httpx.TransportError:
                self._record(lambda at: Dropped(at, self._runner, path))
            body = {**body, **(again or {})}
            time.sleep(PAUSE_S)
        raise NeverAnswered(path)


def _told(at: float, runner: str, token: str, task: AssignedTask | None) -> ClaimReturned:
    if task is None:
        return ClaimReturned(at, runner, token)
    return ClaimReturned(at, runner, token, task.id, task.attempt, _seconds(task.lease_until))


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso).timestamp()


def create_run(target: Target, *, tasks: int, **options: Any) -> str:
    """A run of `tasks` mock tasks; `options` are run options of the API."""
    body = {
        "workload": "mock",
        "per_instance_type": {"tasks": tasks},
        PROVIDER: [{"instance_type": INSTANCE_TYPE, "alias": "storm"}],
        **options,
    }
    with target.client() as http:
        run_id = http.post("/runs", json=body).raise_for_status().json()["run_id"]
    return str(run_id)


def storm(
    target: Target, *, run_id: str, runners: int, rates: Rates, seed: int, recorder: Recorder
) -> dict[Mishap, int]:
    """Lets `runners` threads work until the run is done; how often each mishap struck. Raises what a runner raised."""

    def one(number: int) -> dict[Mishap, int]:
        network = FaultyTransport(httpx.HTTPTransport(), draw=seeded(rates, seed=f"{seed}-{number}"))
        with target.client(network) as http:
            Insistent(http, run_id=run_id, runner=f"runner-{number}", recorder=recorder).work()
        return network.seen

    with ThreadPoolExecutor(runners) as pool:
        seen = list(pool.map(one, range(runners)))
    return {mishap: sum(part[mishap] for part in seen) for mishap in Mishap}


def final_tasks(target: Target, *, run_id: str) -> list[FinalTask]:
    """Every task as the API tells it, page by page."""
    found: list[FinalTask] = []
    with target.client() as http:
        cursor: str | None = None
        while True:
            query = {"cursor": cursor} if cursor else {}
            answer = http.get(f"/runs/{run_id}/tasks", params=query).raise_for_status()
            page = TaskList.model_validate(answer.json())
            found += [FinalTask(t.id, t.status.value, t.attempt, t.runner_id, t.result_key) for t in page.tasks]
            cursor = page.next_cursor
            if cursor is None:
                return found


def run_detail(target: Target, *, run_id: str) -> RunDetail:
    with target.client() as http:
        return RunDetail.model_validate(http.get(f"/runs/{run_id}").raise_for_status().json())


def wait_until(condition: Callable[[], bool], *, within_s: float) -> bool:
    """Polls; False if it did not come true in time."""
    give_up = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > give_up:
            return False
        time.sleep(0.1)
    return True


def counts(target: Target, *, run_id: str) -> dict[str, int]:
    return run_detail(target, run_id=run_id).tasks.model_dump()
