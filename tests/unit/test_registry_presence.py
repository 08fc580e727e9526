"""When an executor is live, stale, gone or stuck; and what a sweep makes of it."""

from benchfleet_contract.registry.executors import Load
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.registry import expiring
from chalicelib.domain.registry.presence import Presence, Terms, interval_ms, is_stuck, next_generation, presence
from chalicelib.domain.registry.records import Executor
from tests.each_case import each_case
from tests.unit.registry_records import NOW_MS, an_executor

STALE_MS, GONE_MS = 30_000, 100_000


@each_case(
    ("after_ms", "expected"),
    [
        (0, Presence.LIVE), (STALE_MS - 1, Presence.LIVE), (STALE_MS, Presence.STALE), (GONE_MS - 1, Presence.STALE),
        (GONE_MS, Presence.GONE),
    ],
)  # fmt: skip
def test_presence_is_a_function_of_the_lease_and_the_time(after_ms: int, expected: Presence) -> None:
    assert presence(an_executor(), NOW_MS + after_ms) is expected


@each_case(
    ("interval_s", "stale_s", "removal_s"),
    [(10, 30, 100), (30, 90, 300), (1, 3, 10), (0.1, 3, 10), (1_000, 900, 3_000)],
)
def test_a_lease_lasts_three_intervals_and_an_executor_ten(interval_s: float, stale_s: int, removal_s: int) -> None:
    assert Terms().granted(interval_ms(interval_s)) == (stale_s * 1000, removal_s * 1000)


def test_terms_can_be_set_and_never_remove_before_they_expire() -> None:
    assert Terms(stale_s=60, removal_s=5).granted(10_000) == (60_000, 60_000)


@given(st.none() | st.integers(0, 2**53), st.integers(0, 2**53))
def test_generations_only_rise(previous: int | None, now_ms: int) -> None:
    assert next_generation(previous, now_ms) > (previous if previous is not None else -1)
    assert next_generation(previous, now_ms) >= now_ms


def test_a_hung_work_loop_does_not_look_alive_for_ever() -> None:
    working = an_executor(active=1, progress=7, progress_ms=NOW_MS)
    assert not is_stuck(working, NOW_MS + 599_999)
    assert is_stuck(working, NOW_MS + 600_000)
    assert not is_stuck(working.evolve(load=Load()), NOW_MS + 600_000)  # it does nothing, and says so


def silent(count: int, *, of: int, for_ms: int = GONE_MS) -> list[Executor]:
    quiet = [an_executor(f"quiet-{number}", last_seen_ms=NOW_MS - for_ms) for number in range(count)]
    return quiet + [an_executor(f"loud-{number}") for number in range(of - count)]


def sweep(
    executors: list[Executor], *, last_ms: int | None = NOW_MS - 60_000, until_ms: int | None = None
) -> expiring.Plan:
    return expiring.plan(executors, NOW_MS, last_sweep_ms=last_ms, guarded_until_ms=until_ms)


def test_a_sweep_writes_down_each_end_once() -> None:
    first = sweep(silent(1, of=4, for_ms=STALE_MS))
    assert [one.executor_id for one in first.stale] == ["quiet-0"]
    assert first.expired == ()
    assert sweep([one.evolve(noted="stale") for one in first.stale]).stale == ()


def test_a_sweep_expires_what_is_gone() -> None:
    assert [one.executor_id for one in sweep(silent(2, of=4)).expired] == ["quiet-0", "quiet-1"]
    assert [one.executor_id for one in sweep(silent(3, of=3)).expired] == ["quiet-0", "quiet-1", "quiet-2"]  # too few


@each_case(("count", "of", "last_ms"), [(3, 4, NOW_MS - 60_000), (1, 9, NOW_MS - 180_001)])
def test_many_at_once_or_a_sweep_that_was_away_removes_nothing(count: int, of: int, last_ms: int) -> None:
    plan = sweep(silent(count, of=of), last_ms=last_ms)
    assert (plan.expired, len(plan.suspects), plan.guarded_until_ms) == ((), count, NOW_MS + GONE_MS)
    assert len(plan.stale) == count


def test_a_guard_holds_until_its_end_and_begins_no_other_one() -> None:
    held = sweep(silent(3, of=4), until_ms=NOW_MS + 1)
    assert (held.expired, held.suspects) == ((), ())
    over = sweep(silent(3, of=4), until_ms=NOW_MS)
    assert (len(over.expired), over.guarded_until_ms) == (3, None)
