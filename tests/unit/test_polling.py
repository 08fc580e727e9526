"""A run is followed to its archive, through silence, and no longer than was allowed."""

import math

import pytest
from benchfleet.api.pacing import FIRST_PAUSE_S, LONGEST_ASKED_PAUSE_S, LONGEST_PAUSE_S, STEADY_PAUSE_S
from benchfleet.exceptions import AuthError, BenchfleetError, ServerError, TimedOut, Unreachable
from benchfleet.watch.poller import Snapshot
from benchfleet.watch.polling import poll_until_done, watch_run
from benchfleet_contract.runs import RunDetail

from tests.each_case import each_case
from tests.unit.run_parts import Answer, FakeClient, HandClock, Screen, detail, group, task

RUNNING, DONE = detail(), detail("completed", "ready")


class Story:
    """Tells one answer after the other; the last one stays. Time passes only by sleeping."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.clock, self.screen = HandClock(), Screen()
        self.asked = 0

    def poll(self) -> Snapshot:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return Snapshot(answer)

    def follow(self, *, timeout_s: float = 1e9) -> RunDetail:
        return poll_until_done("7", self.poll, display=self.screen, timeout_s=timeout_s, clocks=self.clock.clocks())


def test_waits_for_the_archive_and_not_only_for_the_tasks() -> None:
    story = Story(RUNNING, detail("running", "building"), detail("completed", "building"), DONE)
    assert story.follow().archive.state == "ready"
    assert [snapshot.run.status for snapshot in story.screen.snapshots] == [
        "running",
        "running",
        "completed",
        "completed",
    ]
    assert story.clock.now_s == 3 * FIRST_PAUSE_S  # each poll showed a change


@each_case("ending", [("failed", "failed"), ("cancelled", "ready"), ("failed", "ready")])
def test_any_ending_is_an_ending(ending: tuple[str, str]) -> None:
    found = Story(detail(*ending)).follow()
    assert (found.status, found.archive.state) == ending


def test_gives_up_after_the_time_allowed() -> None:
    story = Story(RUNNING)
    with pytest.raises(TimedOut, match="run 7 is running and has no archive yet, after 10 s"):
        story.follow(timeout_s=10.0)
    assert story.clock.now_s == 10.0


def test_a_long_run_is_asked_after_more_seldom() -> None:
    story = Story(RUNNING)
    with pytest.raises(TimedOut):
        story.follow(timeout_s=3600)
    assert 3600 / LONGEST_PAUSE_S < story.asked < 1000


@each_case("problem", [Unreachable("refused"), ServerError("busy", status=503)])
def test_silence_is_told_once_and_survived(problem: BenchfleetError) -> None:
    story = Story(RUNNING, problem, problem, problem, DONE)
    assert story.follow().status == "completed"
    told = [note.partition(" since")[0] for note in story.screen.notes]
    assert told == ["No response from the control plane", "The control plane responds again, after 7 s"]
    assert story.clock.now_s == FIRST_PAUSE_S + (1 + 2 + 4)


def test_a_control_plane_that_asks_for_a_pause_gets_it() -> None:
    story = Story(RUNNING, ServerError("busy", status=429, retry_after_s=20.0), DONE)
    story.follow()
    assert story.clock.now_s == FIRST_PAUSE_S + 20


@each_case("asked_s", [1e9, 1e15])
def test_a_control_plane_that_asks_for_years_is_polled_again_after_minutes(asked_s: float) -> None:
    """Of a longer one than 10^10 seconds the system's own sleep makes an error."""
    story = Story(RUNNING, ServerError("busy", status=503, retry_after_s=asked_s), DONE)
    story.follow(timeout_s=math.inf)
    assert story.clock.now_s == FIRST_PAUSE_S + LONGEST_ASKED_PAUSE_S


def test_a_single_failed_poll_is_not_reported() -> None:
    story = Story(RUNNING, Unreachable("refused"), RUNNING, Unreachable("refused"), DONE)
    assert story.follow().status == "completed"
    assert story.screen.notes == []


def test_silence_has_an_end() -> None:
    story = Story(RUNNING, Unreachable("refused"))
    with pytest.raises(Unreachable, match="for 10 min: refused"):
        story.follow()
    assert 600 <= story.clock.now_s < 630
    assert story.asked < 60


def test_silence_counts_as_time() -> None:
    with pytest.raises(TimedOut, match="run 7 could not be read, after 30 s; the last poll failed: refused"):
        Story(Unreachable("refused")).follow(timeout_s=30)


def test_a_refusal_is_no_silence() -> None:
    with pytest.raises(AuthError):
        Story(RUNNING, AuthError("no", status=401)).follow()


def test_a_dead_runner_ends_the_wait() -> None:
    def check(snapshot: Snapshot | None) -> None:
        raise BenchfleetError("the runner ended")

    story = Story(RUNNING)
    with pytest.raises(BenchfleetError, match="the runner ended"):
        poll_until_done("7", story.poll, display=story.screen, check=check, clocks=story.clock.clocks())


def test_says_why_something_waits() -> None:
    story = Story(detail(groups=[group(pending=1)]))
    with pytest.raises(TimedOut):
        story.follow(timeout_s=15)
    assert story.screen.reasons[0].startswith("local/box: nobody has taken a task since ")


class Minute(FakeClient):
    """One task that a runner takes after two seconds and works on for a minute; its runner tells of it each ten seconds."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__([], seen=[], exists=True)
        self._clock = clock

    def run(self, run_id: str) -> RunDetail:
        now_s = self._clock.now_s
        self.known = [task(1, progress_pct=int(now_s // 10) * 10)]
        self.asked.append("run")
        if now_s < 2:
            return detail(groups=[group(pending=1)])
        if now_s < ENDED_S:
            return detail(groups=[group(running=1)])
        archive = "ready" if now_s >= ENDED_S + 0.7 else "building"
        return detail("completed", archive, groups=[group(completed=1)])


ENDED_S = 62.0


def test_what_following_a_minute_costs() -> None:
    clock = HandClock()
    api = Minute(clock)
    watch_run(api, "7", display=Screen(), clocks=clock.clocks())
    assert api.asked.count("run") < 40
    assert len(api.asked) < 60
    assert clock.now_s < ENDED_S + 0.7 + STEADY_PAUSE_S
