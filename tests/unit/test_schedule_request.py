"""The body of POST /schedules: what is taken, and everything that is wrong with it at once."""

from datetime import UTC, datetime
from typing import Any

from benchfleet_contract.schedule_request import ScheduleReading, anchor_of, read_schedule_request

from tests.each_case import each_case

NOW = datetime(2026, 11, 29, 2, 30, 15, 999, tzinfo=UTC)
RUN = {"workload": "mock", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "docker"}]}
STACK = "benchfleet-dev"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:benchfleet-dev-ci"
HOOK = "https://ci.example.com/hook"


def read(**changes: Any) -> ScheduleReading:
    body = {"name": "nightly", "expression": "rate(1 day)", "run": RUN, **changes}
    return read_schedule_request({key: value for key, value in body.items() if value is not None}, now=NOW, stack=STACK)


def test_what_is_left_out_has_a_default() -> None:
    request = read().request
    assert request
    assert (request.time_zone, request.overlap, request.notify, request.run) == ("UTC", "skip", [], RUN)


@each_case("name", ["a" * 49, "", "-a", "a b", "a.json", "a/b", 7, None])
def test_a_name_that_no_schedule_can_have_is_refused(name: Any) -> None:
    assert [problem.field for problem in read(name=name).problems] == ["name"]


@each_case("expression", ["at(2026-11-29T02:30:15)", "cron(0 9 31 2 ? *)", "cron(0 9 * * ? 2025)"])
def test_what_never_fires_is_refused(expression: str) -> None:
    (problem,) = read(expression=expression).problems
    assert "never fires" in problem.message


@each_case("target", [{"sns": TOPIC}, {"webhook": HOOK}, {"webhook": HOOK, "secret": "/benchfleet-dev/webhooks/a"}])
def test_targets_are_told_of_everything_unless_they_say_what(target: dict[str, Any]) -> None:
    request = read(notify=[target, {**target, "on": ["regression", "end"]}]).request
    assert request
    assert [notify.on for notify in request.notify] == [["end", "failure", "regression"], ["end", "regression"]]


@each_case(
    ("target", "field"),
    [
        ("x", "notify[0]"),
        ({}, "notify[0]"),
        ({"sns": TOPIC, "webhook": HOOK}, "notify[0]"),
        ({"webhook": HOOK, "to": 1}, "notify[0]"),
        ({"webhook": HOOK, "on": []}, "notify[0].on"),
        ({"webhook": HOOK, "on": ["ends"]}, "notify[0].on"),
        ({"sns": TOPIC + ".fifo"}, "notify[0].sns"),
        ({"sns": TOPIC.replace("dev", "prod")}, "notify[0].sns"),
        ({"sns": TOPIC, "secret": "/benchfleet-dev/webhooks/a"}, "notify[0].secret"),
        ({"webhook": HOOK, "secret": "/benchfleet-dev/keys"}, "notify[0].secret"),
        ({"webhook": HOOK.replace("https", "http")}, "notify[0].webhook"),
        ({"webhook": "https://user:secret@ci.example.com"}, "notify[0].webhook"),
        ({"webhook": "https://"}, "notify[0].webhook"),
        ({"webhook": HOOK + "/" + "a" * 1_100}, "notify[0].webhook"),
        ({"webhook": 7}, "notify[0].webhook"),
    ],
)
def test_a_target_that_cannot_be_is_refused(target: Any, field: str) -> None:
    found = read(notify=[target])
    assert [problem.field for problem in found.problems] == [field]
    assert "secret@" not in str(found.problems)


def test_more_targets_than_ten_are_refused() -> None:
    assert [problem.field for problem in read(notify=[{"sns": TOPIC}] * 11).problems] == ["notify"]


def test_the_run_is_read_by_the_rules_of_runs_and_has_no_id() -> None:
    found = read(run={**RUN, "run_id": "mine", "per_instance_type": {"tasks": 0}})
    assert {problem.field for problem in found.problems} == {"run.run_id", "run.per_instance_type.tasks"}


def test_a_rate_counts_from_one_turn_after_now() -> None:
    assert anchor_of("rate(12 hours)", now=NOW) == datetime(2026, 11, 29, 14, 30, 15, tzinfo=UTC)
    assert anchor_of("cron(0 9 * * ? *)", now=NOW) == datetime(2026, 11, 29, 2, 30, 15, tzinfo=UTC)
