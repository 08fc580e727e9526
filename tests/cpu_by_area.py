"""Tells in one line at the end of a run what each folder of tests cost, in CPU seconds.

Wall time says more of the machine and its other work than of the tests. Counted is this process, with the threads of
fixtures, and every process that a test started and waited for. Containers run under the engine and are not in it, nor are
processes that nobody waited for. A fixture of the session counts where it is first used, as do imports of the prepared
parent (tests/prepared_start.py).
"""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.prepared_start import parent_cpu_s

FROM_WORKER = "cpu_by_area"
_spent_s = pytest.StashKey[dict[str, float]]()


def cpu_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system + parent_cpu_s()


def area_of(item: pytest.Item) -> str:
    """`unit` for a test below `tests/unit`, `.` for one beside such folders; a file whose tests count themselves says its own."""
    if (area := getattr(item, "cpu_area", None)) is not None:
        return str(area)
    folders = Path(item.nodeid.partition("::")[0]).parts[:-1]
    return next((folder for folder in folders if folder != "tests"), ".")


def add(config: pytest.Config, area: str, seconds: float) -> None:
    spent_s = config.stash[_spent_s]
    spent_s[area] = spent_s.get(area, 0.0) + seconds


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_spent_s] = {}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    spent_s = item.config.stash[_spent_s]
    before, told_before = cpu_s(), sum(spent_s.values())
    result = yield
    told_within = sum(spent_s.values()) - told_before  # by the tests of a file that is collected in its turn
    add(item.config, area_of(item), cpu_s() - before - told_within)
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)  # in a worker of xdist
    if output is not None:
        output[FROM_WORKER] = session.config.stash[_spent_s]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """In the controller of xdist, once for each worker; one that crashed has told nothing."""
    for area, seconds in getattr(node, "workeroutput", {}).get(FROM_WORKER, {}).items():
        add(node.config, area, seconds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    spent_s = config.stash[_spent_s]
    dearest_first = sorted(spent_s.items(), key=lambda pair: -pair[1])
    if dearest_first:
        told = ", ".join(f"{area} {seconds:.1f}" for area, seconds in dearest_first)
        terminalreporter.write_line(f"CPU seconds: {told}; all {sum(spent_s.values()):.1f}")
