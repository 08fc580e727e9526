"""A run's deletion through the services: what is left when a process dies, and what comes late."""

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import FailureClass, HeartbeatStatus, TaskStatus
from benchfleet_contract.tasks import ClaimReply

from chalicelib.archive.errors import StorageError
from chalicelib.archive.layout import run_prefix
from chalicelib.archive.s3 import Objects
from chalicelib.archive.storage import Storage
from chalicelib.domain import errors
from chalicelib.domain.deleting import HANDED_OUT_MS, free_at_ms
from chalicelib.domain.ports import Beat, Holder, Verdict
from chalicelib.domain.records import Presence, Run, RunState
from chalicelib.domain.selection import Wanted
from chalicelib.services.runs.remove_run import REMOVAL_LEASE_MS, RemovalTakenOver
from tests.contract.in_process import fill
from tests.contract.records import LOCAL, a_request
from tests.contract.system import BODY, Clients, Killed, System

OLD_S = HANDED_OUT_MS / 1000
WRITES_OF_A_REMOVAL = 7  # taking, tasks and header, who waited, two markers, counters, the run


def claim(system: System, runner: str = "one", run_id: str = "r") -> ClaimReply:
    return system.claim_once.of_run(run_id, a_request(runner, now_ms=system.clock()))


def uploaded(system: System, reply: ClaimReply) -> str:
    assert reply.presigned_urls
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo("output.json"))
    key = reply.presigned_urls.result_key
    system.objects.put(key, packed.getvalue(), content_type="application/gzip")
    return key


def verdict(system: System, runner: str, key: str) -> Verdict:
    return Verdict(TaskStatus.COMPLETED, runner, 1, system.clock(), result_key=key)


def ended(system: System, run_id: str = "r") -> list[ClaimReply]:
    """A run of two tasks, with its archive; what their claims were answered with."""
    system.create_run({**BODY, "run_id": run_id})
    replies = [claim(system, runner, run_id) for runner in ("one", "two")]
    for number, (runner, reply) in enumerate(zip(("one", "two"), replies, strict=True), start=1):
        system.finish_task(run_id, number, verdict(system, runner, uploaded(system, reply)))
    system.runners.note(Presence("three", LOCAL, run_id, system.clock()))
    system.drain()
    system.finalize()
    return replies


def items(system: System) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = system.dynamodb.scan(TableName=system.table_name)["Items"]
    return found


def keys(system: System, run_id: str = "r") -> list[str]:
    listed = system.objects._client.list_objects_v2(Bucket=system.objects._bucket, Prefix=run_prefix(run_id))
    return [entry["Key"] for entry in listed.get("Contents", [])]


def gone(system: System, run_id: str = "r") -> bool:
    try:
        system.delete_run(run_id)
    except errors.RunNotFound:
        return True
    return False


def test_of_an_old_run_nothing_is_left(system: System) -> None:
    ended(system)
    assert len(keys(system)) == 5  # request, two uploads, archive, summary
    system.clock.pass_s(OLD_S)
    system.delete_run("r")
    assert system.outbox.deletions == ["r"]
    system.remove()
    assert (items(system), keys(system)) == ([], [])
    assert gone(system)


def test_other_runs_are_left_alone(system: System) -> None:
    for run_id in ("r", "r.1", "r2"):
        ended(system, run_id)
    before = [(system.found(name), system.all(name), keys(system, name)) for name in ("r.1", "r2")]
    system.delete_run("r")
    system.remove()
    assert [(system.found(name), system.all(name), keys(system, name)) for name in ("r.1", "r2")] == before


def test_from_the_first_answer_on_nobody_is_shown_the_run(system: System) -> None:
    ended(system)
    system.delete_run("r")
    for look in (
        lambda: system.read_runs.detail("r"),
        lambda: system.read_runs.task_page("r", Wanted(), after=0, limit=9),
        lambda: system.read_runs.task("r", 1),
        lambda: system.read_runs.files("r", 1),
        lambda: system.read_runners("r"),
        lambda: system.stop_run("r"),
        lambda: claim(system, "four"),
    ):
        with pytest.raises(errors.NotFound):
            look()
    assert system.read_runs.newest(cursor=None).runs == []
    assert system.claim_any(a_request("four"), workloads=frozenset()).status == "wait"


def test_a_run_that_is_not_over_is_refused_with_what_to_do(system: System) -> None:
    system.create_run(BODY)
    with pytest.raises(errors.RunNotOver, match="stop it first"):
        system.delete_run("r")
    system.stop_run("r")
    for _ in range(2):
        with pytest.raises(errors.RunNotOver, match="archive of run r is being built"):
            system.delete_run("r")
        system.runs.begin_archive("r", now_ms=system.clock(), until_ms=system.clock() + 1)
    assert (system.outbox.deletions, system.run().state) == ([], RunState.CANCELLED)
    system.clock.pass_s(1)
    system.finalize()
    system.delete_run("r")
    assert system.outbox.deletions == ["r"]


def test_a_run_past_its_deadline_is_refused_while_it_closes(system: System) -> None:
    system.create_run(BODY)
    system.runs.pass_deadline("r")
    with pytest.raises(errors.RunNotOver):
        system.delete_run("r")


def test_what_is_unknown_or_in_creation_is_not_there(system: System) -> None:
    with pytest.raises(errors.RunNotFound):
        system.delete_run("r")
    system.die_after(4)
    with pytest.raises(Killed):
        system.create_run(BODY)
    system.revive()
    with pytest.raises(errors.RunNotFound):
        system.delete_run("r")
    system.remove_run("r")
    assert system.run().state is RunState.CREATING


def test_asking_again_neither_fails_nor_sends_nor_writes(system: System) -> None:
    ended(system)
    system.delete_run("r")
    system.die_after(0)
    system.delete_run("r")
    system.revive()
    assert system.outbox.deletions == ["r"]


@pytest.mark.parametrize("writes", range(WRITES_OF_A_REMOVAL + 1))
def test_whoever_dies_while_deleting_is_gone_on_for(system: System, writes: int) -> None:
    ended(system)
    system.clock.pass_s(OLD_S)
    system.delete_run("r")
    system.die_after(writes)
    dies = writes < WRITES_OF_A_REMOVAL
    try:
        system.remove()
    except Killed:
        assert dies
    else:
        assert not dies
    system.revive()
    system.clock.pass_s(REMOVAL_LEASE_MS / 1000)
    system.sweep()
    assert system.outbox.deletions == (["r"] if dies else [])
    system.remove()
    assert (items(system), keys(system)) == ([], [])
    assert gone(system)


def test_a_message_that_never_came_is_made_up_for_by_the_sweep(system: System) -> None:
    ended(system)
    system.delete_run("r")
    system.outbox.deletions.clear()
    system.sweep()
    assert system.outbox.deletions == ["r"]
    system.remove()
    assert gone(system)


def test_the_sweep_asks_for_nothing_that_somebody_is_at(system: System) -> None:
    ended(system)
    system.delete_run("r")
    assert system.deletions.take("r", now_ms=system.clock(), until_ms=system.clock() + REMOVAL_LEASE_MS)
    system.outbox.deletions.clear()
    system.sweep()
    assert system.outbox.deletions == []
    system.remove_run("r")  # the same message, delivered twice
    assert len(system.all()) == 2


def test_one_run_in_trouble_keeps_no_other_from_being_deleted(system: System) -> None:
    for run_id in ("r", "s"):
        ended(system, run_id)
        system.clock.pass_s(OLD_S)
        system.delete_run(run_id)
    system.outbox.deletions.clear()
    system.die_after(1)
    with pytest.raises(Killed):
        system.remove_run("r")
    system.revive()
    system.sweep()
    assert system.outbox.deletions == ["s"]


class Slow:
    """A store whose `erase` takes three more steps at its beginning, or pauses once at its end; `between` is called there."""

    def __init__(self, store: Any, between: Callable[[], None], *, at_end: bool = False) -> None:
        self._store, self._between, self._at_end = store, between, at_end

    def erase(self, *what: Any) -> Iterator[int]:
        for _ in range(0 if self._at_end else 3):
            self._between()
            yield 0
        yield from self._store.erase(*what)
        if self._at_end:
            self._between()


def slowly(system: System, slow: str, between: Callable[[], None], **how: bool) -> None:
    """Removes the run with one of its stores slow."""
    stores: dict[str, Any] = {slow: Slow(getattr(system, slow), between, **how)}
    replace(system.remove_run, **stores)("r")


def test_a_long_deletion_keeps_its_right_and_no_second_one_begins(system: System) -> None:
    ended(system)
    system.clock.pass_s(OLD_S)
    system.delete_run("r")

    def long() -> None:
        system.clock.pass_s(REMOVAL_LEASE_MS / 1000 - 1)
        assert system.deletions.take("r", now_ms=system.clock(), until_ms=system.clock()) is None

    slowly(system, "tasks", long)
    assert items(system) == []


@pytest.mark.parametrize(("slow", "at_end"), [("storage", True), ("tasks", False), ("tasks", True), ("runners", True)])
def test_who_was_silent_for_too_long_deletes_nothing_of_a_new_run(system: System, slow: str, at_end: bool) -> None:
    """Paused while it deletes; another ends the deletion; the id is used again."""
    ended(system)
    system.clock.pass_s(OLD_S)
    system.delete_run("r")

    def paused() -> None:
        system.clock.pass_s(REMOVAL_LEASE_MS / 1000)
        if not system.outbox.sent:
            system.remove_run("r")
            assert items(system) == []
            system.create_run(BODY)
            system.outbox.sent.append("once")

    with pytest.raises(RemovalTakenOver):
        slowly(system, slow, paused, at_end=at_end)
    assert [task.status for task in system.all()] == [TaskStatus.PENDING] * 2
    assert system.found()[1].tally == {(0, TaskStatus.PENDING): 2}
    assert [active.run_id for active in system.runs.active()] == ["r"]
    assert keys(system) == ["runs/r/request.json"]


def late_run(system: System) -> ClaimReply:
    """A run that was stopped while a runner worked, deleted at once; the runner knows of nothing."""
    system.create_run(BODY)
    reply = claim(system)
    system.stop_run("r")
    system.drain()
    system.finalize()
    system.delete_run("r")
    system.remove()
    return reply


def test_of_a_young_run_only_its_id_is_left_until_nothing_more_can_come(system: System) -> None:
    reply = late_run(system)
    assert gone(system)
    (left,) = items(system)
    assert (left["pk"], left["state"], left["metadata"]) == ({"S": "RUN#r"}, {"S": "deleted"}, {"S": "{}"})
    uploaded(system, reply)  # its URL is still good
    system.clock.pass_s(OLD_S - 1)
    system.sweep()
    assert system.outbox.deletions == []
    system.clock.pass_s(1)
    system.sweep()
    system.remove()
    assert (items(system), keys(system)) == ([], [])


def test_the_id_of_a_young_run_is_free_when_nothing_more_can_come(system: System) -> None:
    system.create_run(BODY)
    system.stop_run("r")
    system.finalize()
    system.clock.pass_s(100)
    system.delete_run("r")
    for _ in range(2):  # while it is deleted, and after
        with pytest.raises(errors.Unavailable, match="deleted a short time ago") as refused:
            system.create_run(BODY)
        assert (refused.value.code, refused.value.retry_after_s) == ("being_deleted", OLD_S - 100)
        system.remove()
    system.clock.pass_s(OLD_S - 100)
    with pytest.raises(errors.Unavailable) as refused:
        system.create_run(BODY)
    assert refused.value.retry_after_s == 5  # free, and the sweep has yet to say so
    system.sweep()
    system.remove()
    assert system.create_run(BODY).state is RunState.RUNNING


def test_a_run_without_an_id_is_not_held_up_by_a_deleted_one(system: System) -> None:
    body = {name: value for name, value in BODY.items() if name != "run_id"}
    first = system.create_run(body)
    system.stop_run(first.run_id)
    system.finalize()
    system.delete_run(first.run_id)
    assert system.create_run(body).run_id == f"{first.run_id}-x1"


def test_late_messages_are_answered_as_of_an_unknown_run_and_bring_nothing_back(system: System) -> None:
    reply = late_run(system)
    assert reply.presigned_urls
    before = items(system)
    now_ms, key = system.clock(), reply.presigned_urls.result_key
    beat = Beat("one", 1, HeartbeatStatus.RUNNING, None, None, None, now_ms)
    handed_back = Verdict(
        TaskStatus.FAILED, "one", 1, now_ms, error_type="x", failure_class=FailureClass.INFRASTRUCTURE
    )
    for said in (
        lambda: system.renew_lease("r", 1, beat),
        lambda: system.finish_task("r", 1, verdict(system, "one", key)),
        lambda: system.finish_task("r", 1, handed_back),
        lambda: system.finish_task("r", 1, Verdict(TaskStatus.COMPLETED, "one", None, now_ms, result_key="made-up")),
        lambda: system.sign_uploads("r", 1, runner_id="one", holder=Holder(1), declared=None),
        lambda: claim(system),  # a copy of the request that got the task
        lambda: claim(system, "four"),
        lambda: system.read_runs.task("r", 1),
    ):
        with pytest.raises(errors.NotFound):
            said()
    system.build_archive("r")
    system.remove_run("r")
    system.sweep()
    assert items(system) == before


def test_the_stream_brings_no_counters_back(system: System) -> None:
    system.create_run(BODY)
    claim(system)
    system.stop_run("r")
    system.finalize()
    system.delete_run("r")
    system.remove()
    before = items(system)
    system.drain()  # all that ever happened to the run's tasks, their end too
    system.drain(again=99)
    assert items(system) == before
    assert system.outbox.sent == []


def test_a_sweep_that_still_knows_the_run_brings_nothing_back(system: System) -> None:
    """Its marker stands until the counters were verified; the sweep must not touch the rest of a run in deletion."""
    ended(system)
    active = system.runs.active()
    assert [marker.run_id for marker in active] == ["r"]
    system.delete_run("r")
    system.clock.pass_s(3_000)
    before = items(system)
    for _ in range(3):
        system.sweep()
        system.clock.pass_s(61)
    assert items(system) == before
    system.remove()
    system.sweep()
    assert len(items(system)) == 1


class Locked:
    """A client of a bucket that deletes nothing, and says so as S3 does: in an answer of status 200."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def delete_objects(self, **asked: Any) -> dict[str, Any]:
        return {"Errors": [{"Key": entry["Key"], "Code": "AccessDenied"} for entry in asked["Delete"]["Objects"]]}


def test_a_run_stays_as_long_as_its_bucket_keeps_an_object(system: System, clients: Clients) -> None:
    ended(system)
    system.delete_run("r")
    locked = Objects(Locked(clients.s3), bucket=system.objects._bucket)  # type: ignore[arg-type]
    with pytest.raises(StorageError, match=r"DeleteObjects of runs/r/request.json: AccessDenied"):
        replace(system.remove_run, storage=Storage(lambda: locked, clock=system.clock))("r")
    assert (system.run().state, len(system.all())) == (RunState.DELETING, 2)


def test_a_builder_that_is_late_loses_its_parts_and_its_archive(system: System) -> None:
    reply = late_run(system)
    assert reply.task
    archive = "runs/r/results.tar.gz"
    system.objects.put(archive, b"late", content_type="application/gzip")
    upload = system.objects.start_upload(archive)
    system.clock.pass_s(OLD_S)
    system.sweep()
    system.remove()
    assert (keys(system), system.objects.unfinished_uploads(archive)) == ([], [])
    system.objects.abort_upload(archive, upload)


@pytest.mark.proof
def test_more_objects_than_one_request_takes(system: System) -> None:
    ended(system)
    fill(system.objects, [f"runs/r/results/9/1-x/{number}" for number in range(1_001)])
    assert sum(system.storage.erase("r")) == 1_006
    assert keys(system) == []


def test_a_time_of_release_needs_no_completion(system: System) -> None:
    run: Run = system.create_run(BODY)
    assert free_at_ms(run) == run.deadline_ms + HANDED_OUT_MS
    assert free_at_ms(run.evolve(completed_ms=5)) == 5 + HANDED_OUT_MS
