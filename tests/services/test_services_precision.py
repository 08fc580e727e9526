"""A run with a goal ends early: by the stream's messages, and by the sweep's where those are lost."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import RunStatus, StopReason, TaskStatus

from chalicelib.domain.deleting import HANDED_OUT_MS
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ports import Measured
from chalicelib.domain.records import Ending, RunState, Task
from chalicelib.services.runs.build_archive import reason_of
from chalicelib.services.runs.present import run_detail
from tests.contract.records import a_request, a_verdict
from tests.contract.system import BODY, System
from tests.unit.archive_uploads import unpacked, upload_of

GOAL: dict[str, Any] = {
    **BODY, "per_instance_type": {"tasks": 10}, "target_precision": "1%", "max_tasks": 14, "max_time_s": 600,
}  # fmt: skip
CANCELLED, COMPLETED, PENDING = TaskStatus.CANCELLED, TaskStatus.COMPLETED, TaskStatus.PENDING


def result(value: float, instance: str | None = None) -> bytes:
    measurement = {"benchmark": "x", "variant": "default", "unit": "s", "better": "lower", "samples": [value]}
    output = {"schema_version": 1, "workload": "mock", "measurements": [measurement]}
    metadata = {"provenance": {"machine": {"instance": instance}}}
    return upload_of([("output.json", json.dumps(output).encode()), ("metadata.json", json.dumps(metadata).encode())])


def narrow(number: int) -> bytes:
    return result(1 + number % 2 / 1000)


def wide(number: int) -> bytes:
    return result(1 + number % 2)


def claim(system: System, runner: str) -> tuple[int, str]:
    """The number of the task, and the key of its upload."""
    reply = system.claim_task("r", a_request(runner, token=None, now_ms=system.clock()))
    assert reply.task
    assert reply.presigned_urls
    return int(reply.task.id.rpartition(".")[2]), reply.presigned_urls.result_key


def complete(system: System, count: int, data: Callable[[int], bytes] = narrow) -> None:
    for _ in range(count):
        number, key = claim(system, "one")
        system.objects.put(key, data(number), content_type="application/gzip")
        system.finish_task("r", number, a_verdict("one", nonce=None, result_key=key))


def statuses(system: System) -> list[TaskStatus]:
    return [task.status for task in system.all()]


def test_a_run_without_a_goal_sends_nobody_a_judgement(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 3}})
    complete(system, 2)
    system.drain()
    system.sweep()
    assert system.outbox.judgements == []
    system.judge("r")
    assert statuses(system) == [COMPLETED, COMPLETED, PENDING]
    assert system.measurements.all("r") == []


def test_a_run_ends_early_as_completed_and_says_why(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 9)
    system.drain()
    system.judge_all()
    assert statuses(system) == [COMPLETED] * 9 + [PENDING] * 5
    complete(system, 1)
    system.drain()
    assert system.outbox.judgements == ["r"]
    system.judge_all()
    assert statuses(system) == [COMPLETED] * 10 + [CANCELLED] * 4
    assert {task.reason for task in system.all() if task.status is CANCELLED} == {StopReason.PRECISION}
    system.drain()
    assert system.outbox.judgements == []
    system.finalize()
    run, counts = system.found()
    assert (run.state, run.reason) == (RunState.COMPLETED, StopReason.PRECISION)
    told = run_detail(run, counts, system.storage)
    assert told.precision
    assert (told.status, told.tasks.cancelled, told.precision.max_tasks) == (RunStatus.COMPLETED, 4, 14)
    assert [(stop.reason, stop.tasks) for stop in told.precision.stops] == [(StopReason.PRECISION, 10)]
    files = unpacked(system.objects.read(run.archive.key or ""))
    document, manifest = json.loads(files["run.json"]), json.loads(files["manifest.json"])
    assert document["reason"] == "precision_reached"
    assert document["precision"]["stops"][0] | {"half_width": 0, "at": ""} == {
        "provider": "local", "instance_type": "docker", "subject": None, "reason": "precision_reached", "tasks": 10,
        "half_width": 0, "at": "",
    }  # fmt: skip
    assert [task["reason"] for task in manifest["tasks"][10:]] == ["precision_reached"] * 4


def test_what_runs_when_the_rule_stops_is_finished_and_counts(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 9)
    late, key = claim(system, "late")
    complete(system, 1)
    system.judge("r")
    assert statuses(system).count(CANCELLED) == 3
    system.objects.put(key, wide(late), content_type="application/gzip")
    system.finish_task("r", late, a_verdict("late", nonce=None, result_key=key))
    system.drain()
    system.finalize()
    run = system.run()
    assert (run.state, run.stops[0].tasks, len(system.measurements.all("r"))) == (RunState.COMPLETED, 10, 11)


@pytest.mark.proof
def test_a_task_that_comes_back_after_the_stop_is_not_needed_either(system: System) -> None:
    system.create_run(GOAL | {"lease_s": 60})
    complete(system, 9)
    claim(system, "dead")
    complete(system, 1)
    system.judge("r")
    system.drain()
    system.clock.pass_s(61)
    system.sweep()
    system.outbox.judgements.clear()
    system.drain()
    assert system.outbox.judgements == ["r"]
    system.judge_all()
    assert statuses(system).count(CANCELLED) == 4
    assert PENDING not in statuses(system)


def test_messages_that_come_twice_or_late_change_nothing(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 10)
    system.judge("r")
    before = system.all(), system.run(), system.measurements.all("r")
    system.clock.pass_s(3600)
    for _ in range(2):
        system.judge("r")
    assert (system.all(), system.run(), system.measurements.all("r")) == before


def test_where_every_message_of_the_stream_is_lost_the_sweep_finds_it(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 10)
    system.sweep()
    assert system.outbox.judgements == ["r"]
    system.judge_all()
    assert statuses(system) == [COMPLETED] * 10 + [CANCELLED] * 4


@pytest.mark.proof
def test_where_all_messages_are_lost_the_finalizer_judges(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 14, wide)
    system.build_archive("r")
    assert (system.run().state, system.run().reason) == (RunState.COMPLETED, StopReason.TASKS)
    assert system.run().stops[0].tasks == 14


def test_time_ends_a_run_that_is_not_precise(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 11, wide)
    system.clock.pass_s(600 - 0.001)
    system.judge("r")
    assert statuses(system).count(PENDING) == 3
    system.clock.pass_s(0.001)
    system.sweep()
    system.judge_all()
    assert statuses(system) == [COMPLETED] * 11 + [CANCELLED] * 3
    system.drain()
    system.finalize()
    assert (system.run().state, system.run().reason) == (RunState.COMPLETED, StopReason.TIME)


@pytest.mark.proof
def test_results_that_cannot_be_read_count_for_nothing_and_are_read_once(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 9)
    complete(system, 1, lambda number: b"no archive")
    system.judge("r")
    assert statuses(system).count(PENDING) == 4
    assert [one.problem is None for one in system.measurements.all("r")] == [True] * 9 + [False]
    complete(system, 1)
    system.judge("r")
    assert (system.run().stops[0].tasks, statuses(system).count(CANCELLED)) == (10, 3)


def test_a_bucket_that_fails_is_asked_again_and_the_rest_is_judged(system: System) -> None:
    class Failing:
        def __init__(self) -> None:
            self.asked: list[int] = []

        def read(self, task: Task) -> Measured:
            self.asked.append(task.number)
            if task.number == 1:
                raise Unavailable("busy")
            return system.judge.results.read(task)

    system.create_run(GOAL)
    complete(system, 11)
    failing = Failing()
    judge = replace(system.judge, results=failing)
    for _ in range(2):
        with pytest.raises(Unavailable, match="1 results of run r"):
            judge("r")
    assert sorted(failing.asked) == [1, *range(1, 12)]
    assert (system.run().stops[0].tasks, statuses(system).count(CANCELLED)) == (10, 3)


@pytest.mark.proof
def test_a_judge_that_breaks_hinders_no_archive(system: System) -> None:
    def broken(run_id: str) -> None:
        raise RuntimeError(run_id)

    system.create_run(GOAL)
    complete(system, 14)
    replace(system.build_archive, judge=broken)("r")
    assert (system.run().state, system.run().reason, system.run().stops) == (RunState.COMPLETED, None, {})


def test_a_run_that_is_stopped_or_unknown_is_not_judged(system: System) -> None:
    system.judge("nobody")
    system.create_run(GOAL)
    complete(system, 10)
    system.stop_run("r")
    system.judge("r")
    assert (system.run().stops, system.run().ending) == ({}, Ending.STOPPED)
    system.drain()
    system.finalize()
    assert (system.run().state, system.run().reason) == (RunState.CANCELLED, Ending.STOPPED)


def test_two_judges_at_once_agree_on_the_first_one_s_word(system: System) -> None:
    class Overtaken:
        """Another judge's stop is there a moment before ours."""

        def __init__(self) -> None:
            self.refused = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(system.runs, name)

        def note_stops(self, run_id: str, stops: Any) -> bool:
            first = {group: replace(stop, at_ms=1) for group, stop in stops.items()}
            system.runs.note_stops(run_id, first)
            noted = system.runs.note_stops(run_id, stops)
            self.refused += not noted
            return noted

    system.create_run(GOAL)
    complete(system, 10)
    overtaken: Any = Overtaken()
    replace(system.judge, runs=overtaken)("r")
    assert (overtaken.refused, system.run().stops[0].at_ms, statuses(system).count(CANCELLED)) == (1, 1, 4)


def test_a_deleted_run_leaves_nothing_that_was_measured(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 10)
    system.judge("r")
    system.drain()
    system.finalize()
    assert system.measurements.all("r")
    system.delete_run("r")
    system.remove()
    assert system.measurements.all("r") == []


def test_a_run_without_a_goal_has_no_reason_of_its_own(system: System) -> None:
    run = system.create_run(BODY)
    assert reason_of(run) is None


class Meanwhile:
    """Reads as ever; before the first result it does something else."""

    def __init__(self, system: System, happens: Callable[[], object]) -> None:
        self._results, self._happens = system.judge.results, [happens]

    def read(self, task: Task) -> Measured:
        while self._happens:
            self._happens.pop()()
        return self._results.read(task)


def end(system: System) -> None:
    system.stop_run("r")
    system.drain()
    system.finalize()


def remove(system: System) -> None:
    end(system)
    system.delete_run("r")
    system.remove()


@pytest.mark.proof
def test_a_run_that_is_stopped_while_it_is_judged_stays_cancelled(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 10)
    replace(system.judge, results=Meanwhile(system, lambda: end(system)))("r")
    assert (system.run().state, system.run().stops) == (RunState.CANCELLED, {})
    assert statuses(system) == [COMPLETED] * 10 + [CANCELLED] * 4


def test_of_a_run_that_is_deleted_while_it_is_judged_nothing_is_left(system: System) -> None:
    system.create_run(GOAL)
    complete(system, 10)
    replace(system.judge, results=Meanwhile(system, lambda: remove(system)))("r")
    assert system.run().state is RunState.DELETED
    system.clock.pass_s(HANDED_OUT_MS / 1000)  # until nobody can work on it any more
    system.sweep()
    system.remove()
    assert (system.runs.get("r"), system.measurements.all("r")) == (None, [])


def test_a_runner_that_fell_silent_does_not_keep_a_run_beyond_its_time(system: System) -> None:
    system.create_run(GOAL | {"lease_s": 60})
    complete(system, 2, wide)
    claim(system, "paused")
    system.clock.pass_s(601)
    for _ in range(2):  # the lease ends, and then its task is not needed either
        system.sweep()
        system.drain()
        system.judge_all()
    assert statuses(system) == [COMPLETED] * 2 + [CANCELLED] * 12
    system.drain()
    system.finalize()
    assert (system.run().state, system.run().reason) == (RunState.COMPLETED, StopReason.TIME)
