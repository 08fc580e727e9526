"""What a sweep does, and the moment from which it does it: deadlines, lost messages, dead creators, counters, leases."""

from dataclasses import replace
from typing import Any

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.counting import Change
from chalicelib.domain.records import Ending, RunState
from chalicelib.services.runs.sweep import ABANDONED_MS, LOST_MS, QUIET_MS
from tests.contract.records import LOCAL, NOW_MS, a_request, a_run, a_verdict, tasks_of
from tests.contract.system import BODY, System

MS = 0.001
NOTHING = {"extended": 0, "requeued": 0, "timed_out": 0}


def claim(system: System, runner: str = "one") -> int:
    """The number of the task."""
    reply = system.claim_task("r", a_request(runner, now_ms=system.clock()))
    assert reply.task
    return int(reply.task.id.rpartition(".")[2])


def complete(system: System, runner: str = "one") -> None:
    system.finish_task("r", claim(system, runner), a_verdict(runner, nonce=None, result_key=None))


def finished(system: System) -> None:
    """A run of one task with its archive."""
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    complete(system)
    system.drain()
    system.finalize()


def is_active(system: System) -> bool:
    return [run.run_id for run in system.runs.active()] == ["r"]


def test_a_deadline_has_passed_a_millisecond_after_it(system: System) -> None:
    system.create_run({**BODY, "deadline_s": 60})
    system.clock.pass_s(60)
    system.sweep()
    assert (system.run().ending, system.outbox.sent) == (None, [])
    system.clock.pass_s(MS)
    system.sweep()
    assert (system.run().ending, system.outbox.sent) == (Ending.DEADLINE, ["r"])
    assert (system.run().state, system.run().is_open) == (RunState.RUNNING, False)
    header = system.tasks.candidates("r", 0, LOCAL, limit=1).header
    assert header
    assert not header.open


def test_a_run_that_is_ending_is_asked_for_again_until_it_has_ended(system: System) -> None:
    system.create_run({**BODY, "deadline_s": 60})
    system.clock.pass_s(60 + MS)
    system.sweep()
    system.outbox.sent.clear()
    system.clock.pass_s(LOST_MS / 1000)
    system.sweep()
    assert system.outbox.sent == ["r"]


def test_a_run_with_work_to_do_is_left_to_its_runners(system: System) -> None:
    system.create_run(BODY)
    system.clock.pass_s(QUIET_MS / 1000)
    assert system.sweep() == NOTHING
    assert (system.outbox.sent, is_active(system)) == ([], True)


def test_a_creation_counts_as_dead_after_a_quarter_of_an_hour(system: System) -> None:
    run = a_run()
    system.runs.announce(run)
    system.runs.reserve(run)
    system.tasks.create(tasks_of(run))
    system.clock.pass_s((ABANDONED_MS - 1) / 1000)
    system.sweep()
    assert is_active(system)
    system.clock.pass_s(MS)
    system.sweep()
    system.remove()
    assert (is_active(system), system.runs.get("r"), list(system.tasks.all(run))) == (False, None, [])


def test_a_marker_of_a_run_that_was_never_reserved_goes_too(system: System) -> None:
    system.runs.announce(a_run())
    system.clock.pass_s(ABANDONED_MS / 1000)
    system.sweep()
    assert not is_active(system)


class Troubled:
    """The runs of a store that cannot read the one called `bad`."""

    def __init__(self, runs: Any) -> None:
        self._runs = runs

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._runs, verb)

    def get(self, run_id: str) -> Any:
        if run_id == "bad":
            raise RuntimeError("an item that nobody understands")
        return self._runs.get(run_id)


def test_a_run_in_trouble_keeps_no_other_from_being_swept(system: System) -> None:
    for run_id in ("bad", "r"):
        system.create_run({**BODY, "run_id": run_id})
    claim(system)
    system.clock.pass_s(121)
    assert replace(system.sweep, runs=Troubled(system.runs))() == NOTHING | {"requeued": 1}


def test_one_sweep_looks_at_the_leases_of_every_run(system: System) -> None:
    for run_id in ("q", "r"):
        system.create_run({**BODY, "run_id": run_id})
        system.claim_task(run_id, a_request(now_ms=system.clock()))
    system.clock.pass_s(121)
    assert system.sweep() == NOTHING | {"requeued": 2}


def test_many_leases_that_end_at_once_are_extended_once(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 4}})
    for number in range(4):
        claim(system, f"runner-{number}")
    system.clock.pass_s(120 + MS)
    assert system.sweep() == NOTHING | {"extended": 4}
    assert {task.lease_until_ms for task in system.all()} == {system.clock() + 120_000}
    assert system.sweep() == NOTHING
    system.clock.pass_s(120 + MS)
    assert system.sweep() == NOTHING | {"requeued": 4}


def test_a_lease_ends_a_millisecond_after_its_time(system: System) -> None:
    system.create_run({**BODY, "max_attempts": 1})
    claim(system)
    system.clock.pass_s(120)
    assert system.sweep() == NOTHING
    system.clock.pass_s(MS)
    assert system.sweep() == NOTHING | {"timed_out": 1}
    assert system.all()[0].ended_ms == system.clock()


def test_leases_are_looked_at_in_every_group_that_has_open_tasks(system: System) -> None:
    entries = [{"instance_type": name, "alias": name} for name in ("docker", "podman")]
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}, "local": entries})
    complete(system)
    second = system.run().groups[1].demand
    system.claim_task("r", a_request("two", demand=second, now_ms=system.clock()))
    system.drain()
    system.clock.pass_s(121)
    assert system.sweep() == NOTHING | {"requeued": 1}


# counters


def test_a_run_is_let_go_when_its_counters_have_been_quiet_and_are_right(system: System) -> None:
    finished(system)
    system.clock.pass_s((QUIET_MS - 1) / 1000)
    system.sweep()
    system.sweep()
    assert is_active(system)
    system.clock.pass_s(MS)
    system.sweep()
    assert not is_active(system)
    assert system.found()[1].verified_ms == system.clock()


def test_counters_are_recounted_once_in_a_quiet_spell(system: System) -> None:
    system.create_run(BODY)
    system.clock.pass_s(QUIET_MS / 1000)
    system.sweep()
    verified_ms = system.found()[1].verified_ms
    assert verified_ms == system.clock()
    system.clock.pass_s(1)
    system.sweep()
    assert system.found()[1].verified_ms == verified_ms


def test_a_finished_run_whose_counters_are_wrong_stays_until_they_are_mended(system: System) -> None:
    finished(system)
    run, counts = system.found()
    system.runs.correct(run, {(0, TaskStatus.PENDING): 1}, counts, now_ms=system.clock())
    system.runs.count("r", [_noise()], now_ms=system.clock())
    for _ in range(2):
        system.clock.pass_s(QUIET_MS / 1000)
        system.sweep()
        assert is_active(system)
    system.sweep()
    assert not is_active(system)
    assert system.found()[1].tally == {(0, TaskStatus.COMPLETED): 1}


def _noise() -> Change:
    """A change that says nothing but that the counters have moved."""
    return Change("r", 0, 0, 10**30, TaskStatus.PENDING, TaskStatus.PENDING)


# the stream


def test_changes_of_a_run_that_is_gone_keep_no_other_from_being_counted(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    ended = Change("r", 0, 0, 10**30, TaskStatus.PENDING, TaskStatus.COMPLETED)
    system.count_changes({"gone": [replace(ended, run_id="gone")], "r": [ended]})
    assert system.outbox.sent == ["r"]
    counts = system.found()[1]
    assert (counts.tally, counts.changed_ms) == ({(0, TaskStatus.COMPLETED): 1}, NOW_MS)
