"""Load, pressure and the one word for it."""

from benchfleet_contract.registry.executors import ExecutorStatus, Load, Pressure

from chalicelib.domain.registry.pressure import best, free_slots, is_overloaded, pressure, status, utilization
from chalicelib.domain.registry.records import ExecutorState
from tests.each_case import each_case
from tests.unit.registry_records import NOW_MS, an_executor


@each_case(
    ("active", "expected"),
    [(0, "idle"), (1, "normal"), (79, "normal"), (80, "high"), (99, "high"), (100, "overloaded")],
)
def test_pressure_rises_with_utilization(active: int, expected: Pressure) -> None:
    assert pressure(an_executor(active=active, slots=100)) == expected


@each_case(("cache", "expected"), [(0.79, "idle"), (0.80, "high"), (0.94, "high"), (0.95, "overloaded")])
def test_a_full_cache_counts_too(cache: float, expected: Pressure) -> None:
    assert pressure(an_executor(load=Load(kv_cache_utilization=cache))) == expected


def test_a_long_queue_is_too_much_whatever_the_slots() -> None:
    assert pressure(an_executor(queued=6, slots=100)) == "overloaded"
    assert pressure(an_executor(queued=5, slots=100)) == "normal"


@each_case(("active", "queued", "still"), [(85, 0, True), (80, 0, True), (79, 1, True), (79, 0, False)])
def test_who_was_overloaded_stays_so_until_well_below(active: int, queued: int, still: bool) -> None:
    assert is_overloaded(an_executor(active=active, queued=queued, slots=100, overloaded=True)) is still
    assert not is_overloaded(an_executor(active=active, queued=queued, slots=100))


def test_what_was_handed_out_between_two_heartbeats_counts() -> None:
    executor = an_executor(active=1, assigned=3, slots=4)
    assert (utilization(executor), free_slots(executor)) == (0.75, 1)


def test_one_slot_is_idle_or_overloaded() -> None:
    assert [pressure(an_executor(active=active, slots=1)) for active in (0, 1)] == ["idle", "overloaded"]


def test_nobody_else_gets_a_slot_of_what_is_reserved_whole() -> None:
    assert free_slots(an_executor(exclusive="reservation")) == 0


@each_case(
    ("changes", "is_available", "expected"),
    [
        ({}, True, "available"),
        ({"active": 8}, True, "busy"),
        ({"active": 10}, True, "overloaded"),
        ({}, False, "unavailable"),
        ({"active": 10}, False, "unavailable"),
        ({"last_seen_ms": NOW_MS - 30_000}, True, "stale"),
        ({"state": ExecutorState.DRAINING, "last_seen_ms": NOW_MS - 30_000}, False, "draining"),
    ],
)
def test_one_word_for_each(changes: dict[str, object], is_available: bool, expected: ExecutorStatus) -> None:
    assert status(an_executor(**changes), NOW_MS, is_available=is_available) == expected  # type: ignore[arg-type]


def test_a_model_is_as_well_off_as_its_best_executor() -> None:
    assert best(["stale", "busy", "draining"]) == "busy"
    assert best([]) == "unavailable"
