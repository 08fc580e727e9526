"""Each app of the project, installed and started for real, answers all workloads rightly: `make proof`, minutes."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from runner_image.workloads.http.apps.install import Installed, Unavailable, install
from runner_image.workloads.http.contract.gate import verify_all
from runner_image.workloads.http.contract.schemas import APPS
from runner_image.workloads.http.contract.workloads import every

pytestmark = pytest.mark.proof

PYTHON = ("fastapi", "fastapi-granian", "flask", "litestar", "robyn", "spikard-python", "starlette")
COMMANDS = {
    **{name: (".venv/bin/python", "server.py") for name in PYTHON},
    **{name: ("node", "server.js") for name in ("express", "fastify", "hono")},
    "hono-bun": ("node_modules/@oven/bun-linux-x64/bin/bun", "server.js"),
    "hyper": ("target/release/hyper-bench",),
    "sinatra": ("ruby", "server.rb"),
}
READY_S = 60.0


@contextmanager
def started(app: Installed, tmp_path: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (tmp_path / "log").open("w") as log:
        command = [*COMMANDS[app.name], str(port)]
        process = subprocess.Popen(command, cwd=app.folder, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}", process, tmp_path / "log")
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(f"{url}/health", timeout=2, trust_env=False).json() == {"status": "ok"}:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    pytest.fail(f"not ready after {READY_S:g} s: {log.read_text()[-2000:]}")


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.timeout(900)
def test_an_app_answers_all_workloads_rightly(name: str, tmp_path: Path) -> None:
    try:
        app = install(APPS / name)
    except Unavailable as error:
        pytest.skip(str(error))
    with started(app, tmp_path) as url:
        verdicts = verify_all(url, every())
    assert {one.workload: one.reasons for one in verdicts if one.status != "pass"} == {}
    assert install(APPS / name).install_s is None, "the cache must have it"
