"""How a run is finalized: what its document says, who has the right to build, and what is told when nobody could."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import ArchiveState, ResultState, TaskStatus

from chalicelib.domain.ports import Built, Flaw
from chalicelib.domain.records import Ending, Run, RunState, Task
from chalicelib.services.runs.build_archive import BUILD_LEASE_MS, MOST_BUILDS, RENEW_MS, BuildTakenOver
from chalicelib.services.runs.stop_run import EndOpenTasks
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_request, a_run, a_verdict, tasks_of
from tests.contract.system import BODY, System


class Writing:
    """A builder that takes `each_s` for each task, and keeps what it was given."""

    def __init__(self, system: System, *, each_s: float = 0, flaws: tuple[Flaw, ...] = ()) -> None:
        self._system, self._each_s, self._flaws = system, each_s, flaws
        self.document: dict[str, Any] = {}
        self.numbers: list[int] = []
        self.rights: list[int | None] = []  # until when this one had the right to build, as each task was taken

    def build(self, run: Run, *, document: bytes, tasks: Iterable[Task]) -> Built:
        self.document = json.loads(document)
        for task in tasks:
            self.numbers.append(task.number)
            self.rights.append(self._system.run().archive.building_until_ms)
            self._system.clock.pass_s(self._each_s)
        return Built(ArchiveState.READY, RunState.COMPLETED, None, key="k", size_bytes=1, sha256="s", flaws=self._flaws)


def build(system: System, builder: Any) -> None:
    replace(system.build_archive, builder=builder)("r")


def ended(system: System, tasks: int = 1) -> None:
    """A run all of whose tasks are completed."""
    system.create_run({**BODY, "per_instance_type": {"tasks": tasks}})
    for number in range(1, tasks + 1):
        system.claim_task("r", a_request(f"runner-{number}", now_ms=system.clock()))
        system.finish_task("r", number, a_verdict(f"runner-{number}", nonce=None, result_key=None))
    system.drain()
    system.outbox.sent.clear()


def test_the_archives_document_tells_all_of_the_run(system: System) -> None:
    run = a_run(
        sizes={LOCAL: 1, CLOUD: 2}, state=RunState.RUNNING, ruby_version="3.4.7", lease_s=77, max_attempts=4,
        tasks_per_instance=1,
    )  # fmt: skip
    system.runs.reserve(run)
    system.tasks.create(replace(task, status=TaskStatus.COMPLETED) for task in tasks_of(run))
    system.runs.publish(run)
    writing = Writing(system)
    build(system, writing)
    assert writing.numbers == [1, 2, 3]
    assert writing.document == {
        "schema_version": 1, "run_id": "r", "status": "completed", "reason": None, "ruby_version": "3.4.7",
        "workload": "mock", "workload_options": {"n": 1}, "per_instance_type": {"tasks": 1}, "tasks": 3, "lease_s": 77,
        "max_attempts": 4, "created_at": "2027-01-15T08:00:00Z", "deadline_at": "2027-01-16T08:00:00Z",
        "metadata": {"why": "test"}, "body_sha256": "0" * 64,
        "instances": [
            {"provider": "local", "instance_type": "docker", "tasks": 1},
            {"provider": "aws", "instance_type": "c8g.medium", "tasks": 2},
        ],
    }  # fmt: skip
    found = system.run()
    assert (found.state, found.reason, found.completed_ms) == (RunState.COMPLETED, None, NOW_MS)
    assert (found.archive.key, found.archive.sha256, found.archive.building_until_ms) == ("k", "s", None)


@pytest.mark.parametrize(
    ("ending", "state", "reason"),
    [(Ending.DEADLINE, RunState.FAILED, "deadline_exceeded"), (Ending.STOPPED, RunState.CANCELLED, "stopped")],
)
def test_the_document_of_a_run_that_was_ended_says_so(
    system: System, ending: Ending, state: RunState, reason: str
) -> None:
    system.create_run(BODY)
    assert (system.runs.stop if ending is Ending.STOPPED else system.runs.pass_deadline)("r")
    writing = Writing(system)
    build(system, writing)
    assert (writing.document["status"], writing.document["reason"]) == (str(state), reason)
    assert (system.run().state, system.run().reason) == (state, reason)
    assert {task.ended_ms for task in system.all()} == {NOW_MS}
    header = system.tasks.candidates("r", 0, LOCAL, limit=1).header
    assert header
    assert not header.open  # whoever ended the run may have died before it was closed


def test_the_right_to_build_is_renewed_while_the_tasks_are_taken(system: System) -> None:
    ended(system, 3)
    writing = Writing(system, each_s=RENEW_MS / 1000)
    build(system, writing)
    first = NOW_MS + BUILD_LEASE_MS
    assert writing.rights == [first, first, first + 2 * RENEW_MS]  # not yet when the span is just over


def test_who_lost_the_right_to_build_stops(system: System) -> None:
    ended(system, 2)
    other_s = BUILD_LEASE_MS / 1000 + 1

    class Slow(Writing):
        def build(self, run: Run, *, document: bytes, tasks: Iterable[Task]) -> Built:
            system.clock.pass_s(other_s)
            now_ms = system.clock()
            assert system.runs.begin_archive("r", now_ms=now_ms, until_ms=now_ms + BUILD_LEASE_MS) == 2
            return super().build(run, document=document, tasks=tasks)

    with pytest.raises(BuildTakenOver, match="build 1 of run r"):
        build(system, Slow(system, each_s=other_s))
    archive = system.run().archive
    assert archive.state is ArchiveState.BUILDING  # the other's right is not touched
    assert archive.building_until_ms == NOW_MS + 1000 * int(other_s) + BUILD_LEASE_MS


class Failing:
    def build(self, run: Run, *, document: bytes, tasks: Iterable[Task]) -> Built:
        raise OSError("the disk is " + "very " * 200 + "full")


def test_a_build_that_failed_is_told_and_may_begin_again_at_once(system: System) -> None:
    ended(system)
    with pytest.raises(OSError, match="the disk is"):
        build(system, Failing())
    archive = system.run().archive
    assert (archive.state, archive.building_until_ms) == (ArchiveState.NONE, None)
    assert (archive.error or "").startswith("OSError: the disk is very")
    assert len(archive.error or "") == 512
    build(system, Writing(system))
    assert system.run().archive.state is ArchiveState.READY


def test_the_last_failure_is_told_with_the_run_that_has_no_archive(system: System) -> None:
    ended(system)
    for _ in range(MOST_BUILDS):
        with pytest.raises(OSError, match="the disk is"):
            build(system, Failing())
    run = system.run()
    assert (run.state, run.reason, run.archive.state) == (RunState.FAILED, "archive_failed", ArchiveState.FAILED)
    assert (run.archive.error or "").startswith("OSError: the disk is")
    assert run.completed_ms == NOW_MS


def test_builds_that_were_all_killed_are_told_so(system: System) -> None:
    ended(system)
    for _ in range(MOST_BUILDS):
        assert system.runs.begin_archive("r", now_ms=system.clock(), until_ms=system.clock())
        system.clock.pass_s(1)
    build(system, Writing(system))
    assert (system.run().archive.state, system.run().archive.error) == (
        ArchiveState.FAILED,
        "every build of the archive was killed",
    )


def test_a_run_that_another_builds_is_left_to_it(system: System) -> None:
    ended(system)
    system.runs.begin_archive("r", now_ms=system.clock(), until_ms=system.clock() + 1)
    writing = Writing(system)
    build(system, writing)
    assert (writing.numbers, system.run().archive.state) == ([], ArchiveState.BUILDING)


def test_a_run_in_creation_is_not_finalized(system: System) -> None:
    system.runs.reserve(a_run(ending=Ending.DEADLINE))
    writing = Writing(system)
    build(system, writing)
    assert (writing.document, system.run().state) == ({}, RunState.CREATING)


def test_flaws_are_noted_and_those_that_healed_taken_back(system: System) -> None:
    ended(system, 3)
    for number in (1, 2):
        system.tasks.note_flaw("r", Flaw(number, ResultState.MISSING, "of a build before"))
    build(system, Writing(system, flaws=(Flaw(2, ResultState.CORRUPT, "torn"), Flaw(3, ResultState.MISSING, "gone"))))
    told = [(task.result, task.result_reason) for task in system.all()]
    assert told == [(None, None), (ResultState.CORRUPT, "torn"), (ResultState.MISSING, "gone")]


def test_a_run_that_was_stopped_during_its_build_is_asked_for_again(system: System) -> None:
    ended(system)

    class Stopping(Writing):
        def build(self, run: Run, *, document: bytes, tasks: Iterable[Task]) -> Built:
            assert system.runs.stop("r")
            return super().build(run, document=document, tasks=tasks)

    build(system, Stopping(system))
    assert system.outbox.sent == ["r"]
    assert (system.run().archive.state, system.run().archive.building_until_ms) == (ArchiveState.NONE, None)


# stopping


def test_open_tasks_are_ended_as_their_run_ends_and_at_most_as_many_as_asked(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 3}})
    system.claim_task("r", a_request(now_ms=system.clock()))
    system.clock.pass_s(5)
    end = EndOpenTasks(system.tasks, system.clock)
    end(system.run(), most=2)
    assert [task.status for task in system.all()] == [TaskStatus.CANCELLED] * 2 + [TaskStatus.PENDING]
    assert {(task.ended_ms, task.reason) for task in system.all()[:2]} == {(NOW_MS + 5_000, "stopped")}
    end(system.run().evolve(ending=Ending.DEADLINE))
    assert (system.all()[2].status, system.all()[2].reason) == (TaskStatus.FAILED, "deadline_exceeded")


def test_a_stop_ends_the_open_tasks_and_asks_for_the_archive(system: System) -> None:
    system.create_run(BODY)
    system.stop_run("r")
    assert {task.status for task in system.all()} == {TaskStatus.CANCELLED}
    assert system.outbox.sent == ["r"]


# builds of a process that is gone


def test_only_a_run_that_was_being_built_is_released(system: System) -> None:
    ended(system)
    system.runs.announce(a_run("marker of nothing"))
    system.create_run({**BODY, "run_id": "other"})
    system.runs.begin_archive("r", now_ms=system.clock(), until_ms=system.clock() + BUILD_LEASE_MS)
    assert system.release_builds() == ["r"]
    assert system.outbox.sent == ["r"]
    assert (system.run().archive.state, system.run("other").archive.state) == (ArchiveState.NONE, ArchiveState.NONE)
