"""The checker must fail where exclusivity is known to be broken: the very same claims, against moto without its lock."""

import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from time import time
from typing import Any

import boto3
import pytest
from benchfleet_contract.states import TaskStatus
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from chalicelib.domain.ports import Refused
from chalicelib.domain.records import ClaimRequest, Demand, Task
from chalicelib.store.schema import table_definition
from chalicelib.store.table import Table
from chalicelib.store.tasks import TaskStore
from tests.proof.events import ClaimInvoked, ClaimReturned, Dropped, Event, FinalTask, Recorder
from tests.proof.history import Fault, check

pytestmark = pytest.mark.proof

KEY = Demand("local", "docker")
RUN, TASKS, RUNNERS, LEASE_MS = "control", 60, 8, 600_000


@contextmanager
def moto_behind(lock: AbstractContextManager[Any]) -> Iterator[Any]:
    """A DynamoDB client of a threaded moto server; `lock` is held around each request."""
    moto = DomainDispatcherApplication(create_backend_app)

    def application(environ: Any, start_response: Any) -> list[bytes]:
        with lock:
            return [b"".join(moto(environ, start_response))]

    server = make_server("127.0.0.1", 0, application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield from _client(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _client(url: str) -> Iterator[Any]:
    """Without botocore's own repeats: moto under threads answers 500 at times, which is not what is judged here."""
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=RUNNERS)
    client = boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1", config=config,
        aws_access_key_id="none", aws_secret_access_key="none",
    )  # fmt: skip
    with client_closed(client):
        yield client


@contextmanager
def client_closed(client: Any) -> Iterator[None]:
    try:
        yield
    finally:
        client.close()


def store(client: Any) -> TaskStore:
    """A fresh table with TASKS pending tasks."""
    name = f"control-{uuid.uuid4()}"
    client.create_table(**table_definition(name))
    tasks = TaskStore(Table(client, name))
    tasks.create(
        Task(RUN, n, 0, KEY, "alias", n, TaskStatus.PENDING, max_attempts=1, lease_ms=LEASE_MS)
        for n in range(1, TASKS + 1)
    )
    return tasks


def race(tasks: TaskStore) -> tuple[list[Event], list[FinalTask]]:
    """Every runner tries to claim every task, all in the same order: at most one may be told yes."""
    recorder = Recorder(now=time)
    start = threading.Barrier(RUNNERS)
    with ThreadPoolExecutor(RUNNERS) as pool:
        list(pool.map(lambda n: _claim_all(tasks, f"runner-{n}", recorder, start.wait), range(RUNNERS)))
    final = [tasks.get(RUN, n) for n in range(1, TASKS + 1)]
    return recorder.events(), [FinalTask(t.id, t.status, t.attempt, t.runner_id) for t in final if t is not None]


def _claim_all(tasks: TaskStore, runner: str, recorder: Recorder, ready: Callable[[], Any]) -> None:
    ready()
    for number in range(1, TASKS + 1):
        request = ClaimRequest(KEY, runner, f"{runner}-{number}", uuid.uuid4().hex, int(time() * 1000))
        recorder.record(partial(ClaimInvoked, runner=runner, token=request.token))
        try:
            recorder.record(partial(_told, runner, request.token, tasks.claim(RUN, number, request)))
        except Refused:
            continue
        except ClientError:  # a 500 of moto, whose own dictionaries do not stand threads: an unknown outcome
            recorder.record(partial(Dropped, runner=runner, what=f"claim {number}"))


def _told(runner: str, token: str, task: Task, at: float) -> ClaimReturned:
    return ClaimReturned(at, runner, token, task.id, task.attempt, (task.lease_until_ms or 0) / 1000)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Python changes threads often, so that a race that can be lost is lost within seconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def test_the_checker_fails_on_bare_moto(hasty_threads: None) -> None:
    with moto_behind(nullcontext()) as client:
        events, final = race(store(client))
    assert Fault.OWNED_TWICE in {violation.fault for violation in check(events, final)}


def test_the_same_race_behind_one_lock_is_clean(hasty_threads: None) -> None:
    with moto_behind(threading.Lock()) as client:
        events, final = race(store(client))
    assert check(events, final) == []
    assert {task.status for task in final} == {"claimed"}
