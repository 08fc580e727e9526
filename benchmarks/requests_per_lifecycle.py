"""What a task costs from its creation to its accepted result, heartbeats left out, counters included."""

import time
from typing import Any

from benchmarks.metric import Metric
from benchmarks.subject import Subject, subject, units

TASKS, WINDOW_S = 600, 5.0
HOW = (
    f"{TASKS} tasks created, claimed and completed by one runner through the API, headers and counters included "
    f"(stream in batches of {WINDOW_S:g} s); "
)


def metrics() -> list[dict[str, Any]]:
    return [*_measured(heavy=False), *_measured(heavy=True)]


def _measured(*, heavy: bool) -> list[dict[str, Any]]:
    with subject(stream_every_s=WINDOW_S) as under:
        run_id = under.create_run(tasks=TASKS, heavy=heavy)
        _work(under, run_id, runner="runner")
        _await_counters(under, run_id)
        written = units(under.written()) + under.meter.refused_units
        requests = under.meter.total()
    where = ", 4 KB of options" if heavy else ""
    counted, paid = f"DynamoDB requests per task lifecycle{where}", f"write units per task lifecycle{where}"
    return [
        Metric(counted, round(requests / TASKS, 3), "requests", 3.1, HOW + "counted at botocore").as_dict(),
        Metric(paid, round(written / TASKS, 3), "WCU", 7.1, HOW + "from item sizes in the table's stream").as_dict(),
    ]


def _work(under: Subject, run_id: str, *, runner: str) -> None:
    """The last claim, which would find nothing, is a runner's cost and not a task's. Races are `requests_per_claim`."""
    for request in range(TASKS):
        claim = under.claim(run_id, runner=runner, token=f"{runner}-{request}")
        under.complete(claim, runner=runner)


def _await_counters(under: Subject, run_id: str) -> None:
    """Waits for the last batch; looking costs one request each time, which is taken off again.

    Raises TimeoutError when the counters never come.
    """
    for _ in range(30):
        time.sleep(WINDOW_S)
        reply = under.http.get(f"/runs/{run_id}").raise_for_status().json()
        under.meter.requests.subtract(["Query"])
        if reply["tasks"]["completed"] == TASKS:
            return
    raise TimeoutError("the counters never agreed")
