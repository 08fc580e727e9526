"""How far a run is whose workers collect file by file (tests/collecting.py): its percentage is that of the files.

Nobody knows the number of tests before the end. pytest writes tests told of tests collected, so the second number is here
what makes that the share of the files, and in the end the number of tests.
"""

from typing import Any

import pytest


def expected(told: int, *, done: int, files: int) -> int:
    """How many tests there are if the files to come have as many as those that are done."""
    return told if done == files else max(told + 1, told * files // max(done, 1))


class Progress:
    """In the controller."""

    def __init__(self, config: pytest.Config) -> None:
        self._session: Any = config.pluginmanager.get_plugin("session")
        self._reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
        self._last: dict[Any, str] = {}
        self._done = 0
        self.files = 0

    def file_is_done(self) -> None:
        self._done += 1
        self._tell(self._reporter.reported_progress)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        self._last[report.node] = report.nodeid
        self._tell(self._reporter.reported_progress + 1)

    def _tell(self, told: int) -> None:
        self._session.testscollected = expected(told, done=self._done, files=self.files)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, report: Any) -> None:
        """Others get the files that the worker had not begun; of this one, what comes after the crash is not run."""
        report.longrepr += (
            f"; the last test that it told of is {self._last.get(report.node)}, what comes after is not run"
        )

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """xdist writes what goes wrong in a worker outside of tests, and goes on to a good end without its files."""
        if exitstatus == pytest.ExitCode.OK and self._done < self.files:
            self._reporter.write_line(
                f"\nof {self.files} files {self.files - self._done} were not run to their end", red=True
            )
            session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
