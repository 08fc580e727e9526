"""`python -m …streams PLAN.json`: runs the plan, prints one line of JSON."""

import gc
import json
import sys
from pathlib import Path
from typing import Any

import uvloop

from runner_image.workloads.http.load.open_loop.told import distribution
from runner_image.workloads.http.streams.generator import Run, run
from runner_image.workloads.http.streams.plan import StreamPlan
from runner_image.workloads.http.streams.record import ERRORS


def main(arguments: list[str]) -> int:
    plan = StreamPlan.of_json(Path(arguments[0]).read_bytes())
    gc.collect()
    gc.freeze()
    print(json.dumps(_told(uvloop.run(run(plan)))))
    return 0


def _told(done: Run) -> dict[str, Any]:
    """`lasted_s`: as if all streams had begun together, so that a rate is that of all of them at work."""
    record, plan = done.record, done.plan
    opened_s = max(map(plan.opens_at, range(plan.connections)))
    return {
        "first_message": distribution(record.first),
        "latency": distribution(record.late),
        "dispatch_lag": distribution(record.lag),
        "established": record.established,
        "received": record.received,
        "ok": record.received - record.wrong,
        "wrong": record.wrong,
        "lasted_s": max(0.0, record.last - done.start - opened_s + plan.interval_s),
        "client_cpu_s": done.cpu_s,
        "took_s": done.took_s,
        "errors": {name: record.errors[name] for name in ERRORS},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
