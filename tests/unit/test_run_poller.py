"""Looks are light: one request, and tasks only where they are worth it. Estimates and reasons come from them."""

from datetime import timedelta
from typing import Any

from benchfleet.watch.estimate import remaining_s
from benchfleet.watch.poller import RunPoller, Snapshot
from benchfleet.watch.waiting import WaitReasons
from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.tasks import Task

from tests.each_case import each_case
from tests.unit.run_parts import START, FakeClient, HandClock, detail, group, runner, task


def polled(client: FakeClient, times: int, *, every_s: float = 1.0) -> Snapshot:
    clock = HandClock()
    poller = RunPoller(client, "7", clock=lambda: clock.now_s)
    for _ in range(times):
        found = poller.poll()
        clock.sleep(every_s)
    return found


def client(*story: RunDetail, known: list[Task] | None = None, seen: list[RunnerSeen] | None = None) -> FakeClient:
    return FakeClient(list(story), known=known or [], seen=seen, exists=True)


def test_tasks_of_a_small_run_are_read_now_and_then_and_ever_more_seldom_while_they_tell_nothing_new() -> None:
    api = client(detail(groups=[group(running=2)]), known=[task(1), task(2)])
    assert [found.id for found in polled(api, 60).tasks] == ["7.1", "7.2"]
    assert len(api.asked) == 7  # at 0, 3, 8, 15, 26, 41 and 56 s: pauses of 3, 4.5, 6.8, 10.1 and 15 s


def test_tasks_of_a_small_run_are_read_at_once_when_a_count_changes() -> None:
    counts = [group(running=1, pending=1), group(running=2), group(running=1, completed=1), group(completed=2)]
    api = client(*[detail(groups=[count]) for count in counts], known=[task(1)], seen=[])
    polled(api, 4, every_s=0.5)
    assert api.asked == ["tasks"] * 4


@each_case("news", [{"progress_pct": 10}, {"current_benchmark": "fannkuch"}, {"heartbeat_message": "warm"}])
def test_news_of_a_task_makes_its_reading_quick_again(news: dict[str, Any]) -> None:
    api, clock = client(detail(groups=[group(running=1)]), known=[task(1)]), HandClock()
    poller = RunPoller(api, "7", clock=lambda: clock.now_s)
    for _ in range(30):
        poller.poll()
        clock.sleep(1)
    api.known, api.asked = [task(1, **news)], []
    for _ in range(30):
        poller.poll()
        clock.sleep(1)
    assert len(api.asked) > 3


def test_a_beat_that_says_nothing_new_is_no_news() -> None:
    api, clock = client(detail(groups=[group(running=1)])), HandClock()
    poller = RunPoller(api, "7", clock=lambda: clock.now_s)
    for _ in range(60):
        api.known = [task(1, heartbeat_at=str(clock.now_s), lease_until=str(clock.now_s))]
        poller.poll()
        clock.sleep(1)
    assert len(api.asked) == 7


def test_nothing_is_read_while_nothing_happens() -> None:
    api = client(detail(groups=[group(completed=2)]))
    polled(api, 60)
    assert api.asked == ["tasks"]


def test_of_a_large_run_only_samples_of_groups_at_work_are_read() -> None:
    idle = [group(f"aws/t{number}", pending=100) for number in range(90)]
    busy = group("local/box", pending=900, running=100)
    api = client(detail(groups=[*idle, busy]), known=[task(number) for number in range(100)], seen=[])
    found = polled(api, 60)
    assert len(found.tasks) == 20
    assert len([asked for asked in api.asked if asked.startswith("tasks")]) <= 5
    assert {asked for asked in api.asked if "running" in asked} == {"tasks local box running"}


def test_runners_are_asked_for_only_while_something_waits_and_seldom() -> None:
    api = client(detail(groups=[group(pending=1)]), seen=[runner()])
    assert polled(api, 25).runners == (runner(),)
    assert api.asked.count("runners") == 3
    assert "runners" not in (working := client(detail(groups=[group(running=1)]))).asked
    assert polled(working, 3).runners is None


def test_an_api_without_runners_is_asked_once() -> None:
    api = client(detail(groups=[group(pending=1)]), seen=None)
    assert polled(api, 60).runners is None
    assert api.asked.count("runners") == 1


def ended(number: int, seconds: int, *, place: str = "local/box", subject: str | None = None) -> Task:
    at = (START + timedelta(seconds=seconds)).isoformat()
    return task(number, "completed", place=place, claimed_at=START.isoformat(), ended_at=at, subject=subject)


def test_an_estimate_needs_a_basis() -> None:
    run = detail(groups=[group(pending=3, running=1)])
    assert remaining_s(run, [task(1)], now=START) is None
    assert remaining_s(detail(groups=[group(pending=3)]), [ended(1, 60)], now=START) is None


def test_what_is_left_goes_on_at_the_pace_of_what_is_done() -> None:
    now = START + timedelta(seconds=90)
    begun = task(3, claimed_at=(START + timedelta(seconds=60)).isoformat())  # 30 of 60 s are over
    run = detail(groups=[group(pending=2, running=1, completed=2)])
    assert remaining_s(run, [ended(1, 50), ended(2, 70), begun], now=now) == 30 + 2 * 60
    two = detail(groups=[group(pending=2, running=2, completed=2)])  # the other one is not among the known
    assert remaining_s(two, [ended(1, 50), ended(2, 70), begun], now=now) == (30 + 60 + 2 * 60) / 2


def test_the_slowest_group_counts_and_each_speaks_for_itself() -> None:
    groups = [group("a/x", running=1, completed=1), group("b/y", running=1, completed=1)]
    known = [ended(1, 10, place="a/x"), ended(2, 100, place="b/y")]
    assert remaining_s(detail(groups=groups), known, now=START) == 100
    assert remaining_s(detail(groups=groups), known[:1], now=START) is None


def test_a_task_that_takes_longer_than_the_others_is_due_now() -> None:
    begun = task(2, claimed_at=START.isoformat())
    late = START + timedelta(hours=1)
    assert remaining_s(detail(groups=[group(running=1, completed=1)]), [ended(1, 50), begun], now=late) == 0


@each_case(
    ("seen", "words"),
    [
        (None, "local/box: nobody has taken a task since"),
        ((), "local/box: no runner has come since"),
        ((runner("aws/box"),), "local/box: no runner has come since"),
        ((runner(),), "local/box: 1 live runner, but no task taken since"),
        ((runner(live=False),), "local/box: no runner is live; the last one was seen at"),
    ],
)
def test_the_reason_names_who_is_missing(seen: tuple[RunnerSeen, ...] | None, words: str) -> None:
    clock = HandClock()
    waiting = WaitReasons(now=clock.clocks().now)
    snapshot = Snapshot(detail(groups=[group(pending=1)]), runners=seen)
    assert waiting.of(snapshot) == []  # a moment is nothing to speak of
    clock.sleep(20)
    (reason,) = waiting.of(snapshot)
    assert reason.startswith(words)


def test_what_works_does_not_wait() -> None:
    clock = HandClock()
    waiting = WaitReasons(now=clock.clocks().now)
    waiting.of(Snapshot(detail(groups=[group(pending=1)])))
    clock.sleep(20)
    assert waiting.of(Snapshot(detail(groups=[group(pending=1, running=1)]))) == []
    assert waiting.of(Snapshot(detail(groups=[group(pending=1)]))) == []  # it waits anew


def test_a_subject_that_waits_while_a_runner_works_on_another_does_not_lack_a_runner() -> None:
    api = client(detail(groups=[group(subject="a", running=1), group(subject="b", pending=1)]), seen=[runner()])
    assert polled(api, 60).runners is None
    assert "runners" not in api.asked


def test_one_cause_is_told_once_for_all_subjects() -> None:
    clock = HandClock()
    waiting = WaitReasons(now=clock.clocks().now)
    snapshot = Snapshot(detail(groups=[group(subject=name, pending=1) for name in "abc"]), runners=())
    waiting.of(snapshot)
    clock.sleep(20)
    (reason,) = waiting.of(snapshot)
    assert reason.startswith("local/box: no runner has come since")


def test_a_subject_whose_count_changed_is_sampled_in_a_large_run_and_no_other() -> None:
    before = [group(subject=name, pending=500, completed=1) for name in "ab"]
    after = [before[0], group(subject="b", pending=499, completed=2)]
    api = client(detail(groups=before), detail(groups=after), known=[task(1, "completed", subject="b")], seen=[])
    polled(api, 2, every_s=20)
    sampled = [f"tasks local box {name} completed" for name in "abb"]  # of the first poll all is news
    assert [asked for asked in api.asked if asked.startswith("tasks")] == sampled


def test_an_estimate_adds_up_the_subjects_of_a_machine_and_each_speaks_for_itself() -> None:
    groups = [group(subject="a", running=1, pending=2, completed=1), group(subject="b", pending=3, completed=1)]
    known = [ended(1, 10, subject="a"), ended(2, 100, subject="b"), task(3, subject="a", claimed_at=START.isoformat())]
    assert remaining_s(detail(groups=groups), known, now=START) == 10 + 2 * 10 + 3 * 100
    assert remaining_s(detail(groups=groups), [known[0], known[2]], now=START) is None  # nothing is known of b
