"""The table of docs/benchmarks.md: an emulator with few and many clients, and while a thousand runners wait.

    python -m benchmarks.load_table [CHECKOUT ...]

A checkout is a folder with a `.venv`; none: this one. Prints lines of a Markdown table.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.child_cpu import ROOT
from benchmarks.emulator_process import Running, running
from benchmarks.lives import Plane, create_run, live
from benchmarks.waiting_runners import CLAIM

LIVES = {1: 60, 8: 160, 32: 160, 128: 256}
WAITING, EVERY_S, BESIDE, BESIDE_LIVES = 1_000, 5.0, 8, 80
GATHER_S = 2 * EVERY_S  # until every runner has its connection
HEAD = "| version | clients | lives a second | CPU a life | claim p50 | claim p99 |\n|---|---|---|---|---|---|"


def rows(checkout: Path) -> Iterator[str]:
    command = [str(checkout / ".venv/bin/python"), "-m", "local_emulator", "--port", "0"]
    with running(command, folder=checkout) as emulator:
        live(emulator.ready, clients=BESIDE, lives=BESIDE * 4)  # what is made at the first call
        for clients, lives in LIVES.items():
            yield _row(checkout, str(clients), emulator, clients, lives)
        with waiting(emulator.ready) as crowd:
            yield _row(checkout, f"{BESIDE}, and {WAITING:,} runners wait", emulator, BESIDE, BESIDE_LIVES)
        told = json.loads(crowd[0])
        p50, p99 = _percentiles(told["took_s"])
        yield f"| {checkout.name} | of these {WAITING:,}: {told['statuses']} | | | {p50:.0f} ms | {p99:.0f} ms |"


def _row(checkout: Path, who: str, emulator: Running, clients: int, lives: int) -> str:
    cpu_s, began = emulator.cpu_s(), time.perf_counter()
    try:
        claims_s = live(emulator.ready, clients=clients, lives=lives)
    except (RuntimeError, OSError) as failure:
        return f"| {checkout.name} | {who} | {failure} | | | |"
    wall_s = time.perf_counter() - began
    time.sleep(0.6)  # what the lives left to the stream's function belongs to them
    cpu_ms = (emulator.cpu_s() - cpu_s) / lives * 1000
    p50, p99 = _percentiles(claims_s)
    return f"| {checkout.name} | {who} | {lives / wall_s:.0f} | {cpu_ms:.1f} ms | {p50:.0f} ms | {p99:.0f} ms |"


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    """In milliseconds."""
    ordered = sorted(seconds) or [float("nan")]
    return ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.99)] * 1000


@contextmanager
def waiting(ready: dict[str, Any]) -> Iterator[list[str]]:
    """Runners of a run whose only task somebody else has. At the end the list holds what they tell."""
    with closing(Plane(ready)) as plane:
        run_id = create_run(plane, 1)
        plane.post(f"/runs/{run_id}/tasks/claim", CLAIM | {"runner_id": "has the task"})
    told: list[str] = []
    arguments = [ready["api_url"], ready["keys"]["admin"], run_id, str(WAITING), str(EVERY_S)]
    crowd = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.waiting_runners", *arguments],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        time.sleep(GATHER_S)
        yield told
    finally:
        told.append(crowd.communicate()[0])


if __name__ == "__main__":
    print(HEAD)
    for folder in sys.argv[1:] or [str(ROOT)]:
        for row in rows(Path(folder).resolve()):
            print(row, flush=True)
