"""How long a runner repeats a call: with a clock that only sleeping moves."""

from dataclasses import dataclass, field

import pytest

from runner_image.control.loop import claimable_later
from runner_image.control.session import Busy, LeaseLost, NotFound, SessionError, Unauthorized, Unreachable
from runner_image.retries import LONGEST_ASKED_S, Policy, Retrier
from tests.each_case import each_case


@dataclass
class Time:
    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Answers:
    script: list[SessionError | str]
    asked: list[int] = field(default_factory=list)

    def __call__(self, failures: int) -> str:
        self.asked.append(failures)
        answer = self.script[min(failures, len(self.script) - 1)]
        if isinstance(answer, SessionError):
            raise answer
        return answer


def retrier(time: Time, *, patience_s: float = 600, dice: float = 1.0) -> Retrier:
    return Retrier(Policy(patience_s=patience_s), sleep=time.sleep, clock=lambda: time.now, dice=lambda: dice)


def test_passing_faults_are_waited_out_ever_longer() -> None:
    time, answers = Time(), Answers([Unreachable("a"), Busy("b"), Unreachable("c"), "task"])
    assert retrier(time)(answers) == "task"
    assert answers.asked == [0, 1, 2, 3]
    assert time.slept == [0.5, 1.0, 2.0]


def test_luck_halves_a_wait_at_most_and_a_wait_is_bounded() -> None:
    policy = Policy(patience_s=600)
    assert policy.wait_s(1, error=Unreachable("a"), dice=0.0) == 0.25
    assert policy.wait_s(1_000_000, error=Unreachable("a"), dice=1.0) == 30


def test_a_server_that_asks_for_time_gets_it() -> None:
    time = Time()
    assert retrier(time, dice=0.0)(Answers([Busy("b", retry_after_s=17), "task"])) == "task"
    assert time.slept == [17]


@each_case("asked_s", [1e9, 1e15])
def test_a_server_that_asks_for_years_is_asked_again_after_minutes(asked_s: float) -> None:
    time = Time()
    assert retrier(time)(Answers([Busy("b", retry_after_s=asked_s), "task"])) == "task"
    assert time.slept == [LONGEST_ASKED_S]


@each_case("error", [LeaseLost("l", status=409), Unauthorized("u", status=401), NotFound("n", status=404)])
def test_a_refusal_is_final(error: SessionError) -> None:
    time, answers = Time(), Answers([error])
    with pytest.raises(type(error)):
        retrier(time)(answers)
    assert (answers.asked, time.slept) == ([0], [])


def test_a_claim_waits_for_a_run_that_does_not_exist_yet_but_for_no_wrong_key() -> None:
    missing = NotFound("n", status=404)
    assert retrier(Time())(Answers([missing, missing, "task"]), worth=claimable_later) == "task"
    with pytest.raises(Unauthorized):
        retrier(Time())(Answers([Unauthorized("u", status=403), "task"]), worth=claimable_later)


def test_patience_ends_with_the_last_error_after_ten_minutes() -> None:
    time, answers = Time(), Answers([Unreachable("nobody")])
    with pytest.raises(Unreachable, match="nobody"):
        retrier(time)(answers)
    assert 570 <= time.now <= 600
    assert len(answers.asked) < 40
