"""Whose word on a task counts, and what is told of its attempts."""

from dataclasses import replace
from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.states import FailureClass, TaskStatus

from chalicelib.domain.handing_back import by_infrastructure, history, is_holder, was_handed_back
from tests.contract.records import a_task, a_verdict
from tests.each_case import each_case

HELD = a_task(status=TaskStatus.RUNNING, attempt=2, runner_id="one")
SAID = a_verdict(
    attempt=2,
    status=TaskStatus.FAILED,
    error_type="x",
    error_message="no  space",
    failure_class=FailureClass.INFRASTRUCTURE,
)
LAST = "attempt 2 on one: x: no space"


@each_case(
    ("task", "said", "holds"),
    [
        ({}, {}, True),
        ({}, {"attempt": None}, True),
        ({}, {"attempt": 1}, False),
        ({}, {"runner_id": "two"}, False),
        ({}, {"attempt": None, "runner_id": "two"}, False),
        ({"status": TaskStatus.CLAIMED}, {}, True),
        ({"status": TaskStatus.PENDING}, {}, False),
        ({"status": TaskStatus.CANCELLED}, {}, False),
        ({"bound": True}, {}, True),  # said with the attempt's own token
        ({"bound": True}, {"fleet_key": True}, False),
        ({"bound": None}, {"fleet_key": True}, True),  # a runner that knows no tokens
    ],
)
def test_who_holds_a_task(task: dict[str, Any], said: dict[str, Any], holds: bool) -> None:
    assert is_holder(replace(HELD, **task), replace(SAID, **said)) is holds


@each_case(
    ("task", "said", "was"),
    [
        ({}, {}, True),
        ({}, {"attempt": None}, True),
        ({}, {"attempt": 1}, False),
        ({}, {"runner_id": "two"}, False),
        ({}, {"error_message": "another"}, False),
        ({"status": TaskStatus.FAILED}, {}, False),
        ({"reason": None}, {}, False),
        ({"reason": f"attempt 1 on one: y: z; {LAST}"}, {}, True),
    ],
)
def test_a_failure_that_was_accepted_is_known_again(task: dict[str, Any], said: dict[str, Any], was: bool) -> None:
    back = replace(HELD, status=TaskStatus.PENDING, reason=LAST)
    assert was_handed_back(replace(back, **task), replace(SAID, **said)) is was


@each_case(
    ("said", "is_ours"),
    [
        ({}, True),
        ({"failure_class": FailureClass.BENCHMARK}, False),
        ({"failure_class": None}, False),
        ({"status": TaskStatus.COMPLETED}, False),
        ({"error_type": "invalid_options"}, False),
    ],
)
def test_what_another_machine_may_not_fail_of(said: dict[str, Any], is_ours: bool) -> None:
    assert by_infrastructure(replace(SAID, **said)) is is_ours


def test_each_attempt_is_told() -> None:
    assert history(replace(HELD, reason="attempt 1 on two: y: z"), SAID) == f"attempt 1 on two: y: z; {LAST}"
    assert history(HELD, SAID) == LAST
    assert history(replace(HELD, attempt=1, reason="asked for"), replace(SAID, attempt=1)) == LAST.replace("2", "1")


def test_what_was_before_is_told_while_there_is_room_to_the_last_character() -> None:
    room = limits.MAX_REASON_CHARS - len(LAST) - len("; ")
    assert history(replace(HELD, reason="r" * room), SAID) == f"{'r' * room}; {LAST}"
    assert history(replace(HELD, reason="r" * (room + 1)), SAID) == LAST


def test_a_failure_without_words_is_told_without_them() -> None:
    assert history(HELD, replace(SAID, error_message=None)) == "attempt 2 on one: x: "
