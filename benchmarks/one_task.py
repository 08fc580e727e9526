"""How often command line, emulator and runner wake while one task of theirs measures, and what the emulator's CPU is then.

python -m benchmarks one_task
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.metric import Metric
from benchmarks.version_start import console_script

CONFIG = {
    "workload": "mock",
    "workload_options": {"steps": 12, "step_s": 10},
    "per_instance_type": {"tasks": 1},
    "local": [{"instance_type": "box"}],
}
WORKING = "Running: 1"
SETTLE_S, WINDOW_S, END_S = 15.0, 20.0, 30.0
PARTS = {"emulator": "emulator", "runner": "runner_image"}  # each by a word of its command line
MOST_WAKES, WAKES_BEFORE = 20, 97.0  # before: 97 to 115, with moto's tables
MOST_CPU_PCT = 1


def metrics() -> list[dict[str, Any]]:
    """Takes about a minute. Raises OSError where there is no /proc."""
    with tempfile.TemporaryDirectory() as folder, measuring(Path(folder)) as parts:
        time.sleep(SETTLE_S)
        before = {part: Spent.of(process) for part, process in parts.items()}
        time.sleep(WINDOW_S)
        spent = {part: Spent.of(process).since(before[part]) for part, process in parts.items()}
    wakes = {part: found.wakes / WINDOW_S for part, found in spent.items()}
    told = ", ".join(f"{part} {rate:.1f}" for part, rate in wakes.items())
    how = f"a second, voluntary context switches of all threads over {WINDOW_S:g} s: {told}"
    cpu = f"of a core, over the same {WINDOW_S:g} s"
    emulators_pct = 100 * spent["emulator"].cpu_s / WINDOW_S
    return [
        Metric("wakes while one task measures", round(sum(wakes.values()), 1), "1/s", MOST_WAKES, how, WAKES_BEFORE).as_dict(),
        Metric("emulator's CPU while one task measures", round(emulators_pct, 2), "%", MOST_CPU_PCT, cpu).as_dict(),
    ]  # fmt: skip


@dataclass(frozen=True)
class Spent:
    """`wakes`: voluntary context switches of all threads that there are. `cpu_s`: user and system seconds."""

    wakes: int
    cpu_s: float

    @classmethod
    def of(cls, process: psutil.Process) -> "Spent":
        times = process.cpu_times()
        return cls(sum(map(_wakes, Path(f"/proc/{process.pid}/task").iterdir())), times.user + times.system)

    def since(self, before: "Spent") -> "Spent":
        return Spent(self.wakes - before.wakes, self.cpu_s - before.cpu_s)


def _wakes(thread: Path) -> int:
    try:
        lines = (thread / "status").read_text().splitlines()
    except FileNotFoundError:  # it has ended meanwhile
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


@contextmanager
def measuring(folder: Path) -> Iterator[dict[str, psutil.Process]]:
    """`benchfleet run` with an emulator and a runner of its own, once its task is at work. Raises RuntimeError if it ends."""
    (folder / "config.json").write_text(json.dumps(CONFIG))
    command = [*console_script()[:-1], "run", "--config", "config.json", "--emulator", "--yes"]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, cwd=folder, stdin=nothing, stdout=nothing, stderr=subprocess.PIPE, text=True) as run:
        try:
            assert run.stderr
            said: list[str] = []
            while not (said and WORKING in said[-1]):
                said.append(run.stderr.readline())
                if not said[-1]:
                    raise RuntimeError(f"benchfleet run ended before its task was at work: {''.join(said)}")
            yield _parts(run.pid)
        finally:
            _end(run)


def _parts(pid: int) -> dict[str, psutil.Process]:
    command = psutil.Process(pid)
    parts = {"command line": command}
    for process in command.children(recursive=True):
        words = process.cmdline()
        parts |= {part: process for part, word in PARTS.items() if part not in parts and word in words}
    return parts


def _end(run: subprocess.Popen[str]) -> None:
    """It stops its run and ends what it started."""
    run.terminate()
    try:
        run.communicate(timeout=END_S)
    except subprocess.TimeoutExpired:
        for process in psutil.Process(run.pid).children(recursive=True):
            process.kill()
        run.kill()
