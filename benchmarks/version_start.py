"""What `benchfleet --version` costs over the start of Python itself, as a person pays it: whole processes."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.child_cpu import with_byte_code
from benchmarks.metric import Metric

ROUNDS = 15  # the least of many: both are short, and noise only ever adds
BARE = (sys.executable, "-c", "pass")


def metrics() -> list[dict[str, Any]]:
    ratio = start_ratio(console_script(), over=BARE)
    how = f"user and system CPU of whole processes, least of {ROUNDS} each, interleaved"
    return [Metric("benchfleet --version over python -c pass", round(ratio, 2), "ratio", 2, how).as_dict()]


def console_script() -> tuple[str, ...]:
    """The installed program beside this Python, or what it does."""
    script = Path(sys.executable).with_name("benchfleet")
    if script.exists():
        return (str(script), "--version")
    return (sys.executable, "-c", "from benchfleet.cli.main import main; main()", "--version")


def start_ratio(command: Sequence[str], *, over: Sequence[str], rounds: int = ROUNDS) -> float:
    """The least CPU of `command` over the least of the other. Caches are warm: each runs once beforehand."""
    pairs = [(process_cpu_s(command), process_cpu_s(over)) for _ in range(rounds + 1)][1:]
    return min(one for one, _ in pairs) / min(two for _, two in pairs)


def process_cpu_s(command: Sequence[str]) -> float:
    """User and system CPU seconds of a process from its start to its end, children that it waited for included.

    Raises subprocess.CalledProcessError if it fails.
    """
    how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "env": with_byte_code({})}
    process = subprocess.Popen(command, **how)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return usage.ru_utime + usage.ru_stime
