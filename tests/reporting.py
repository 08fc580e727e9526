"""Workers of xdist tell the controller once of a test that passes, not five times.

They would tell it that the test begins, how its set-up, its call and its teardown went, and that it is over, and write and
read all of that in Python: more than a millisecond of CPU time for each of thousands of tests. Nobody reads what is left
out here: reports of a set-up or teardown that passed. Where something does (durations, a JUnit file), all is told.
"""

import pytest
from _pytest.runner import runtestprotocol


def says_something(report: pytest.TestReport) -> bool:
    return report.when == "call" or not report.passed


class Briefly:
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        for report in runtestprotocol(item, log=False, nextitem=nextitem):
            if says_something(report):
                item.ihook.pytest_runtest_logreport(report=report)
        return True


def pytest_configure(config: pytest.Config) -> None:
    all_is_read = config.getoption("durations") is not None or config.getoption("xmlpath") is not None
    if hasattr(config, "workerinput") and not all_is_read:
        config.pluginmanager.register(Briefly())
