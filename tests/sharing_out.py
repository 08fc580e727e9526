"""How files are handed out to the workers of xdist: the dearest first, those of one scope (tests/scopes.py) to one worker.

xdist hands out the files with most tests first. The files with few tests are those that start processes: they would run
last, one beside idle workers. Half of the workers begin with tests that start processes, the others with the rest.
"""

from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.progress import Progress
from tests.scopes import dearest_first, scope_of, without_processes

FILE_BY_FILE = "file_by_file"  # of what a worker is told
LOOK_AT_ALL = ("lf", "failedfirst", "newfirst", "stepwise", "collectonly")  # options that need the whole collection


def file_by_file(config: pytest.Config) -> bool:
    """Whether workers collect a file when they run it. Asked in the controller."""
    whole = not any("::" in argument for argument in config.args)
    return (
        config.getvalue("dist") == "loadfile"
        and whole
        and not any(config.getoption(name, None) for name in LOOK_AT_ALL)
    )


def put_in_order(items: list[pytest.Item]) -> None:
    place = {test: number for number, test in enumerate(dearest_first([item.nodeid for item in items]))}
    items.sort(key=lambda item: place[item.nodeid])


class Scheduling(LoadFileScheduling):  # type: ignore[misc]
    """What is handed out are tests, or whole files where their workers collect them (tests/collecting.py)."""

    progress: Progress | None = None

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

    def schedule(self) -> None:
        super().schedule()
        if self.progress:
            self.progress.files = len(self.collection)

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        super().mark_test_complete(node, item_index, duration)
        if self.progress:
            self.progress.file_is_done()

    def remove_node(self, node: Any) -> str | None:
        """What a worker that crashed was at is over, its report says so: there the next one would crash, too.

        What it had not begun goes to others.
        """
        left = {scope: unit for scope, unit in self.assigned_work[node].items() if not all(unit.values())}
        crashed = next((test for unit in left.values() for test, done in unit.items() if not done), None)
        if crashed is not None:
            left[scope_of(crashed)][crashed] = True
        self.assigned_work[node] = {scope: unit for scope, unit in left.items() if not all(unit.values())}
        super().remove_node(node)
        return crashed

    def _assign_work_unit(self, node: Any) -> None:
        """The first half of the workers begins with what starts processes, the others with the rest: fewer load both."""
        quiet = self.nodes.index(node) >= (len(self.nodes) + 1) // 2
        scope = next((each for each in self.workqueue if without_processes(each) == quiet), None)
        if scope is not None:
            self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)

    def _reschedule(self, node: Any) -> None:
        """A worker begins a test when it knows the next one, or that there is none: one alone would wait for ever."""
        super()._reschedule(node)
        while self.workqueue and not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the workers: tests that run alone keep their order."""
    if hasattr(config, "workerinput"):
        put_in_order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[FILE_BY_FILE] = file_by_file(node.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False  # hands out in the order of the workers' collection, which is ours
    scheduling = Scheduling(config, log)
    if file_by_file(config) and config.pluginmanager.has_plugin("terminalreporter"):
        scheduling.progress = Progress(config)
        config.pluginmanager.register(scheduling.progress)
    return scheduling
