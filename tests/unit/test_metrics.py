"""What is counted is told once, in the form that CloudWatch reads."""

import json
from typing import Any

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.counting import Counts
from chalicelib.domain.metering import Meter
from chalicelib.domain.records import Ending, RunState
from chalicelib.domain.waiting import longest_wait_ms
from chalicelib.metrics import emf
from chalicelib.settings import from_environment
from tests.contract.records import CLOUD, LOCAL, NOW_MS, a_run

P, C, D = TaskStatus.PENDING, TaskStatus.CLAIMED, TaskStatus.COMPLETED
NEEDED = {
    name: "benchfleet-dev"
    for name in (
        "BENCHFLEET_TABLE", "BENCHFLEET_BUCKET", "BENCHFLEET_FINALIZE_QUEUE", "BENCHFLEET_KEYS_PARAMETER",
        "BENCHFLEET_PROVISION_QUEUE", "BENCHFLEET_PLACES_PARAMETER", "BENCHFLEET_SCHEDULE_GROUP",
    )
}  # fmt: skip


def told(meter: Meter) -> list[dict[str, Any]]:
    return [json.loads(line) for line in emf(meter.take(), stage="dev", now_ms=NOW_MS)]


def test_counts_add_up_states_are_replaced_and_all_is_told_once() -> None:
    meter = Meter()
    meter.add("Claims", 2)
    meter.add("Claims", 3)
    meter.add("LostRaces", 0)
    meter.see("OldestPendingTaskAge", 7, unit="Seconds")
    meter.see("OldestPendingTaskAge", 0, unit="Seconds")
    (document,) = told(meter)
    assert document == {
        "_aws": {
            "Timestamp": NOW_MS,
            "CloudWatchMetrics": [
                {
                    "Namespace": "benchfleet",
                    "Dimensions": [["stage"]],
                    "Metrics": [
                        {"Name": "Claims", "Unit": "Count"},
                        {"Name": "OldestPendingTaskAge", "Unit": "Seconds"},
                    ],
                }
            ],
        },
        "stage": "dev",
        "Claims": 5,
        "OldestPendingTaskAge": 0,
    }
    assert told(meter) == []


def test_failures_are_told_by_code_and_in_all() -> None:
    meter = Meter()
    meter.add("LaunchFailures", code="quota")
    meter.add("LaunchFailures", 2, code="capacity")
    documents = told(meter)
    assert [(each["code"], each["LaunchFailures"]) for each in documents] == [("quota", 1), ("capacity", 2)]
    assert documents[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage"], ["stage", "code"]]


def wait_s(tally: dict[tuple[int, TaskStatus], int], *, changed_s: float = 0, **changes: Any) -> float:
    """Of a run with ten tasks each of two instance types, an hour after its creation."""
    run = a_run(sizes={LOCAL: 10, CLOUD: 10}).evolve(**{"created_ms": NOW_MS, "state": RunState.RUNNING, **changes})
    counts = Counts(tally, changed_ms=NOW_MS + int(changed_s * 1000))
    return longest_wait_ms(run, counts, now_ms=NOW_MS + 3_600_000) / 1000


def test_a_task_waits_for_a_runner_since_the_run_was_made() -> None:
    assert wait_s({(0, P): 10, (1, D): 10}, changed_s=3000) == 3600


def test_behind_tasks_that_are_worked_on_nobody_waits_for_a_runner() -> None:
    assert wait_s({(0, P): 9, (0, C): 1, (1, D): 10}) == 0
    assert wait_s({(0, P): 9, (0, C): 1, (1, P): 10}) == 3600


def test_when_all_runners_of_a_type_are_gone_the_wait_begins_with_the_last_change() -> None:
    assert wait_s({(0, P): 4, (0, D): 6, (1, D): 10}, changed_s=3000) == 600


def test_a_run_that_takes_no_more_tasks_waits_for_nobody() -> None:
    assert wait_s({(0, P): 10, (1, P): 10}, ending=Ending.STOPPED) == 0


def test_metrics_are_told_to_the_log_of_a_lambda_and_elsewhere_only_if_asked_for() -> None:
    assert from_environment(NEEDED).metrics is None
    assert from_environment({**NEEDED, "BENCHFLEET_METRICS": "stderr"}).metrics == "stderr"
    on_lambda = from_environment({**NEEDED, "AWS_LAMBDA_FUNCTION_NAME": "benchfleet-dev"})
    assert (on_lambda.metrics, on_lambda.stage) == ("stdout", "dev")
