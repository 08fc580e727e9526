"""Schedules: whole or absent whenever somebody dies, one run for each time, overlap, history, notifications, deletion."""

import json
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from benchfleet_contract.summary import RunSummary, SummaryBoard, SummaryRow

from chalicelib.archive import layout
from chalicelib.domain.errors import InvalidSchedule, ScheduleExists, ScheduleNotFound, Unavailable
from chalicelib.domain.schedule_ports import NotDelivered
from chalicelib.services.schedules.deliver import DELAYS_S
from tests.contract.system import Clients, Killed
from tests.services.scheduled import STACK, Scheduled

HOOK = {"webhook": "https://hooks.example.com/t0ken"}


@pytest.fixture
def system(clients: Clients) -> Scheduled:
    return Scheduled(clients)


# made


def test_a_schedule_is_shown_with_its_next_firings(system: Scheduled) -> None:
    made = system.make()
    shown = system.shown()
    assert shown
    assert (made.secret, made.warnings, shown.run) == (None, [], system.body()["run"])
    assert len(shown.next_firings) == 5
    assert system.timers.made == {made.schedule.key}


@pytest.mark.parametrize("writes", range(5))
def test_whoever_makes_it_may_die_at_any_write_and_the_same_request_ends_in_the_same_state(
    system: Scheduled, writes: int
) -> None:
    system.die_after(writes)
    try:
        system.make(notify=[HOOK])
        system.revive()
    except Killed:
        system.revive()
        assert system.shown() is None
    system.clock.pass_s(1)
    system.make(notify=[HOOK])
    shown = system.shown()
    assert shown
    assert shown.run == system.body()["run"]
    assert len(system.timers.made) == len(system.secrets.kept) == 1
    assert len(system.left()) == 2


@pytest.mark.parametrize("writes", range(4))
def test_what_is_half_made_is_swept_away(system: Scheduled, writes: int) -> None:
    """The last write is the one that makes it whole."""
    system.die_after(writes)
    system.timers.dies = writes == 3
    with pytest.raises(Killed):
        system.make(notify=[HOOK])
    system.revive()
    system.timers.dies = False
    system.sweep_schedules()
    system.turn()
    assert bool(system.left()) == (writes > 0)  # it may still be at it
    system.clock.pass_s(121)
    system.sweep_schedules()
    system.turn()
    assert (system.left(), system.timers.made, system.secrets.kept) == ([], set(), {})


def test_one_that_fires_while_it_is_half_made_is_whole(system: Scheduled) -> None:
    system.timers.dies = True
    with pytest.raises(Killed):
        system.make()
    assert system.fire("nightly", system.at(0))
    system.turn()
    assert system.states() == ["running"]


def test_what_eventbridge_refuses_leaves_nothing(system: Scheduled) -> None:
    system.timers.refuses = True
    with pytest.raises(InvalidSchedule):
        system.make(notify=[HOOK])
    system.turn()
    assert (system.left(), system.secrets.kept) == ([], {})


def test_another_schedule_of_the_same_name_is_a_conflict(system: Scheduled) -> None:
    system.make()
    with pytest.raises(ScheduleExists):
        system.make(overlap="allow")


def test_a_run_that_post_runs_would_refuse_is_refused(system: Scheduled) -> None:
    with pytest.raises(InvalidSchedule) as refused:
        system.make(
            run={"workload": "mock", "run_id": "x"}, notify=[{"sns": "arn:aws:sns:eu-west-1:123456789012:other"}]
        )
    fields = {problem.field for problem in refused.value.problems}
    assert fields == {"run.(providers)", "run.run_id", "run.per_instance_type.tasks", "notify[0].sns"}
    assert system.left() == []


def test_a_large_run_lies_in_the_bucket_and_goes_with_its_schedule(system: Scheduled) -> None:
    run = {**system.body()["run"], "note": random.Random(1).randbytes(400_000).hex()}
    made = system.make(run=run)
    shown = system.shown()
    assert shown
    assert shown.run == run
    assert (made.schedule.in_bucket, len(system.left())) == (True, 1)
    system.delete("nightly")
    system.turn()
    assert system.objects.head(layout.schedule_key(made.schedule.key)) is None


# fired


def test_one_time_makes_one_run_however_often_it_is_delivered(system: Scheduled) -> None:
    system.make(overlap="allow")
    for _ in range(3):
        system.fire_at(0)
        system.turn()
    assert system.states() == ["running"]
    run_id = _run_ids(system)[0]
    assert system.run(run_id).origin == "schedule:nightly"
    assert len(system.read_runs.newest(cursor=None).runs) == 1


@pytest.mark.parametrize("writes", range(14))
def test_whoever_starts_a_run_may_die_at_any_write(system: Scheduled, writes: int) -> None:
    system.make()
    system.die_after(writes)
    try:
        system.fire_at(0)
        system.turn()
    except Killed:
        pass
    system.revive()
    system.fire_at(0)  # Lambda tries again
    with suppress(Unavailable):  # its run is half made: only a sweep may say that nobody is at it any more
        system.turn()
    system.clock.pass_s(16 * 60)
    system.sweep()
    system.remove()
    system.sweep_schedules()
    system.turn()
    assert system.states() == ["running"]
    assert len(system.read_runs.newest(cursor=None).runs) == 1


def test_what_overlaps_is_skipped_with_its_reason(system: Scheduled) -> None:
    system.make(overlap="skip")
    for seconds in (0, 60):
        system.fire_at(seconds)
        system.turn()
    assert system.states() == ["running", "skipped"]
    (first,) = _run_ids(system)
    shown = system.shown()
    assert shown
    assert shown.firings[0].reason == f"run {first} had not ended"


def test_one_waits_and_starts_when_the_run_before_has_ended(system: Scheduled) -> None:
    system.make(overlap="queue")
    for seconds in (0, 60, 120):
        system.fire_at(seconds)
        system.turn()
    assert system.states() == ["running", "waiting", "skipped"]
    system.end_run(_run_ids(system)[0])
    system.sweep_schedules()
    system.turn()
    assert system.states() == ["cancelled", "running", "skipped"]
    system.end_run(_run_ids(system)[0])
    system.sweep_schedules()
    system.turn()
    assert system.states() == ["cancelled", "cancelled", "skipped"]
    system.clock.pass_s(120)
    assert system.sweep_schedules() == 0


def test_what_may_overlap_does(system: Scheduled) -> None:
    system.make(overlap="allow")
    for seconds in (0, 60):
        system.fire_at(seconds)
    system.turn()
    assert system.states() == ["running", "running"]


def test_a_run_whose_tasks_are_not_counted_yet_has_not_ended(system: Scheduled) -> None:
    system.make()
    system.fire_at(0)
    system.turn()
    (run_id,) = _run_ids(system)
    system.stop_run(run_id)
    system.build_archive(run_id)
    system.advance_schedule("nightly")
    assert system.states() == ["running"]
    system.drain()
    system.advance_schedule("nightly")
    assert system.states() == ["cancelled"]


def test_a_run_that_is_deleted_frees_its_schedule(system: Scheduled) -> None:
    system.make()
    system.fire_at(0)
    system.turn()
    (run_id,) = _run_ids(system)
    system.end_run(run_id)
    system.delete_run(run_id)
    system.remove()
    system.fire_at(60)
    system.turn()
    assert system.states() == ["deleted", "running"]


def test_the_newest_fifty_firings_are_kept(system: Scheduled) -> None:
    system.make(overlap="skip")
    for minute in range(60):
        system.fire_at(60 * minute)
        system.turn()
    assert len(system.states()) == 50
    kept = [item for item in system.left() if item["sk"]["S"].startswith("F#")]
    assert len(kept) == 51  # the oldest one's run goes on


def test_a_firing_whose_run_cannot_be_made_says_why_and_frees_the_slot(system: Scheduled) -> None:
    system.make(notify=[HOOK])
    system.fire_at(0)
    key = system.schedules.all()[0]
    system.create_run({**system.body()["run"], "run_id": "nightly-" + _stamp(system.at(0)), "lease_s": 7})
    system.turn()
    assert system.states() == ["not_started"]
    assert system.schedules.get("nightly").open_ms is None  # type: ignore[union-attr]
    system.post_all()
    (_, delivery_id, _, body) = system.post.sent[0]
    assert json.loads(body)["events"] == ["end", "failure"]
    assert delivery_id.startswith(key.key)


def test_asked_for_now_it_fires_once_for_each_token(system: Scheduled) -> None:
    system.make(overlap="allow")
    firings = [system.fire.now("nightly", token)[1] for token in ("a", "a", None)]
    system.clock.pass_s(0.01)
    firings.append(system.fire.now("nightly", "a")[1])
    firings.append(system.fire.now("nightly", "b")[1])
    assert len({firing.at_ms for firing in firings}) == 2
    with pytest.raises(ScheduleNotFound):
        system.fire.now("weekly", None)


def test_a_schedule_that_is_gone_fires_nothing(system: Scheduled) -> None:
    assert not system.fire("nightly", system.at(0))
    assert system.left() == []


def test_once_an_hour_every_schedule_is_seen_to(system: Scheduled) -> None:
    """Whoever noted a firing may have died before he said that something happened."""
    made = system.make()
    system.clock.pass_s(61)
    assert system.sweep_schedules() == 0
    system.clock.pass_s(3_600 - 61)
    assert system.sweep_schedules() == 1
    assert made.schedule.name == system.queue.names[-1]


# deleted


@pytest.mark.parametrize("writes", range(6))
def test_whoever_deletes_it_may_die_at_any_write(system: Scheduled, writes: int) -> None:
    system.make(notify=[HOOK])
    system.fire_at(0)
    system.turn()
    system.die_after(writes)
    try:
        system.delete("nightly")
        system.turn()
    except Killed:
        pass
    system.revive()
    if system.shown():
        system.delete("nightly")
    system.sweep_schedules()
    system.turn()
    assert (system.left(), system.timers.made, system.secrets.kept) == ([], set(), {})
    assert len(system.read_runs.newest(cursor=None).runs) == 1


def test_a_name_that_is_free_again_has_nothing_of_the_one_before(system: Scheduled) -> None:
    system.make()
    system.fire_at(0)
    system.turn()
    before = system.schedules.get("nightly")
    assert before
    system.delete("nightly")
    with pytest.raises(Unavailable, match="being deleted"):
        system.make()
    system.turn()
    system.clock.pass_s(1)
    system.make()
    system.advance_schedule._removed(before)  # a late one: what it deletes is not what is there now
    assert system.states() == []
    assert system.shown()


# told


def test_whom_it_may_concern_is_told_once_with_the_same_bytes(system: Scheduled) -> None:
    topic = f"arn:aws:sns:eu-west-1:123456789012:{STACK}-ci"
    system.make(notify=[{"on": ["end"], "sns": topic}, {"on": ["failure"], **HOOK}, {"on": ["regression"], **HOOK}])
    system.fire_at(0)
    system.turn()
    system.end_run(_run_ids(system)[0])
    system.sweep_schedules()
    system.turn()
    system.turn()
    assert system.post_all() == [0]
    ((address, _, subject, body),) = system.post.sent
    told = json.loads(body)
    assert (address, told["events"], told["state"], told["schedule"]) == (topic, ["end"], "cancelled", "nightly")
    assert subject.startswith("benchfleet nightly: ended, run nightly-")


def test_what_is_not_taken_is_tried_again_later_and_given_up_in_the_end(system: Scheduled) -> None:
    _ended_with_hook(system)
    system.post.problem = NotDelivered("hooks.example.com answered with 503")
    delays = [system.post_all() for _ in range(7)]
    assert delays == [[0], *([delay] for delay in DELAYS_S), []]
    shown = system.shown()
    assert shown
    assert shown.firings[0].undelivered == ["hooks.example.com answered with 503 (given up after 6 tries)"]


def test_what_no_other_try_would_mend_is_given_up_at_once(system: Scheduled) -> None:
    _ended_with_hook(system)
    system.post.problem = NotDelivered("no public address", forever=True)
    assert [system.post_all(), system.post_all()] == [[0], []]


def test_nobody_is_told_of_a_schedule_that_is_gone(system: Scheduled) -> None:
    _ended_with_hook(system)
    deliveries, system.queue.deliveries = system.queue.deliveries, []
    system.delete("nightly")
    system.turn()
    system.queue.deliveries = deliveries
    system.post_all()
    assert system.post.sent == []


@pytest.mark.parametrize(
    ("means", "found", "words"),
    [
        ((10.0, 10.1), False, "not worse than run"),
        ((10.0, 12.0), True, "20.0 % worse than run"),
        ((10.0, 8.0), False, "not worse than run"),
        ((None, 12.0), False, "no earlier run of this schedule with a summary"),
        ((10.0, None), False, "this run has no summary"),
    ],
)
def test_a_run_is_compared_with_the_one_before(
    system: Scheduled, means: tuple[float | None, float | None], found: bool, words: str
) -> None:
    system.make(notify=[{"on": ["regression"], **HOOK}])
    for number, mean in enumerate(means):
        system.fire_at(60 * number)
        system.turn()
        (run_id,) = _run_ids(system)[:1]
        _complete(system, run_id, mean)
        system.sweep_schedules()
        system.turn()
    shown = system.shown()
    assert shown
    assert words in " ".join(shown.firings[0].regression or [])
    assert bool(system.queue.deliveries) == found


def _run_ids(system: Scheduled) -> list[str]:
    """Of the firings, newest first."""
    shown = system.shown()
    return [firing.run_id for firing in shown.firings if firing.run_id] if shown else []


def _complete(system: Scheduled, run_id: str, mean: float | None) -> None:
    """The run ends well, and measured this."""
    system.end_run(run_id)
    run = system.table_item(run_id)
    system.dynamodb.put_item(TableName=system.table_name, Item={**run, "state": {"S": "completed"}})
    key = layout.summary_key(run_id)
    if mean is None:
        system.objects.delete_some(key)
    else:
        system.objects.put(key, _summary(run_id, mean).model_dump_json().encode(), content_type="application/json")


def _summary(run_id: str, mean: float) -> RunSummary:
    row: dict[str, Any] = {
        "place": 1, "label": "box", "mean": mean, "interval": (mean * 0.99, mean * 1.01), "ratio": 1.0, "ratio_interval": None,
        "difference": None, "difference_interval": None, "verdict": "best", "tasks": 3, "instances": None,
    }  # fmt: skip
    board = SummaryBoard(
        title="mock", metric="time", unit="ms", better="lower", scale="ratio", benchmarks=2,
        benchmarks_digest="d", benchmarks_left_out=0, not_compared=None, told_apart=True, ranking=[SummaryRow(**row)],
    )  # fmt: skip
    return RunSummary(run_id=run_id, by=["machine"], tasks=3, boards=[board], omitted=[])


def _ended_with_hook(system: Scheduled) -> None:
    system.make(notify=[HOOK])
    system.fire_at(0)
    system.turn()
    system.end_run(_run_ids(system)[0])
    system.sweep_schedules()
    system.turn()


def _stamp(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y%m%dT%H%M%S}Z"
