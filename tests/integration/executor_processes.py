"""`benchfleet executor` as a process of a test."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from benchfleet_contract.authorities import authorities

from tests import prepared_start
from tests.integration.api_client import Api

ROOT = Path(__file__).resolve().parents[2]
OURS = ("BENCHFLEET_", "NO_PROXY", "no_proxy", "VALIDATOR_", "EXECUTOR_")
ENDS_S = 60.0
Seen = TypeVar("Seen")

CATALOG = """
[[models]]
model_id = "{model}"
backend_type = "mock"
capabilities = {{ max_context_length = 4096, features = ["chat"] }}
"""


class Executor:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def announced(self) -> dict[str, Any]:
        """Its one line, once it is there."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, self.process.communicate(timeout=ENDS_S)
        told: dict[str, Any] = json.loads(line)
        return told

    def healthz(self, told: dict[str, Any]) -> httpx.Response:
        return httpx.get(told["healthz"], trust_env=False, verify=authorities({}))

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        self.errors = self.process.communicate(timeout=ENDS_S)[1]
        return self.process.returncode


@contextmanager
def executor(url: str, key: str, *flags: str, **environment: str) -> Iterator[Executor]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    argv = [sys.executable, "-m", "benchfleet.cli.main", "executor", "--json", *flags]
    told = {"VALIDATOR_ADDRESS": url, "API_KEY": key, "EXECUTOR_PORT": "0", "HEARTBEAT_INTERVAL": "1", **environment}
    with prepared_start.Popen(
        argv, cwd=ROOT, env={**clean, **told}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Executor(process)
        finally:
            process.kill()


def until(seen: Callable[[], Seen], *, timeout_s: float = ENDS_S) -> Seen:
    """What `seen` returns once that is true."""
    ends = time.monotonic() + timeout_s
    while not (found := seen()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return found


def events(api: Api, executor_id: str) -> list[str]:
    """Of one executor, the oldest first."""
    found = api("GET", f"/executors/{executor_id}/events").json()["events"]
    return [one["type"] for one in reversed(found)]
