"""What a body becomes: the run and its tasks as whole records, and each way in which a creation is refused."""

import json
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.states import TaskStatus

from chalicelib.archive.layout import request_key
from chalicelib.domain import errors
from chalicelib.domain.plan import plan_of
from chalicelib.domain.records import Run, RunState, Task
from chalicelib.services.runs.create_run import new_tasks, planned
from tests.contract.records import CLOUD, LOCAL, NOW_MS
from tests.contract.system import BODY, Killed, System
from tests.each_case import each_case

WHOLE: dict[str, Any] = {
    "run_id": "r", "ruby_version": "3.4.7", "workload": "mock", "workload_options": {"seed": 1},
    "per_instance_type": {"tasks": 2}, "lease_s": 60, "max_attempts": 4, "deadline_s": 3_600, "metadata": {"why": "test"},
    "local": [{"instance_type": "docker", "alias": "box"}], "aws": [{"instance_type": "c8g.medium", "alias": "big"}],
}  # fmt: skip


def plan(body: dict[str, Any], *, warnings: tuple[str, ...] = ()) -> Run:
    request = read_run_request(body).request
    assert request
    return planned(request, plan_of(request, seed="f"), fingerprint="f", warnings=warnings, now_ms=NOW_MS)


def test_a_run_is_what_its_body_asks_for() -> None:
    run = plan(WHOLE)
    assert {group.demand: (group.total, group.blocks) for group in run.groups} == {LOCAL: (2, (0,)), CLOUD: (2, (0,))}
    assert replace(run, groups=()) == Run(
        run_id="r", state=RunState.CREATING, body_sha256="f", created_ms=NOW_MS, deadline_ms=NOW_MS + 3_600_000,
        ruby_version="3.4.7", workload="mock", workload_options={"seed": 1}, tasks_per_instance=2, task_count=4, lease_s=60,
        max_attempts=4, metadata={"why": "test"}, groups=(), label="3.4.7",
    )  # fmt: skip


def test_without_an_id_a_run_is_called_after_the_second_of_its_creation() -> None:
    assert plan({name: value for name, value in WHOLE.items() if name != "run_id"}).run_id == "1800000000"


def test_instances_of_one_type_are_one_group_with_all_the_blocks_of_their_tasks() -> None:
    entries = [{"instance_type": "docker", "alias": alias} for alias in ("a", "c")]
    run = plan({**WHOLE, "per_instance_type": {"tasks": 100}, "local": entries})
    keys = {group.demand: group for group in run.groups}
    assert sum(group.total for group in run.groups) == run.task_count == 300
    assert (keys[LOCAL].total, keys[CLOUD].total) == (200, 100)
    numbers = {task.number: task for task in new_tasks(run, plan_of(_request(entries), seed=""))}
    for group in run.groups:
        mine = {(number - 1) // 128 for number, task in numbers.items() if task.demand == group.demand}
        assert group.blocks == tuple(sorted(mine))


def _request(entries: list[dict[str, str]]) -> Any:
    request = read_run_request({**WHOLE, "per_instance_type": {"tasks": 100}, "local": entries}).request
    assert request
    return request


def test_tasks_are_numbered_over_the_run_and_within_each_instance() -> None:
    request = read_run_request(WHOLE).request
    assert request
    run = plan(WHOLE)
    tasks = list(new_tasks(run, plan_of(request, seed="")))
    assert [(task.number, task.run_number) for task in tasks] == [(1, 1), (2, 2), (3, 1), (4, 2)]
    for task in tasks:
        assert run.groups[task.group].demand == task.demand
        assert task == Task(
            run_id="r", number=task.number, group=task.group, demand=task.demand, alias="box" if task.demand == LOCAL else "big",
            run_number=task.run_number, status=TaskStatus.PENDING, max_attempts=4, lease_ms=60_000,
        )  # fmt: skip


@each_case(("count", "told"), [(0, 0), (100, 100), (101, 101), (250, 101)])
def test_of_many_warnings_the_first_hundred_are_told(count: int, told: int) -> None:
    warnings = tuple(f"warning {number}" for number in range(count))
    found = plan(WHOLE, warnings=warnings).warnings
    assert len(found) == told
    assert found[:100] == warnings[:100]
    assert count <= 100 or found[100] == f"and {count - 100} more"


def test_a_created_run_is_stored_as_it_was_answered_and_its_body_is_kept(system: System) -> None:
    run = system.create_run(WHOLE)
    assert system.run() == run
    assert (run.state, run.created_ms) == (RunState.RUNNING, NOW_MS)
    assert json.loads(system.objects.read(request_key("r"))) == WHOLE
    assert [active.run_id for active in system.runs.active()] == ["r"]


def test_what_is_ignored_of_a_body_is_told_with_the_run(system: System) -> None:
    assert any("surprise" in words for words in system.create_run({**BODY, "surprise": 1}).warnings)


def test_the_order_of_a_bodys_fields_says_nothing(system: System) -> None:
    first = system.create_run(WHOLE)
    assert system.create_run(dict(reversed(WHOLE.items()))) == first
    with pytest.raises(errors.RunExists):
        system.create_run({**WHOLE, "metadata": {"why": "other"}})


def test_who_names_no_id_is_told_when_none_was_free(system: System) -> None:
    body = {name: value for name, value in BODY.items() if name != "run_id"}
    assert [system.create_run(body).run_id for _ in range(2)] == ["1800000000", "1800000000-x1"]
    with pytest.raises(errors.Unavailable) as refused:
        system.create_run(body)
    assert refused.value.code == "no_free_id"


def test_a_run_that_another_request_is_creating_is_worth_another_try_soon(system: System) -> None:
    system.die_after(2)
    with pytest.raises(Killed):
        system.create_run(BODY)
    system.revive()
    with pytest.raises(errors.Unavailable) as refused:
        system.create_run(BODY)
    assert (refused.value.code, refused.value.retry_after_s) == ("being_created", 5)
    with pytest.raises(errors.RunExists):
        system.create_run({**BODY, "max_attempts": 3})


class Busy:
    """The runs of a store in which another creator is always quicker: by the verb `taken` nothing can be had."""

    def __init__(self, runs: Any, taken: str) -> None:
        self._runs, self._taken = runs, taken

    def __getattr__(self, verb: str) -> Any:
        return (lambda *_: False) if verb == self._taken else getattr(self._runs, verb)


@pytest.mark.parametrize(
    ("taken", "code", "retry_after_s"), [("reserve", "being_created", 2), ("publish", "unavailable", 5)]
)
def test_who_comes_second_is_told_to_try_again(system: System, taken: str, code: str, retry_after_s: int) -> None:
    create = replace(system.create_run, runs=Busy(system.runs, taken))
    with pytest.raises(errors.Unavailable) as refused:
        create(BODY)
    assert (refused.value.code, refused.value.retry_after_s) == (code, retry_after_s)


def test_a_body_without_instances_is_told_so_with_all_its_problems(system: System) -> None:
    with pytest.raises(errors.BadRequest) as refused:
        system.create_run({"run_id": "r", "lease_s": 0})
    assert refused.value.code == "no_instances"
    assert "lease_s" in [problem.field for problem in refused.value.problems]
    with pytest.raises(errors.InvalidRun, match="Lease must be"):
        system.create_run({**BODY, "lease_s": 0})
