"""`benchfleet emulator` as a process of a test: started from the prepared parent, or truly where a test is about that."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import httpx
from benchfleet_contract.authorities import authorities
from botocore.config import Config

from tests import prepared_start

COMMAND = (sys.executable, "-m", "local_emulator")
START_S, END_S = 120, 120  # a busy machine needs ten times what a quiet one does

Start = Callable[..., "Running"]


class Running:
    """An emulator process that has written its ready file."""

    def __init__(self, folder: Path, *flags: str, truly: bool = False) -> None:
        self.ready_path = folder / "ready.json"
        self.process = (subprocess.Popen if truly else prepared_start.Popen)(
            [*COMMAND, "--port", "0", "--ready-file", str(self.ready_path), *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.ready = self._wait()
        self.output = self.errors = ""

    def _wait(self) -> dict[str, Any]:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.ready_path.exists():
                document: dict[str, Any] = json.loads(self.ready_path.read_text())
                return document
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.process.communicate(timeout=END_S)}")

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        self.output, self.errors = self.process.communicate(timeout=END_S)
        return self.process.returncode

    def client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.ready["aws_endpoint_url"],
            region_name=self.ready["region"],
            aws_access_key_id=self.ready["aws_access_key_id"],
            aws_secret_access_key=self.ready["aws_secret_access_key"],
            config=Config(signature_version="s3v4") if service == "s3" else None,
        )

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.ready["api_url"] + path, timeout=END_S) as reply:
            return json.load(reply)

    def api(self) -> httpx.Client:
        """As the admin."""
        headers = {"Authorization": f"Bearer {self.ready['keys']['admin']}"}
        return httpx.Client(base_url=self.ready["api_url"], headers=headers, verify=authorities({}), timeout=START_S)
