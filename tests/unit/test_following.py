"""A run is followed to its archive, through silence, and no longer than was allowed."""

import pytest
from benchfleet.exceptions import AuthError, BenchfleetError, ServerError, TimedOut, Unreachable
from benchfleet.watch.follow import POLL_EVERY_S, follow, follow_looks
from benchfleet.watch.look import Look
from benchfleet_contract.runs import RunDetail

from tests.unit.run_parts import Answer, HandClock, Screen, detail, group

RUNNING, DONE = detail(), detail("completed", "ready")


class Story:
    """Tells one answer after the other; the last one stays. Time passes only by sleeping."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.clock, self.screen = HandClock(), Screen()
        self.asked = 0

    def look(self) -> Look:
        self.asked += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return Look(answer)

    def follow(self, *, timeout_s: float = 1e9) -> RunDetail:
        return follow_looks(
            self.look, display=self.screen, check=lambda _: None, timeout_s=timeout_s, clocks=self.clock.clocks()
        )


def test_waits_for_the_archive_and_not_only_for_the_tasks() -> None:
    story = Story(RUNNING, detail("running", "building"), detail("completed", "building"), DONE)
    assert story.follow().archive.state == "ready"
    assert [look.run.status for look in story.screen.looks] == ["running", "running", "completed", "completed"]
    assert story.clock.now_s == 3 * POLL_EVERY_S


@pytest.mark.parametrize("ending", [("failed", "failed"), ("cancelled", "ready"), ("failed", "ready")])
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
    assert 3600 / 5 < story.asked < 1000


@pytest.mark.parametrize("problem", [Unreachable("refused"), ServerError("busy", status=503)])
def test_silence_is_told_once_and_survived(problem: BenchfleetError) -> None:
    story = Story(RUNNING, problem, problem, problem, DONE)
    assert story.follow().status == "completed"
    told = [note.partition(" since")[0] for note in story.screen.notes]
    assert told == ["No answer from the control plane", "The control plane answers again, after 7 s"]
    assert story.clock.now_s == 1 + (1 + 2 + 4)


def test_one_look_that_failed_is_no_news() -> None:
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
    with pytest.raises(TimedOut, match="run is not known, after 30 s"):
        Story(Unreachable("refused")).follow(timeout_s=30)


def test_a_refusal_is_no_silence() -> None:
    with pytest.raises(AuthError):
        Story(RUNNING, AuthError("no", status=401)).follow()


def test_a_dead_runner_ends_the_wait() -> None:
    def check() -> None:
        raise BenchfleetError("the runner ended")

    class Api:
        def run(self, run_id: str) -> RunDetail:
            return RUNNING

        def tasks(self, run_id: str, **_: object) -> object:
            raise AssertionError

        runners = tasks

    with pytest.raises(BenchfleetError, match="the runner ended"):
        follow(Api(), "7", display=Screen(), check=check)  # type: ignore[arg-type]


def test_says_why_something_waits() -> None:
    story = Story(detail(groups=[group(pending=1)]))
    with pytest.raises(TimedOut):
        story.follow(timeout_s=15)
    assert story.screen.reasons[0].startswith("local/box: nobody has taken a task since ")
