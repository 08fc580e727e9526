"""The life of a run through the services, and what is left of it when a process dies on the way."""

import io
import tarfile
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import ArchiveState, HeartbeatStatus, ResultState, TaskStatus
from benchfleet_contract.tasks import ClaimReply

from chalicelib.domain import errors
from chalicelib.domain.ports import Beat, Flaw, Verdict
from chalicelib.domain.records import Run, RunState
from chalicelib.services.runs.build_archive import MOST_BUILDS
from chalicelib.services.runs.present import task_view
from chalicelib.services.runs.stop_run import EndOpenTasks
from tests.contract.in_process import new_bucket
from tests.contract.records import CLOUD, LOCAL, a_request
from tests.contract.system import BODY, Clients, Killed, System

WRITES_OF_A_CREATION = 7  # marker, run, counters, marker again, tasks, publish, one header
PUBLISHED_AFTER = 6


def claim(system: System, runner: str = "one", *, retry: bool = False, run_id: str = "r") -> ClaimReply:
    return system.claim_task(run_id, a_request(runner, now_ms=system.clock()), retry=retry)


def beat(system: System, reply: ClaimReply, runner: str = "one") -> None:
    assert reply.task
    number = int(reply.task.id.rpartition(".")[2])
    said = Beat(runner, reply.task.attempt, HeartbeatStatus.RUNNING, None, None, None, system.clock())
    system.renew_lease("r", number, said)


def complete(system: System, reply: ClaimReply, runner: str = "one", **changes: Any) -> None:
    assert reply.task
    assert reply.presigned_urls
    key = changes.pop("result_key", reply.presigned_urls.result_key)
    number = int(reply.task.id.rpartition(".")[2])
    system.finish_task(
        "r",
        number,
        Verdict(TaskStatus.COMPLETED, runner, reply.task.attempt, system.clock(), result_key=key, **changes),
    )


def upload(system: System, reply: ClaimReply) -> None:
    assert reply.presigned_urls
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("output.json"))
    system.objects.put(reply.presigned_urls.result_key, packed.getvalue(), content_type="application/gzip")


def work_off(system: System) -> None:
    while (reply := claim(system, token_of(system))).status == "assigned":
        upload(system, reply)
        complete(system, reply, token_of(system))
        system.clock.pass_s(1)
    system.drain()


def token_of(system: System) -> str:
    """A runner of its own for each moment: one token names one request."""
    return f"runner-{system.clock.now_ms}"


def test_a_run_goes_from_creation_to_its_archive(system: System) -> None:
    system.create_run(BODY)
    work_off(system)
    assert system.outbox.sent == ["r"]
    system.finalize()
    run, counts = system.found()
    assert (run.state, run.archive.state) == (RunState.COMPLETED, ArchiveState.READY)
    assert counts.tally == {(0, TaskStatus.COMPLETED): 2}
    assert claim(system).status == "done"
    system.clock.pass_s(120)
    system.sweep()  # counts quiet counters once more
    system.sweep()
    assert system.runs.active() == []


def test_the_same_body_again_is_the_same_run(system: System) -> None:
    system.create_run(BODY)
    assert system.create_run(BODY) == system.run()
    with pytest.raises(errors.RunExists):
        system.create_run({**BODY, "per_instance_type": {"tasks": 3}})


def test_a_default_id_that_is_taken_gets_a_suffix(system: System) -> None:
    body = {name: value for name, value in BODY.items() if name != "run_id"}
    first, second = system.create_run(body), system.create_run(body)
    assert second.run_id == f"{first.run_id}-x1"


def test_a_wrong_body_is_refused_whole_and_writes_nothing(system: System) -> None:
    system.die_after(0)
    with pytest.raises(errors.InvalidRun) as refused:
        system.create_run({**BODY, "lease_s": 0, "max_attempts": 0})
    assert [problem.field for problem in refused.value.problems] == ["lease_s", "max_attempts"]
    with pytest.raises(errors.BadRequest) as none_named:
        system.create_run({"run_id": "r"})
    assert none_named.value.code == "no_instances"


@pytest.mark.parametrize("writes", range(PUBLISHED_AFTER))
def test_a_creator_that_dies_leaves_nothing_that_anybody_sees(system: System, writes: int) -> None:
    system.die_after(writes)
    with pytest.raises(Killed):
        system.create_run(BODY)
    system.revive()
    for look in (lambda: claim(system), lambda: system.stop_run("r")):
        with pytest.raises(errors.RunNotFound):
            look()
    assert system.claim_any(a_request(), workloads=frozenset()).status == "wait"
    assert system.runs.newest(limit=9, cursor=None)[0] == []
    system.sweep()
    system.clock.pass_s(16 * 60)
    system.sweep()
    system.remove()
    assert system.runs.active() == []
    assert system.create_run({**BODY, "per_instance_type": {"tasks": 1}}).task_count == 1
    assert [task.status for task in system.all()] == [TaskStatus.PENDING]


def test_a_young_creation_is_left_alone(system: System) -> None:
    system.die_after(PUBLISHED_AFTER - 1)
    with pytest.raises(Killed):
        system.create_run(BODY)
    system.revive()
    system.clock.pass_s(14 * 60)
    system.sweep()
    with pytest.raises(errors.Unavailable):
        system.create_run(BODY)
    assert system.run().state is RunState.CREATING


def test_claimers_write_the_headers_that_a_dead_creator_did_not(system: System) -> None:
    system.die_after(PUBLISHED_AFTER)
    with pytest.raises(Killed):
        system.create_run(BODY)
    system.revive()
    assert system.tasks.candidates("r", 0, LOCAL, limit=1).header is None
    assert claim(system).status == "assigned"
    assert system.tasks.candidates("r", 0, LOCAL, limit=1).header


def test_a_creation_has_as_many_writes_as_are_killed_here(system: System) -> None:
    system.die_after(WRITES_OF_A_CREATION)
    assert system.create_run(BODY).state is RunState.RUNNING


def test_a_lost_reply_gives_the_same_task_again(system: System) -> None:
    system.create_run(BODY)
    first = claim(system)
    again = claim(system, retry=True)
    assert first.task
    assert again.task
    assert (again.task.id, again.task.attempt) == (first.task.id, 1)
    assert again.presigned_urls
    assert first.presigned_urls
    assert again.presigned_urls.result_key == first.presigned_urls.result_key


def test_runners_wait_while_others_work_and_are_done_after(system: System) -> None:
    system.create_run(BODY)
    held = [claim(system, runner) for runner in ("one", "two")]
    waiting = claim(system, "three")
    assert (waiting.status, waiting.retry_after_seconds) == ("wait", 30)
    assert system.claim_task("r", a_request(demand=CLOUD)).status == "done"
    for runner, reply in zip(("one", "two"), held, strict=True):
        complete(system, reply, runner)
    assert claim(system, "three").status == "done"


def test_any_run_that_fits_serves_the_oldest_first(system: System) -> None:
    system.create_run({**BODY, "run_id": "young"})
    system.clock.pass_s(-5)
    system.create_run({**BODY, "run_id": "old"})
    reply = system.claim_any(a_request(), workloads=frozenset({"mock"}))
    assert reply.task
    assert reply.task.run_id == "old"
    assert system.claim_any(a_request("two"), workloads=frozenset({"other"})).status == "wait"


def test_the_same_end_said_twice_is_accepted_twice(system: System) -> None:
    system.create_run(BODY)
    reply = claim(system)
    complete(system, reply)
    complete(system, reply)
    with pytest.raises(errors.TaskFinished):
        system.finish_task("r", 1, Verdict(TaskStatus.FAILED, "one", 1, system.clock(), error_type="late"))


@pytest.mark.parametrize("key", ["runs/r/results/2/1-x/result.tar.gz", "runs/r/results/1/1-x/result.tar.gz"])
def test_a_key_like_ours_that_was_not_issued_is_refused(system: System, key: str) -> None:
    system.create_run(BODY)
    reply = claim(system)
    with pytest.raises(errors.BadRequest):
        complete(system, reply, result_key=key)


@pytest.mark.parametrize("key", ["results/r/task_r.1_result.tar.gz", "elsewhere", "../up", "s3://b/k"])
def test_a_name_that_nobody_issued_means_the_issued_key(system: System, key: str) -> None:
    system.create_run(BODY)
    reply = claim(system)
    complete(system, reply, result_key=key)
    assert reply.presigned_urls
    assert system.all()[0].result_key == reply.presigned_urls.result_key
    complete(system, reply, result_key=reply.presigned_urls.result_key)  # the same, in its own words


def test_where_nothing_was_uploaded_the_archive_says_missing(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    complete(system, claim(system), result_key="s3://made-up")
    system.drain()
    system.finalize()
    contents = system.run().archive.contents
    assert contents
    assert (contents.whole, contents.missing, contents.lost[0][:2]) == (0, 1, ("r.1", "missing"))


def test_whoever_may_not_speak_for_a_task_is_told_why(system: System) -> None:
    system.create_run({**BODY, "lease_s": 60})
    reply = claim(system)
    with pytest.raises(errors.InvalidRunner):
        beat(system, reply, "stranger")
    system.clock.pass_s(61)
    assert system.sweep() == {"extended": 0, "requeued": 1, "timed_out": 0}
    with pytest.raises(errors.LeaseLost):
        beat(system, reply)
    system.clock.pass_s(1)
    claim(system, "two")
    with pytest.raises(errors.LeaseLost):
        complete(system, reply)
    system.stop_run("r")
    with pytest.raises(errors.TaskNotFound):
        system.finish_task("r", 77, Verdict(TaskStatus.FAILED, "one", 1, 0, error_type="e"))


def test_two_sweeps_at_once_do_what_one_does(system: System) -> None:
    system.create_run(BODY)
    claim(system)
    system.clock.pass_s(121)
    seen = list(system.tasks.leased("r", 0, LOCAL))
    one, other = system.sweep._leases(seen, system.clock()), system.sweep._leases(seen, system.clock())
    assert one == other == {"extended": 0, "requeued": 1, "timed_out": 0}
    task = system.all()[0]
    assert (task.status, task.attempt) == (TaskStatus.PENDING, 1)
    assert system.sweep() == {"extended": 0, "requeued": 0, "timed_out": 0}


def test_a_task_that_falls_silent_in_its_last_attempt_ends_the_run(system: System) -> None:
    system.create_run({**BODY, "max_attempts": 1, "per_instance_type": {"tasks": 1}})
    claim(system)
    system.clock.pass_s(121)
    assert system.sweep()["timed_out"] == 1
    system.drain()
    system.finalize()
    assert system.run().state is RunState.COMPLETED
    assert system.all()[0].error_type == "timeout"


def test_a_run_ends_by_its_deadline(system: System) -> None:
    system.create_run({**BODY, "deadline_s": 60})
    reply = claim(system)
    system.clock.pass_s(61)
    system.sweep()
    system.finalize()
    assert claim(system, "two").status == "done"
    system.drain(again=3)
    run, counts = system.found()
    assert (run.state, run.reason, run.archive.state) == (RunState.FAILED, "deadline_exceeded", ArchiveState.READY)
    assert counts.tally == {(0, TaskStatus.FAILED): 2}
    with pytest.raises(errors.TaskFinished):
        complete(system, reply)


def test_a_stopped_run_stays_cancelled_with_what_was_done(system: System) -> None:
    system.create_run(BODY)
    done, flying = claim(system), claim(system, "two")
    upload(system, done)
    complete(system, done)
    system.stop_run("r")
    assert claim(system, "three").status == "done"
    with pytest.raises(errors.TaskCancelled):
        beat(system, flying, "two")
    with pytest.raises(errors.RunNotRunning):
        system.stop_run("r")
    system.drain()
    system.finalize()
    run, counts = system.found()
    assert (run.state, run.reason, run.archive.state) == (RunState.CANCELLED, "stopped", ArchiveState.READY)
    assert counts.tally == {(0, TaskStatus.COMPLETED): 1, (0, TaskStatus.CANCELLED): 1}


def test_a_run_with_open_tasks_is_not_finalized(system: System) -> None:
    system.create_run(BODY)
    system.build_archive("r")
    system.build_archive("unknown")
    assert system.run().archive.state is ArchiveState.NONE


def test_a_run_with_open_tasks_is_never_asked_to_be_finalized(system: System) -> None:
    """Neither by the stream, which tells of a task that ended, nor by a sweep of counters that have long been quiet."""
    system.create_run(BODY)
    complete(system, claim(system))
    system.drain()
    system.clock.pass_s(21)
    system.sweep()
    assert (system.outbox.sent, system.found()[1].open()) == ([], 1)


def test_a_finalization_that_was_lost_is_asked_for_again_when_the_counters_have_been_quiet(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    complete(system, claim(system))
    system.drain()
    assert system.outbox.sent.pop() == "r"
    system.clock.pass_s(20)
    system.sweep()
    assert system.outbox.sent == []
    system.clock.pass_s(0.001)
    system.sweep()
    assert system.outbox.sent == ["r"]


def test_an_archive_that_is_built_is_not_built_again(system: System) -> None:
    system.create_run(BODY)
    work_off(system)
    system.finalize()
    built = system.run()
    system.clock.pass_s(9_999)
    system.build_archive("r")
    assert system.run() == built


class StopsMeanwhile:
    """The archive's builder, in a world where somebody stops the run while it builds for the first time."""

    def __init__(self, system: System) -> None:
        self._builder, self._system, self._built = system.build_archive.builder, system, 0

    def build(self, run: Run, **more: Any) -> Any:
        self._built += 1
        if self._built == 1:
            self._system.stop_run("r")
        return self._builder.build(run, **more)


def test_a_run_that_is_stopped_while_its_archive_is_built_is_built_again(system: System) -> None:
    system.create_run(BODY)
    work_off(system)
    object.__setattr__(system.build_archive, "builder", StopsMeanwhile(system))
    system.build_archive("r")
    assert system.run().archive.state is ArchiveState.NONE
    system.finalize()
    run = system.run()
    assert (run.state, run.archive.state) == (RunState.CANCELLED, ArchiveState.READY)


@pytest.mark.parametrize(
    ("stop", "state", "reason"), [(False, RunState.FAILED, "archive_failed"), (True, RunState.CANCELLED, "stopped")]
)
def test_a_run_whose_archive_cannot_be_built_never_reads_as_completed(
    clients: Clients, stop: bool, state: RunState, reason: str
) -> None:
    bucket = new_bucket(clients.s3)
    system = System(clients, bucket=bucket)
    system.create_run(BODY)
    if stop:
        system.stop_run("r")
    else:
        work_off(system)
    bucket._bucket = "no-such-bucket"
    for build in range(1, MOST_BUILDS + 1):
        assert system.run().archive.state is ArchiveState.NONE, build
        with pytest.raises(Exception, match=r"NoSuchBucket|no-such-bucket|exist"):
            system.build_archive("r")
    run = system.run()
    assert (run.state, run.reason, run.archive.state) == (state, reason, ArchiveState.FAILED)
    system.build_archive("r")
    assert system.run() == run


def test_a_builder_that_died_is_relieved_when_its_time_is_over(system: System) -> None:
    system.create_run(BODY)
    work_off(system)
    system.runs.begin_archive("r", now_ms=system.clock(), until_ms=system.clock() + 180_000)
    system.finalize()
    assert system.run().archive.state is ArchiveState.BUILDING
    system.clock.pass_s(181)
    system.sweep()
    assert system.outbox.sent == ["r"]
    system.finalize()
    assert system.run().state is RunState.COMPLETED


def test_what_the_stream_lost_is_found_by_the_sweep(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    complete(system, claim(system))
    system.clock.pass_s(61)
    system.sweep()
    assert system.found()[1].tally == {(0, TaskStatus.PENDING): 1}  # the stream may only be late: looked at twice
    system.clock.pass_s(61)
    system.sweep()
    assert system.found()[1].tally == system.recounted() == {(0, TaskStatus.COMPLETED): 1}
    system.sweep()
    system.finalize()
    assert system.run().state is RunState.COMPLETED


def test_builders_that_are_killed_each_time_do_not_keep_the_run_for_ever(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    complete(system, claim(system))
    system.drain()
    for _ in range(MOST_BUILDS):
        now_ms = system.clock()
        assert system.runs.begin_archive("r", now_ms=now_ms, until_ms=now_ms + 1_000)
        system.clock.pass_s(2)
    system.finalize()
    assert (system.run().state, system.run().archive.state) == (RunState.FAILED, ArchiveState.FAILED)


def test_a_run_that_ended_in_time_is_completed_however_late_its_archive(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}, "deadline_s": 30})
    reply = claim(system)
    upload(system, reply)
    complete(system, reply)
    system.drain()
    system.clock.pass_s(31)
    system.sweep()
    system.finalize()
    assert (system.run().state, system.run().reason) == (RunState.COMPLETED, None)


def test_counters_that_do_not_add_up_keep_no_lease_from_being_swept(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 2}, "max_attempts": 2})
    claim(system)
    run, counts = system.found()
    group = {(0, TaskStatus.PENDING): -2, (0, TaskStatus.COMPLETED): 2, (0, TaskStatus.RUNNING): 2}
    system.runs.correct(run, group, counts, now_ms=system.clock())
    system.clock.pass_s(121)
    assert system.sweep()["requeued"] == 1


def test_a_late_end_of_a_requeued_task_is_a_lost_lease_whatever_key_it_names(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}, "max_attempts": 2})
    reply = claim(system)
    system.clock.pass_s(121)
    system.sweep()
    for key in ("results/r/task_r.1_result.tar.gz", "results/elsewhere.tar.gz"):
        with pytest.raises(errors.LeaseLost):
            complete(system, reply, result_key=key)


def test_a_wish_sent_again_finds_its_task_in_whatever_run_it_got_it(system: System) -> None:
    system.create_run({**BODY, "run_id": "young"})
    first = system.claim_any(a_request("one", now_ms=system.clock()), workloads=frozenset())
    system.clock.pass_s(-5)
    system.create_run({**BODY, "run_id": "old"})
    again = system.claim_any(a_request("one", now_ms=system.clock()), workloads=frozenset(), retry=True)
    assert first.task
    assert again.task
    assert again.task.id == first.task.id


def test_results_that_the_archive_cannot_take_are_told_with_run_and_task(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 4}})
    replies = [claim(system, f"runner-{number}") for number in range(4)]
    upload(system, replies[0])
    for reply, data in zip(replies[1:3], (b"no gzip at all", b""), strict=True):
        assert reply.presigned_urls
        system.objects.put(reply.presigned_urls.result_key, data, content_type="application/gzip")
    for number, reply in enumerate(replies):
        complete(system, reply, f"runner-{number}")
    system.drain()
    system.finalize()
    detail = system.read_runs.detail("r")
    assert (detail.archive.whole, detail.archive.corrupt, detail.archive.missing) == (1, 2, 1)
    told = {task.run_number: (task.result, task.result_reason) for task in map(task_view, system.all())}
    assert [told[number][0] for number in range(1, 5)] == [None, ResultState.CORRUPT, ResultState.CORRUPT, "missing"]
    assert "gzip" in str(told[2][1])
    assert told[4][1] == "the uploaded object does not exist"
    assert system.found()[1].tally == system.recounted()


def test_a_result_that_a_later_build_finds_whole_reads_as_missing_no_more(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 1}})
    reply = claim(system)
    upload(system, reply)
    complete(system, reply)
    system.tasks.note_flaw("r", Flaw(1, ResultState.MISSING, "a build before this one was killed after it said so"))
    system.drain()
    system.finalize()
    assert (system.all()[0].result, system.all()[0].result_reason) == (None, None)
    contents = system.run().archive.contents
    assert contents
    assert (contents.whole, contents.missing) == (1, 0)


def test_a_closed_header_gives_nothing_away_although_tasks_are_pending(system: System) -> None:
    system.create_run(BODY)
    assert system.runs.stop("r")
    system.tasks.close_headers(system.run())
    reply = claim(system)
    assert (reply.status, reply.message) == ("done", "Run is not running")
    assert {task.status for task in system.all()} == {TaskStatus.PENDING}


class EndsNone(EndOpenTasks):
    """As the rest of a large run: a stop waits for 1,000 tasks, the others are the finalizer's."""

    def __call__(self, run: Run, *, most: int | None = None) -> None:
        assert most


def test_a_stopped_run_hands_out_none_of_the_tasks_that_the_stop_did_not_end(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 3}})
    replace(system.stop_run, end_open=EndsNone(system.tasks, system.clock))("r")
    assert [task.status for task in system.all()] == [TaskStatus.PENDING] * 3
    assert [claim(system, f"runner-{number}").status for number in range(4)] == ["done"] * 4
    system.finalize()
    assert {task.status for task in system.all()} == {TaskStatus.CANCELLED}


def test_counters_are_corrected_only_when_two_recounts_found_the_same(system: System) -> None:
    system.create_run({**BODY, "per_instance_type": {"tasks": 2}})
    complete(system, claim(system))
    system.clock.pass_s(61)
    system.sweep()
    complete(system, claim(system, "two"), "two")
    system.clock.pass_s(61)
    system.sweep()  # a second recount, that found something else
    assert system.found()[1].tally == {(0, TaskStatus.PENDING): 2}
    system.clock.pass_s(59)
    system.sweep()  # the same as the last, too soon after it
    assert system.found()[1].tally == {(0, TaskStatus.PENDING): 2}
    system.clock.pass_s(1)
    system.sweep()
    assert system.found()[1].tally == system.recounted() == {(0, TaskStatus.COMPLETED): 2}


def test_a_build_that_died_with_its_process_is_released_at_once(system: System) -> None:
    system.create_run(BODY)
    work_off(system)
    build = system.runs.begin_archive("r", now_ms=system.clock(), until_ms=system.clock() + 300_000)
    system.outbox.sent.clear()
    assert system.release_builds() == ["r"]
    assert system.release_builds() == []
    assert build
    assert not system.runs.keep_archive("r", build, until_ms=system.clock() + 600_000)
    system.finalize()
    assert system.run().state is RunState.COMPLETED
