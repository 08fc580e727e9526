"""What `benchfleet http run --quick` adds to starting the same server, loading it with the same commands, and stopping it.

python -m benchmarks http_overhead     takes about two minutes, and needs wrk and the app `starlette` (`make http-apps`)
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.metric import Metric
from runner_image.workloads.http.apps.install import Installed, install
from runner_image.workloads.http.contract.schemas import APPS
from runner_image.workloads.http.contract.workloads import workloads
from runner_image.workloads.http.load import open_loop
from runner_image.workloads.http.load.driver import Request, Target
from runner_image.workloads.http.load.open_loop.plan import Plan
from runner_image.workloads.http.load.wrk import script
from runner_image.workloads.http.plan import PRIMER_CONNECTIONS

APP, PAIRS, LIMIT = "starlette", 2, 10.0
NAME = "overhead of http run --quick over the same by hand"


def metrics() -> list[dict[str, Any]]:
    app, found = install(APPS / APP), list[tuple[float, float]]()
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(PAIRS):
            ours, result = whole(Path(folder) / f"run-{turn}")
            found.append((ours, by_hand(app, result, Path(folder))))
    overhead = statistics.median(100 * (ours / bare - 1) for ours, bare in found)
    told = "; ".join(f"{ours:.1f} s beside {bare:.1f} s" for ours, bare in found)
    how = f"wall time of the command, its interpreter included, beside bare start, load and stop: {told}"
    return [Metric(NAME, round(overhead, 1), "%", LIMIT, how).as_dict()]


def whole(folder: Path) -> tuple[float, dict[str, Any]]:
    """Seconds of the command, and what it measured."""
    words = (
        "http",
        "run",
        str(APPS / APP),
        "--quick",
        "--set",
        "tries=1",
        "--again",
        "0",
        "--json",
        "--output",
        folder,
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchfleet.cli.main", *map(str, words)], capture_output=True, text=True, check=False
    )
    took = time.monotonic() - began
    result: dict[str, Any] = json.loads(done.stdout)["results"][0]
    if result["failure"]:
        raise RuntimeError(f"{APP} was not measured: {result['failure']}")
    return took, result


def by_hand(app: Installed, result: dict[str, Any], folder: Path) -> float:
    """Seconds of the same load, as far as it went: primer, warm-up, saturation and rates of each workload."""
    began = time.monotonic()
    with server(app) as port:
        for cell in result["workloads"]:
            asked = workloads(cell["name"])[0]
            request = Request(asked.method, asked.target, asked.headers, asked.body)
            ladder = [level["connections"] for level in cell["saturation"]]
            text = script(request, keep_alive=True, port=port, connections=max(ladder))
            (folder / "by-hand.lua").write_text(text)
            for connections in (PRIMER_CONNECTIONS, *ladder):
                wrk(port, folder, connections, 1)
            for level in cell["saturation"]:
                wrk(port, folder, level["connections"], round(level["duration_s"]))
            for rate in cell["latency"]:
                plan = Plan(Target(port), request, rate["rate"], rate["duration_s"], rate["connections"])
                (folder / "plan.json").write_bytes(plan.as_json())
                ran([sys.executable, "-m", open_loop.__name__, "plan.json"], folder)
    return time.monotonic() - began


@contextmanager
def server(app: Installed) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    command = [str(app.python), "server.py", str(port)]
    process = subprocess.Popen(command, cwd=app.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while not ready(port):
            if time.monotonic() > until:
                raise RuntimeError(f"{APP} is not ready after a minute")
            time.sleep(0.02)
        yield port
    finally:
        os.kill(process.pid, signal.SIGTERM)
        process.wait(30)


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def wrk(port: int, folder: Path, connections: int, seconds: int) -> None:
    ran(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", "by-hand.lua", f"http://127.0.0.1:{port}"], folder)


def ran(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})
