"""What a sweep decides about leases, without doing it."""

from benchfleet_contract.states import TaskStatus
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.records import Task
from chalicelib.domain.sweeping import MASS_EXPIRY_LEASES, MASS_EXPIRY_SHARE, plan
from tests.contract.records import a_task

NOW = 1_000_000


def leased(number: int, *, over: bool, attempt: int = 1, extended: bool = False) -> Task:
    until = NOW - 1 if over else NOW + 1
    return a_task(
        number, status=TaskStatus.RUNNING, attempt=attempt, max_attempts=2, lease_until_ms=until, extended=extended
    )


def fleet(*, size: int, over: int, extended: bool = False) -> list[Task]:
    return [leased(number, over=number < over, extended=extended and number < over) for number in range(size)]


def test_an_expired_lease_goes_to_another_runner_while_attempts_are_left() -> None:
    first, last, alive = leased(1, over=True), leased(2, over=True, attempt=2), leased(3, over=False)
    decided = plan([first, last, alive], now_ms=NOW)
    assert (decided.requeue, decided.fail, decided.extend, decided.guarded) == ([first], [last], [], False)


def test_a_third_of_many_at_once_are_extended() -> None:
    decided = plan(fleet(size=10, over=4), now_ms=NOW)
    assert (len(decided.extend), decided.requeue, decided.fail, decided.guarded) == (4, [], [], True)


def test_up_to_thirty_percent_are_taken_for_dead() -> None:
    decided = plan(fleet(size=10, over=3), now_ms=NOW)
    assert (len(decided.requeue), decided.extend, decided.guarded) == (3, [], False)


def test_few_leases_say_nothing_of_a_brown_out() -> None:
    assert not plan(fleet(size=3, over=3), now_ms=NOW).guarded
    assert plan(fleet(size=4, over=4), now_ms=NOW).guarded


def test_a_lease_is_extended_once_only() -> None:
    again = plan(fleet(size=10, over=4, extended=True), now_ms=NOW)
    assert (len(again.requeue), again.extend, again.guarded) == (4, [], False)
    mixed = [leased(1, over=True, extended=True), *(leased(number, over=True) for number in (2, 3, 4))]
    decided = plan(mixed, now_ms=NOW)
    assert ([task.number for task in decided.extend], [task.number for task in decided.requeue]) == ([2, 3, 4], [1])


tasks = st.builds(leased, st.integers(1, 99), over=st.booleans(), attempt=st.integers(1, 3), extended=st.booleans())


@given(st.lists(tasks, max_size=20))
def test_each_expired_lease_is_decided_exactly_once_and_no_other(seen: list[Task]) -> None:
    decided = plan(seen, now_ms=NOW)
    over = [task for task in seen if (task.lease_until_ms or 0) < NOW]
    chosen = decided.extend + decided.requeue + decided.fail
    assert sorted(map(id, chosen)) == sorted(map(id, over))
    assert not any(task.extended for task in decided.extend)
    assert all(task.attempt >= task.max_attempts for task in decided.fail)
    if decided.guarded:
        assert len(seen) >= MASS_EXPIRY_LEASES
        assert len(over) > MASS_EXPIRY_SHARE * len(seen)
