"""The checker is only worth its silence if it speaks up: every fault is shown to it by hand, and by a random liar."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case
from tests.proof.events import (
    ClaimInvoked,
    ClaimReturned,
    Dropped,
    EndAcknowledged,
    EndInvoked,
    Event,
    FinalTask,
    Recorder,
    Refused,
    Renewed,
)
from tests.proof.history import Fault, check, ownerships


def claimed(task: str, *, at: float, runner: str, attempt: int = 1, lease_until: float = 100.0) -> list[Event]:
    token = f"{runner}-{task}-{attempt}"
    told = ClaimReturned(at + 1, runner, token, task=task, attempt=attempt, lease_until=lease_until)
    return [ClaimInvoked(at, runner, token), told]


def completed(task: str, *, at: float, runner: str, attempt: int = 1) -> list[Event]:
    key = f"{task}/{attempt}"
    return [
        EndInvoked(at, runner, task, attempt, "completed", key),
        EndAcknowledged(at + 1, runner, task, attempt, "completed", key),
    ]


def done(task: str, *, runner: str, attempt: int = 1) -> FinalTask:
    return FinalTask(task, "completed", attempt, runner, f"{task}/{attempt}")


def faults(events: list[Event], final: list[FinalTask], counters: dict[str, int] | None = None) -> set[Fault]:
    return {violation.fault for violation in check(events, final, counters)}


def test_one_runner_that_claims_and_completes_is_fine() -> None:
    events = claimed("t", at=0, runner="a") + completed("t", at=5, runner="a")
    assert check(events, [done("t", runner="a")], {"total": 1, "completed": 1}) == []


def test_a_task_that_goes_on_to_another_runner_after_its_lease_is_fine() -> None:
    events = claimed("t", at=0, runner="a", lease_until=10)
    events += claimed("t", at=11, runner="b", attempt=2) + completed("t", at=20, runner="b", attempt=2)
    events.append(Refused(21, "a", "t", 1, "lease_lost"))
    assert check(events, [done("t", runner="b", attempt=2)]) == []


def test_a_reply_that_was_lost_and_asked_for_again_is_one_lease() -> None:
    events = claimed("t", at=0, runner="a")
    events += [Dropped(1, "a", "claim"), *claimed("t", at=2, runner="a"), *completed("t", at=5, runner="a")]
    assert len(ownerships(events)) == 1
    assert check(events, [done("t", runner="a")]) == []


@each_case("attempt", [1, 2])
def test_two_holders_at_once_are_found(attempt: int) -> None:
    events = claimed("t", at=0, runner="a") + claimed("t", at=5, runner="b", attempt=attempt)
    assert Fault.OWNED_TWICE in faults(events, [FinalTask("t", "claimed", attempt, "b")])


def test_a_renewed_lease_that_is_given_away_is_found() -> None:
    events = [*claimed("t", at=0, runner="a", lease_until=10), Renewed(9, "a", "t", 1, 30)]
    events += claimed("t", at=11, runner="b", attempt=2)
    assert faults(events, [FinalTask("t", "claimed", 2, "b")]) == {Fault.OWNED_TWICE}


def test_a_holder_who_asked_for_the_end_holds_no_longer() -> None:
    events = [*claimed("t", at=0, runner="a"), EndInvoked(4, "a", "t", 1, "failed")]
    events += claimed("t", at=5, runner="b", attempt=2)
    assert faults(events, [FinalTask("t", "claimed", 2, "b")]) == set()


def test_a_lease_of_which_nobody_was_told_is_an_orphan() -> None:
    assert faults([Dropped(1, "a", "claim")], [FinalTask("t", "claimed", 1, "a")]) == {Fault.ORPHAN}


def test_a_wish_that_was_answered_with_two_tasks_leaves_an_orphan() -> None:
    events: list[Event] = [ClaimInvoked(0, "a", "x"), ClaimReturned(1, "a", "x", "t", 1, 100)]
    events.append(ClaimReturned(3, "a", "x", "u", 1, 100))
    assert faults(events, [FinalTask("t", "claimed", 1, "a"), FinalTask("u", "claimed", 1, "a")]) == {Fault.ORPHAN}


def test_a_task_that_vanished_is_an_orphan() -> None:
    assert faults(claimed("t", at=0, runner="a"), []) == {Fault.ORPHAN}


@each_case(
    "final",
    [
        FinalTask("t", "completed", 1, "a", "another key"),
        FinalTask("t", "failed", 1, "a"),
        FinalTask("t", "completed", 2, "b", "t/2"),
    ],
)
def test_an_acknowledged_result_that_is_not_there_is_found(final: FinalTask) -> None:
    events = claimed("t", at=0, runner="a") + completed("t", at=5, runner="a")
    assert Fault.LOST_RESULT in faults(events, [final])


def test_an_acknowledged_failure_that_became_a_success_of_the_same_attempt_is_found() -> None:
    events = [*claimed("t", at=0, runner="a"), EndAcknowledged(5, "a", "t", 1, "failed")]
    assert faults(events, [done("t", runner="a")]) == {Fault.LOST_RESULT}


def test_an_attempt_that_goes_backwards_is_found() -> None:
    events = claimed("t", at=0, runner="a", attempt=2, lease_until=5) + claimed("t", at=10, runner="b", attempt=1)
    assert Fault.ATTEMPT_REGRESSION in faults(events, [FinalTask("t", "claimed", 1, "b")])


def test_an_owner_who_is_told_that_it_lost_its_lease_is_found() -> None:
    events = [*claimed("t", at=0, runner="a"), Refused(5, "a", "t", 1, "lease_lost")]
    assert faults(events, [FinalTask("t", "claimed", 1, "a")]) == {Fault.WRONGLY_REFUSED}


def test_an_accepted_outcome_whose_repeat_is_refused_is_found() -> None:
    events = [*claimed("t", at=0, runner="a"), EndInvoked(5, "a", "t", 1, "completed", "t/1")]
    events += [Dropped(6, "a", "complete"), Refused(7, "a", "t", 1, "task_finished")]
    assert faults(events, [done("t", runner="a")]) == {Fault.WRONGLY_REFUSED}


def test_a_stopped_run_may_refuse_its_owner() -> None:
    events = [*claimed("t", at=0, runner="a"), Refused(5, "a", "t", 1, "task_cancelled")]
    assert faults(events, [FinalTask("t", "cancelled", 1, "a")]) == set()


def test_counters_that_differ_from_a_recount_are_found() -> None:
    final = [FinalTask("t", "pending", 0)]
    assert faults([], final, {"total": 1, "pending": 1}) == set()
    assert faults([], final, {"total": 1, "pending": 0}) == {Fault.COUNTERS}
    assert faults([], final, {"total": 1, "pending": 1, "running": 1}) == {Fault.COUNTERS}


def test_the_recorder_stamps_events_in_order_of_time() -> None:
    ticks = iter([1.0, 2.0])
    recorder = Recorder(now=lambda: next(ticks))
    recorder.record(lambda at: Dropped(at, "a", "claim"))
    recorder.record(lambda at: Dropped(at, "b", "claim"))
    assert [event.at for event in recorder.events()] == [1.0, 2.0]


steps = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.booleans()), max_size=30)


def played(moves: list[tuple[int, str, bool]]) -> tuple[list[Event], list[FinalTask]]:
    """A perfect server: each move lets a runner claim a task, which it then completes or lets run out."""
    events: list[Event] = []
    state = {f"t{number}": FinalTask(f"t{number}", "pending", 0) for number in range(4)}
    for at, (number, runner, finishes) in enumerate(moves):
        before = state[f"t{number}"]
        if before.status == "completed":
            continue
        attempt, start = before.attempt + 1, at * 10.0
        events += claimed(before.task, at=start, runner=runner, attempt=attempt, lease_until=start + 5)
        state[before.task] = FinalTask(before.task, "claimed", attempt, runner)
        if finishes:
            events += completed(before.task, at=start + 2, runner=runner, attempt=attempt)
            state[before.task] = done(before.task, runner=runner, attempt=attempt)
    return events, list(state.values())


@given(steps)
def test_a_perfect_server_is_never_accused(moves: list[tuple[int, str, bool]]) -> None:
    events, final = played(moves)
    assert check(events, final) == []


def forget(task: FinalTask) -> FinalTask:
    return FinalTask(task.task, "pending", 0)


def other_key(task: FinalTask) -> FinalTask:
    return FinalTask(task.task, task.status, task.attempt, task.runner, "other")


def other_attempt(task: FinalTask) -> FinalTask:
    return FinalTask(task.task, task.status, task.attempt + 1, task.runner, task.key)


@given(steps, st.sampled_from([forget, other_key, other_attempt]), st.data())
def test_a_server_that_changes_one_accepted_task_is_always_accused(
    moves: list[tuple[int, str, bool]], lie: Callable[[FinalTask], FinalTask], data: st.DataObject
) -> None:
    events, final = played([*moves, (0, "a", True)])
    victim = data.draw(st.sampled_from([task for task in final if task.status == "completed"]))
    assert check(events, [lie(task) if task == victim else task for task in final]) != []
