"""`python -m …load.open_loop PLAN.json`: runs the plan, prints one line of JSON (told.py)."""

import gc
import json
import sys
import time
from pathlib import Path

import uvloop

from runner_image.workloads.http.load.open_loop.generator import Generator, Record
from runner_image.workloads.http.load.open_loop.plan import Plan
from runner_image.workloads.http.load.open_loop.told import counted


def main(arguments: list[str]) -> int:
    plan = Plan.of_json(Path(arguments[0]).read_bytes())
    generator = Generator(plan)
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection would be a pause in all that it measures; a run makes no garbage worth one
    before = time.process_time()
    record: Record = uvloop.run(generator.run())
    cpu_s = time.process_time() - before
    print(json.dumps({**counted(record, plan, start=generator.start), "client_cpu_s": cpu_s}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
