"""Reads what an explanation needs from the API: everything of a small run, a part of a large one."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Protocol

import httpx
from benchfleet_contract.limits import TASKS_PAGE
from benchfleet_contract.names import split_task_id
from benchfleet_contract.registry.executors import ExecutorDetail, ExecutorEntry
from benchfleet_contract.registry.limits import MAX_LIST_LIMIT
from benchfleet_contract.registry.models import Filters, FoundModel, RunModel
from benchfleet_contract.runners import TaskFiles
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task

from benchfleet.exceptions import NotFound
from benchfleet.explaining.document import Explanation, LogTail
from benchfleet.explaining.failing import failures
from benchfleet.explaining.judging import judge
from benchfleet.explaining.log_tail import MOST_DOWNLOAD_BYTES, log_tail
from benchfleet.explaining.models import Registry
from benchfleet.explaining.scene import count
from benchfleet.watch import poller

_OF_EACH_STATE = 1_000  # tasks of a large run that are looked at
_DETAILS = 20  # executors that name the model and cannot take the tasks: so many are looked at
_LOGS = 5  # that are downloaded for a run
_CHUNK = 64 * 1024
_TELLING = (TaskStatus.FAILED, TaskStatus.PENDING, TaskStatus.CLAIMED, TaskStatus.RUNNING, TaskStatus.CANCELLED)


class Api(poller.Api, Protocol):
    """The part of the client that explaining needs."""

    def task(self, task_id: str) -> Task: ...

    def task_files(self, task_id: str) -> TaskFiles: ...

    def executors(self) -> Iterator[ExecutorEntry]: ...

    def executor(self, executor_id: str) -> ExecutorDetail: ...

    def find_model(self, model_id: str, filters: Filters | None = None, *, limit: int = 50) -> FoundModel: ...


def explain(
    api: Api,
    given: str,
    *,
    http: httpx.Client,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    api_url: str | None = None,
) -> Explanation:
    """`given` is a run's or a task's id. `http` downloads logs: it carries no key. Raises what the client raises."""
    run, task = _found(api, given)
    sampled = task is None and run.tasks.total > TASKS_PAGE
    tasks = [task] if task else list(_sample(api, run) if sampled else api.tasks(run.run_id))
    runners = api.runners(run.run_id)
    launches = api.launches(run.run_id).launches if run.launches else []
    tails = {tail.task_id: tail for tail in _tails(api, tasks, http)}
    return judge(
        run, tasks, runners, now(), task_id=task.id if task else None, tails=tails, api_url=api_url, sampled=sampled,
        launches=launches, registry=registry_for(api, run.model) if run.model else None,
    )  # fmt: skip


def registry_for(api: Api, wanted: RunModel) -> Registry:
    """What the registry knows of a model that a run demands."""
    executors = list(api.executors())
    try:
        found = api.find_model(wanted.model_id, wanted.filters, limit=MAX_LIST_LIMIT)
        able = frozenset(() if found.all_overloaded else (one.executor_id for one in found.executors))
    except NotFound:
        able = frozenset()
    digest = wanted.pin and wanted.pin.descriptor_digest
    naming = [one.executor_id for one in executors if wanted.model_id in one.model_ids]
    asked = [name for name in naming if digest or name not in able][:_DETAILS]
    return Registry(executors, able, {name: detail for name in asked if (detail := _detail(api, name))})


def _detail(api: Api, executor_id: str) -> ExecutorDetail | None:
    """None for one that has just left."""
    try:
        return api.executor(executor_id)
    except NotFound:
        return None


def _found(api: Api, given: str) -> tuple[RunDetail, Task | None]:
    """The run, and the task where one is meant. A run's id may look like a task's, `2026.11`: the run comes first.

    All commands take such an id for the run. Raises NotFound for what is neither.
    """
    try:
        return api.run(given), None
    except NotFound:
        if not split_task_id(given):
            raise
    run = api.run(given.rpartition(".")[0])
    try:
        return run, api.task(given)
    except NotFound as missing:
        words = f"task {given} does not exist: run {run.run_id} has {count(run.tasks.total, 'task')}"
        raise NotFound(words, status=missing.status, code=missing.code) from missing


def _sample(api: Api, run: RunDetail) -> Iterator[Task]:
    """Of each state as many as the counters know, so that nobody looks through the rest of a large run for more.

    They lag by seconds, which a large run does not mind.
    """
    for status in _TELLING:
        if known := getattr(run.tasks, status):
            yield from islice(api.tasks(run.run_id, status=status), min(known, _OF_EACH_STATE))


def _tails(api: Api, tasks: list[Task], http: httpx.Client) -> Iterator[LogTail]:
    """One log for each kind of failure, as far as there is one and it can be had."""
    for kind in list(failures(tasks).values())[:_LOGS]:
        task = next((task for task in kind if task.error_key), None)
        url = api.task_files(task.id).error_url if task else None
        if task and url and (tail := _tail(http, url, task.id)):
            yield tail


def _tail(http: httpx.Client, url: str, task_id: str) -> LogTail | None:
    """None for a log that cannot be had: an explanation without it is better than none."""
    data = bytearray()
    try:
        with http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer:
            if not answer.is_success:
                return None
            for chunk in answer.iter_raw(_CHUNK):
                data += chunk
                if len(data) > MOST_DOWNLOAD_BYTES:
                    break
    except httpx.HTTPError:
        return None
    return log_tail(bytes(data), task_id=task_id, cut=len(data) > MOST_DOWNLOAD_BYTES)
