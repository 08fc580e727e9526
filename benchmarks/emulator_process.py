"""An emulator in a process of its own, and what that process costs."""

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

START_S, END_S = 60.0, 20.0


@dataclass(frozen=True)
class Running:
    """`ready` is the document of its ready file."""

    ready: dict[str, Any]
    process: subprocess.Popen[str]

    def cpu_s(self) -> float:
        """User and system, since its start."""
        times = psutil.Process(self.ready["pid"]).cpu_times()
        return float(times.user + times.system)

    def ask(self) -> Any:
        """One line in, one line of JSON out."""
        print(file=_open(self.process.stdin), flush=True)
        return json.loads(_open(self.process.stdout).readline())


@contextmanager
def running(command: Sequence[str], *, folder: Path) -> Iterator[Running]:
    """`command` takes `--ready-file PATH`. Raises TimeoutError when it is not ready within a minute, or has ended."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "ready.json"
        process = subprocess.Popen(
            [*command, "--ready-file", str(path)],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            yield Running(_ready(path, process), process)
        finally:
            _end(process)


def _ready(path: Path, process: subprocess.Popen[str]) -> dict[str, Any]:
    deadline = time.monotonic() + START_S
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"the emulator was not ready after {START_S:g} s, or has ended: {process.args!r}")
        time.sleep(0.05)
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _open(stream: IO[str] | None) -> IO[str]:
    assert stream
    return stream
