"""What is asked for an explanation of a large run, and of a run whose logs cannot be had."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from benchfleet.exceptions import NotFound
from benchfleet.explaining import collecting
from benchfleet.explaining.document import Explanation
from benchfleet_contract.launches import LaunchList
from benchfleet_contract.registry.executors import ExecutorDetail, ExecutorEntry
from benchfleet_contract.registry.models import Filters, FoundModel
from benchfleet_contract.runners import RunnerList, TaskFiles
from benchfleet_contract.runs import GroupCounts, RunDetail, TaskCounts
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task

from tests.each_case import each_case
from tests.unit.explained_runs import NOW, a_failure, a_run, a_task


@dataclass
class Told:
    """An API of one run. `asked` are the states that tasks were asked for, `read` how many tasks were taken."""

    tasks_: list[Task]
    total: int
    counts: dict[str, int]
    groups: list[GroupCounts] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    read: int = 0
    signed: int = 0

    def run(self, run_id: str) -> RunDetail:
        if run_id != "r":
            raise NotFound(f"run {run_id} does not exist", status=404)
        return a_run(self.tasks_).model_copy(
            update={"tasks": TaskCounts(total=self.total, **self.counts), "groups": self.groups}
        )

    def task(self, task_id: str) -> Task:
        for task in self.tasks_:
            if task.id == task_id:
                return task
        raise NotFound(f"task {task_id} does not exist", status=404)

    def tasks(self, run_id: str, *, status: TaskStatus | None = None, **_: str | None) -> Iterator[Task]:
        self.asked.append(status)
        for task in self.tasks_:
            if status in (None, task.status):
                self.read += 1
                yield task

    def runners(self, run_id: str) -> RunnerList:
        return RunnerList(run_id=run_id, runners=[])

    def launches(self, run_id: str) -> LaunchList:
        return LaunchList(run_id=run_id, launches=[])

    def task_files(self, task_id: str) -> TaskFiles:
        self.signed += 1
        return TaskFiles(result_url=None, error_url="http://store/error.tar.gz", expires_at="")

    def executors(self) -> Iterator[ExecutorEntry]:
        raise AssertionError("asked for executors, of a run that demands no model")

    def executor(self, executor_id: str) -> ExecutorDetail:
        raise AssertionError(f"asked for {executor_id}")

    def find_model(self, model_id: str, filters: Filters | None = None, *, limit: int = 50) -> FoundModel:
        raise AssertionError(f"asked for {model_id}")


def refusing(request: httpx.Request) -> httpx.Response:
    assert "authorization" not in request.headers
    return httpx.Response(403, content=b"<Error/>")


def cut_off(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("connection reset", request=request)


def http(answer: object = refusing) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(answer))  # type: ignore[arg-type]


def look(api: Told, given: str, answer: object = refusing) -> Explanation:
    """At the time of the made-up runs: their deadlines are fixed, the real clock is not."""
    return collecting.explain(api, given, http=http(answer), now=lambda: NOW)


def test_of_a_large_run_only_states_that_are_there_are_asked_for_and_no_more_than_counted() -> None:
    api = Told(
        [a_failure(n) for n in range(1, 9)] + [a_task(9)], 2_000, {"failed": 3, "pending": 1, "completed": 1_996}
    )
    told = look(api, "r")
    assert (told.sampled, api.asked, api.read) == (True, ["failed", "pending"], 4)
    assert [(finding.kind, finding.tasks) for finding in told.findings] == [("failed", 3), ("no_runner", 1)]


def test_a_small_run_is_read_whole() -> None:
    api = Told([a_task(1), a_task(2, "completed")], 2, {})
    told = look(api, "r")
    assert (told.sampled, api.asked) == (False, [None])


def test_one_log_is_fetched_for_each_kind_of_failure_and_its_loss_is_survived() -> None:
    tasks = [a_failure(n, error_key="k") for n in range(1, 4)] + [a_failure(4)]
    for answer in (refusing, cut_off):
        api = Told(tasks, 4, {})
        told = look(api, "r", answer)
        assert (api.signed, told.findings[0].log, told.findings[0].tasks) == (1, None, 4)


def test_a_task_is_looked_at_alone() -> None:
    api = Told([a_task(1), a_task(2)], 2, {})
    told = look(api, "r.2")
    assert (told.task_id, api.asked, told.findings[0].task_ids) == ("r.2", [], ["r.2"])


@each_case(
    ("given", "words"),
    [
        ("r.99", "task r.99 does not exist: run r has 2 tasks"),
        ("x.99", "run x does not exist"),
        ("x", "run x does not exist"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(given: str, words: str) -> None:
    with pytest.raises(NotFound) as told:
        look(Told([a_task(1), a_task(2)], 2, {}), given)
    assert (str(told.value), told.value.status) == (words, 404)


def test_of_ten_thousand_waiting_tasks_all_are_counted() -> None:
    groups = [
        GroupCounts(provider="local", instance_type=kind, total=n, pending=n)
        for kind, n in (("docker", 9_000), ("x", 1_000))
    ]
    api = Told([a_task(n) for n in range(1, 1_100)], 10_000, {"pending": 10_000}, groups=groups)
    told = look(api, "r")
    assert [(f.kind, f.instance_type, f.tasks) for f in told.findings] == [
        ("no_runner", "docker", 9_000), ("no_runner", "x", 1_000),
    ]  # fmt: skip
    assert "9,000 tasks wait" in told.headline


@dataclass
class Twin(Told):
    """Beside its run `r` with the task `r.1` there is a run that is called `r.1`."""

    def run(self, run_id: str) -> RunDetail:
        return super().run("r").model_copy(update={"run_id": "r.1"}) if run_id == "r.1" else super().run(run_id)


def test_a_run_comes_before_a_task_of_the_same_name_as_with_every_other_command() -> None:
    api = Twin([a_failure(1)], 1, {"failed": 1})
    assert (look(api, "r.1").run_id, look(api, "r.1").task_id) == ("r.1", None)
    assert (look(api, "r").run_id, look(api, "r").task_id) == ("r", None)
    with pytest.raises(NotFound, match=r"task r\.2 does not exist: run r has 1 task"):
        look(api, "r.2")
