"""A worker of xdist collects the files that it runs, when their turn comes, and no others.

Else each worker collects the whole suite before its first test: it imports, rewrites and compiles hundreds of files to run
a third of them. Here it lists the files. To xdist each of them is one test, handed out as tests/sharing_out.py has it; their
worker collects the tests in it, and runs and tells them one by one, as if they had been collected before.

So it is in workers of `--dist loadfile`, unless something chooses tests by what was collected or names one.
"""

import gc
import re
import sys
from collections.abc import Generator, Iterator, Sequence
from compileall import compile_file
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.sharing_out import FILE_BY_FILE, put_in_order

OURS = ("chalicelib", "local_emulator", "runner_image", "sdk", "tests")
MARK_OF_ALL = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.(\w+)", re.MULTILINE)
MORE_THAN_AND = re.compile(r"[()]|\bor\b")


def left_out(marks: str) -> set[str]:
    """The marks whose tests `-m` surely leaves out: what has brackets or an `or` may bring any back."""
    asked = [] if MORE_THAN_AND.search(marks) else marks.split(" and ")
    return {words[4:] for words in asked if words.startswith("not ")}


def has_nothing(path: Path, marks: str) -> bool:
    """Whether all its tests are left out, as proofs are: it need not be imported to see that."""
    text = path.read_text(encoding="utf-8")
    found = MARK_OF_ALL.search(text)
    return found is not None and found[1] in left_out(marks) and not _in_a_string(text[: found.start()])


def _in_a_string(before: str) -> bool:
    """Whether one of several lines has begun and not ended. Where that cannot be told, the file is imported."""
    return any(before.count(quotes) % 2 for quotes in ('"""', "'''"))


@contextmanager
def without_garbage() -> Iterator[None]:
    """Who rewrites, imports and collects makes many objects: to look at them again and again takes a third of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class WholeFile(pytest.Item):
    """Stands for all tests of a file until they are collected."""

    cpu_area = "collecting"

    def __init__(self, *, module: pytest.Module, **words: Any) -> None:
        super().__init__(**words)
        self._module = module
        self.add_marker(pytest.mark.timeout(0))  # each of its tests has one

    def runtest(self) -> None:
        """A file without tests ends only what the one before had and the next has not."""

    def tests(self) -> list[pytest.Item]:
        """Without those that the command line deselects."""
        with without_garbage():
            items = list(self.session.genitems(self._module))
        self.config.hook.pytest_collection_modifyitems(session=self.session, config=self.config, items=items)
        return items

    def run(self, nextitem: pytest.Item | None) -> None:
        tests, place = self.tests(), self.session.items.index(self)
        for test, following in zip(tests, [*tests, nextitem][1:], strict=True):
            self.session.items[place] = test  # whose report xdist wants to see
            self.config.hook.pytest_runtest_protocol(item=test, nextitem=following)
            if self.session.shouldfail or self.session.shouldstop:
                break
        self.session.items[place] = self
        if not tests:
            self._end_what_was(nextitem)

    def _end_what_was(self, nextitem: pytest.Item | None) -> None:
        for report in runtestprotocol(self, log=False, nextitem=nextitem):
            if not report.passed:
                self.ihook.pytest_runtest_logreport(report=report)


def own_share(files: Sequence[Path], *, worker: int, workers: int) -> Sequence[Path]:
    return files[worker % workers :: workers]  # a worker that replaces another has a new number


def compile_own_share(config: pytest.Config) -> None:
    """In a new clone, all workers begin by importing the same files of ours, and each would compile them."""
    told = config.workerinput  # type: ignore[attr-defined]
    files = sorted(path for folder in OURS for path in (config.rootpath / folder).rglob("*.py"))
    imported = [path for path in files if not path.name.startswith(("test_", "conftest"))]  # pytest compiles those
    for path in own_share(imported, worker=int(told["workerid"].removeprefix("gw")), workers=told["workercount"]):
        compile_file(path, quiet=2)  # nothing if it is compiled


class FileByFile:
    """In a worker."""

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        if not sys.dont_write_bytecode:
            compile_own_share(session.config)

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makemodule(self, parent: pytest.Collector) -> Generator[None, pytest.Module, WholeFile | None]:
        module = yield
        if has_nothing(module.path, parent.config.getoption("markexpr")):
            return None
        return WholeFile.from_parent(parent, name=module.name, nodeid=module.nodeid, path=module.path, module=module)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, None, None]:
        """Nobody deselects a whole file: its tests have the names and marks that are asked for."""
        files = [item for item in items if isinstance(item, WholeFile)]
        if not files:
            return (yield)
        items.clear()
        yield
        items.extend(files)
        put_in_order(items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        if not isinstance(item, WholeFile):
            return None
        item.run(nextitem)
        return True


def pytest_configure(config: pytest.Config) -> None:
    if getattr(config, "workerinput", {}).get(FILE_BY_FILE):
        config.pluginmanager.register(FileByFile())


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    with without_garbage():
        result = yield
    gc.freeze()
    return result
