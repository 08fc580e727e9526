"""ministack, an AWS by other authors (PyPI, MIT): what it says beside the emulator.

It is installed by pip, once, into a virtual environment of its own in `build/ministack`, in the versions and with the
digests of `ministack/requirements.txt`. Its own command listens on all addresses, so it runs under hypercorn on loopback.
"""

import os
import re
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

REQUIREMENTS = Path(__file__).parent / "ministack" / "requirements.txt"
BUILD = Path(__file__).parents[2] / "build" / "ministack"
INSTALL_S = 300
REGION = "us-east-1"
ACCOUNT = "000000000000"


class Unavailable(Exception):
    """Why ministack cannot be asked here."""


@contextmanager
def ministack(
    folder: Path, *, environment: Mapping[str, str] | None = None, app: str = "ministack.app:app"
) -> Iterator[str]:
    """Its URL. What it writes, and its log, go into `folder`. Raises Unavailable."""
    _install()
    log = folder / "ministack.log"
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), **(environment or {})}
    command = [str(BUILD / "bin" / "python"), "-m", "hypercorn", app, "--bind", "127.0.0.1:0"]
    with log.open("wb") as writes:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=writes,
            stderr=writes,
            start_new_session=True,
        )
    try:
        yield _url(server, log)
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # it outlives SIGTERM, and so would its functions
        server.wait()


def client(url: str, service: str, *, key: str = "test", secret: str = "test") -> Any:
    """A boto3 client that tries once. The key `test` may do everything."""
    session = boto3.Session(key, secret, region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, max_pool_connections=32)  # type: ignore[typeddict-unknown-key, unused-ignore]
    made: Any = session.client(service, endpoint_url=url, config=config)  # type: ignore[call-overload]
    return made


def _url(server: subprocess.Popen[bytes], log: Path) -> str:
    """Once it listens. Its log is the only place that says where."""
    with log.open() as reads:
        while True:
            line = reads.readline()
            found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", line)
            if found:
                return found[1]
            if not line:
                try:
                    server.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                raise Unavailable(f"ministack ended at its start; its log: {log}")


def _install() -> None:
    done = BUILD / "installed"
    wanted = REQUIREMENTS.read_text()
    if done.exists() and done.read_text() == wanted:
        return
    venv.create(BUILD, with_pip=True, clear=True)
    pip = [str(BUILD / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    try:
        subprocess.run(
            [*pip, "-r", str(REQUIREMENTS)],
            check=True,
            timeout=INSTALL_S,
            stdout=sys.stderr,
            stderr=subprocess.PIPE,
            text=True,
        )
    except subprocess.CalledProcessError as failure:
        raise Unavailable(f"pip could not install ministack: {failure.stderr.strip()[-200:]}") from failure
    except subprocess.TimeoutExpired as failure:
        raise Unavailable(f"pip could not install ministack within {INSTALL_S} s") from failure
    done.write_text(wanted)
