"""Schedules and firings in the table: who is first, has it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.scheduling import Firing, FiringState, Schedule, ScheduleState, Target
from chalicelib.store.schedules import BodyItems, FiringStore, ScheduleStore
from tests.contract.conftest import Stores

SCHEDULE = Schedule(
    name="nightly", state=ScheduleState.CREATING, fingerprint="f" * 64, created_ms=1_000, anchor_ms=2_000,
    expression="rate(1 hour)", time_zone="UTC", overlap="queue", workload="mock", made_secret=True, in_bucket=True,
    notify=(Target(("end",), "sns", "arn:aws:sns:r:1:benchfleet-t"), Target(("failure",), "webhook", "https://h", "/s")),
)  # fmt: skip
FIRING = Firing(SCHEDULE.key, 5_000, "schedule")
FULL = replace(
    FIRING, state=FiringState.STARTED, run_id="r", outcome="completed", reason="why", ended_ms=9, tasks=3, tasks_failed=1,
    regression=("worse",), regressed=True,
)  # fmt: skip


@pytest.fixture
def schedules(stores: Stores) -> ScheduleStore:
    return ScheduleStore(stores.table)


@pytest.fixture
def firings(stores: Stores) -> FiringStore:
    return FiringStore(stores.table)


def test_a_schedule_comes_back_as_it_was(schedules: ScheduleStore) -> None:
    assert schedules.add(SCHEDULE)
    assert not schedules.add(replace(SCHEDULE, created_ms=2_000))
    assert schedules.get("nightly") == SCHEDULE
    assert (schedules.get("weekly"), schedules.all()) == (None, [SCHEDULE])


def test_the_slot_is_handed_on_to_who_waits(schedules: ScheduleStore) -> None:
    schedules.add(SCHEDULE)
    assert not schedules.wait(SCHEDULE, 1)  # there is nobody to wait for
    assert [schedules.take_slot(SCHEDULE, at) for at in (1, 1, 2)] == [True, True, False]
    assert [schedules.wait(SCHEDULE, at) for at in (2, 2, 3)] == [True, True, False]
    assert not schedules.release(SCHEDULE, 2)
    assert schedules.release(SCHEDULE, 1)
    found = schedules.get("nightly")
    assert found
    assert (found.open_ms, found.waiting_ms) == (2, None)
    assert schedules.release(SCHEDULE, 2)
    assert not schedules.release(SCHEDULE, 2)


@pytest.mark.parametrize(
    "verb",
    [
        lambda store, schedule: store.activate(schedule), lambda store, schedule: store.begin_deletion(schedule),
        lambda store, schedule: store.take_slot(schedule, 1),
    ],
)  # fmt: skip
def test_another_schedule_of_the_same_name_is_not_touched(
    schedules: ScheduleStore, verb: Callable[[ScheduleStore, Schedule], bool]
) -> None:
    schedules.add(SCHEDULE)
    assert not verb(schedules, replace(SCHEDULE, created_ms=999))
    assert verb(schedules, SCHEDULE)


def test_a_schedule_ends_only_when_it_is_being_deleted(schedules: ScheduleStore) -> None:
    schedules.add(SCHEDULE)
    schedules.end(SCHEDULE)
    assert schedules.activate(SCHEDULE)
    assert schedules.begin_deletion(SCHEDULE)
    assert not schedules.activate(SCHEDULE)
    assert schedules.stir("nightly") is None
    schedules.end(SCHEDULE)
    assert schedules.get("nightly") is None


def test_what_happened_after_it_was_read_is_not_settled(schedules: ScheduleStore) -> None:
    schedules.add(SCHEDULE)
    seen = schedules.stir("nightly")
    assert seen
    schedules.stir("nightly")
    schedules.settle(seen)
    found = schedules.get("nightly")
    assert found
    assert (found.stirred, found.settled) == (2, 1)


def test_a_firing_is_noted_once_and_changes_from_what_was_seen(firings: FiringStore) -> None:
    assert firings.add(FIRING)
    assert not firings.add(FIRING)
    assert firings.change(FIRING, FULL)
    assert not firings.change(FIRING, FULL)
    firings.note_undelivered(FIRING.schedule, FIRING.at_ms, "one")
    firings.note_undelivered(FIRING.schedule, FIRING.at_ms, "two")
    firings.note_undelivered(FIRING.schedule, 77, "nobody")
    assert firings.get(FIRING.schedule, FIRING.at_ms) == replace(FULL, undelivered=("one", "two"))
    assert firings.get(FIRING.schedule, 77) is None


def test_the_newest_firings_come_first_and_may_be_dropped(firings: FiringStore, stores: Stores) -> None:
    BodyItems(stores.table).keep(SCHEDULE.key, b"body")
    all_ = [replace(FIRING, at_ms=at) for at in (1, 2, 3)]
    for firing in all_:
        firings.add(firing)
    assert firings.newest(SCHEDULE.key, limit=2) == [all_[2], all_[1]]
    firings.drop(all_[:1])
    assert firings.newest(SCHEDULE.key, limit=9) == [all_[2], all_[1]]
    assert sum(firings.erase(SCHEDULE.key)) == 3
    assert BodyItems(stores.table).read(SCHEDULE.key) is None


def test_a_token_stands_for_the_time_of_its_first_use(firings: FiringStore) -> None:
    assert [firings.time_of("k", token, now_ms=now) for token, now in (("a", 1), ("a", 2), ("b", 3))] == [1, 1, 3]
