"""A test whose engine is missing is skipped by name; where CI=true, that is a failure.

The marker says what a test needs. In CI nothing may be missing: a skip there would be a proof that nobody saw fail.

Containers and a browser take turns: each container changes the machine's network interfaces, and Chromium then breaks
off what it is loading (`net::ERR_NETWORK_CHANGED`).
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest


def docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


def ruby_is_there() -> bool:
    return shutil.which("ruby") is not None


def browser_is_there() -> bool:
    return shutil.which("chromium") is not None


def load_tools_are_there() -> bool:
    return all(shutil.which(tool) for tool in ("wrk", "h2load"))


PROBES: Mapping[str, tuple[Callable[[], bool], str]] = {
    "needs_docker": (docker_answers, "no Docker engine answers"),
    "needs_ruby": (ruby_is_there, "there is no ruby"),
    "needs_browser": (browser_is_there, "there is no chromium"),
    "needs_load_tools": (load_tools_are_there, "wrk or h2load is missing (apt-get install wrk nghttp2-client)"),
}
TAKE_TURNS = ("needs_docker", "needs_browser")
_found = pytest.StashKey[dict[str, bool]]()


def turn() -> Path:
    return Path(tempfile.gettempdir()) / "benchfleet-tests-network.lock"


def lacking(marker: str, reason: str) -> NoReturn:
    """Skips the test, or fails it in CI."""
    words = f"{marker}: {reason}"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{words}; in CI it must be there", pytrace=False)
    pytest.skip(words)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_found] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Asks for each engine once, and only if a test needs it."""
    found = item.config.stash[_found]
    for marker, (probe, reason) in PROBES.items():
        if item.get_closest_marker(marker) is None:
            continue
        if marker not in found:
            found[marker] = probe()
        if not found[marker]:
            lacking(marker, reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Around the whole test, its fixtures too, and outside its timeout: to wait for one's turn is no failure."""
    if not any(item.get_closest_marker(marker) for marker in TAKE_TURNS):
        return (yield)
    with turn().open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        return (yield)
