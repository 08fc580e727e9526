"""`python -m …streams PLAN.json`: runs the plan, prints one line of JSON."""

import gc
import json
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from runner_image.workloads.http.load.open_loop.told import distribution
from runner_image.workloads.http.streams.generator import run
from runner_image.workloads.http.streams.plan import StreamPlan
from runner_image.workloads.http.streams.record import ERRORS, Record


def main(arguments: list[str]) -> int:
    plan = StreamPlan.of_json(Path(arguments[0]).read_bytes())
    gc.collect()
    gc.freeze()
    before = time.process_time()
    record, start = uvloop.run(run(plan))
    print(json.dumps({**_told(record, start), "client_cpu_s": time.process_time() - before}))
    return 0


def _told(record: Record, start: float) -> dict[str, Any]:
    return {
        "first_message": distribution(record.first),
        "latency": distribution(record.late),
        "dispatch_lag": distribution(record.lag),
        "established": record.established,
        "received": record.received,
        "ok": record.received - record.wrong,
        "wrong": record.wrong,
        "lasted_s": max(0.0, record.last - start),
        "errors": {name: record.errors[name] for name in ERRORS},
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
