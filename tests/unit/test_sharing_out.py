"""Which tests a worker gets together, and in which order. The order of a real run is seen in tests/integration."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.progress import expected
from tests.scopes import SECONDS, TAKING_TURNS, TOGETHER, dearest_first, scope_of, without_processes
from tests.sharing_out import Scheduling

ROOT = Path(__file__).parents[2]
RUN_COMMAND = "tests/integration/test_run_command.py::test_one"
UNIT = [f"tests/unit/test_new.py::test_some[{number}::x]" for number in range(3)]


def test_few_tests_that_take_long_come_before_many_that_do_not() -> None:
    assert dearest_first([*UNIT, RUN_COMMAND]) == [RUN_COMMAND, *UNIT]


def test_an_unmeasured_file_takes_as_long_as_its_folders_tests_do() -> None:
    integration = "tests/integration/test_new.py::test_one"
    assert dearest_first([*UNIT, integration]) == [integration, *UNIT]
    assert dearest_first([UNIT[0], "tests/unit/test_two.py::a", UNIT[1]]) == [*UNIT[:2], "tests/unit/test_two.py::a"]


def test_no_measured_file_is_gone() -> None:
    named = [*TOGETHER, *(scope for scope in SECONDS if scope not in TOGETHER.values())]
    assert [name for name in named if not any(ROOT.glob(f"{name}*"))] == []


def test_who_takes_turns_is_together_with_the_others() -> None:
    marked = re.compile(r"^(@|pytestmark = .*)pytest\.mark\.needs_(docker|browser)\b", re.MULTILINE)
    quick = (path for path in (ROOT / "tests").glob("*/test_*.py") if path.parent.name != "proof")
    tests = [path.relative_to(ROOT).as_posix() for path in quick]
    takers = {test for test in tests if marked.search((ROOT / test).read_text(encoding="utf-8"))}
    assert {scope_of(f"{test}::test_one") for test in takers} == {TAKING_TURNS}
    assert takers == {test for test in tests if scope_of(test) == TAKING_TURNS}


FILES = [f"tests/unit/test_{letter}.py" for letter in "abcdefgh"]


@dataclass(eq=False)
class Node:
    """A worker, as its controller sees it."""

    asked: list[int] = field(default_factory=list)
    shutting_down: bool = False
    gateway: Any = field(default_factory=lambda: SimpleNamespace(id="gw"))

    def send_runtest_some(self, indices: list[int]) -> None:
        self.asked.extend(indices)

    def shutdown(self) -> None:
        self.shutting_down = True


def scheduling(workers: int) -> Scheduling:
    words: Any = SimpleNamespace(
        getvalue={"tx": ["popen"] * workers}.__getitem__, option=SimpleNamespace(loadscopereorder=False)
    )
    return Scheduling(words, None)


def test_half_of_the_workers_begin_with_what_starts_processes_and_then_all_do_what_is_left() -> None:
    files = [f"tests/{area}/test_{letter}.py" for letter in "abcd" for area in ("integration", "unit")]
    sharing = scheduling(3)
    nodes = [begin(sharing, files) for _ in range(3)]
    sharing.schedule()
    asked = [[without_processes(files[index]) for index in node.asked] for node in nodes]
    assert asked == [[False, False], [False, False], [True, True]]
    done: list[int] = []
    while nodes[0].asked:
        done.append(nodes[0].asked.pop(0))
        sharing.mark_test_complete(nodes[0], done[-1])
    assert [without_processes(files[index]) for index in done] == [False, False, True, True]


def begin(sharing: Scheduling, files: list[str]) -> Node:
    node = Node()
    sharing.add_node(node)
    sharing.add_node_collection(node, files)
    return node


def work(sharing: Scheduling, *nodes: Node) -> list[str]:
    """Each runs one after the other of what it was asked, as long as it knows what comes next, or that nothing does."""
    ran: list[str] = []
    while any(ready := [node for node in nodes if len(node.asked) > 1 or (node.asked and node.shutting_down)]):
        index = ready[0].asked.pop(0)
        ran.append(FILES[index])
        sharing.mark_test_complete(ready[0], index)
    return ran


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
def test_each_file_is_handed_out_once(workers: int) -> None:
    sharing = scheduling(workers)
    nodes = [begin(sharing, FILES) for _ in range(workers)]
    sharing.schedule()
    assert sorted(work(sharing, *nodes)) == FILES
    assert sharing.tests_finished


@pytest.mark.parametrize("done", range(8))
def test_what_a_crashed_worker_had_not_begun_goes_to_the_one_that_replaces_it(done: int) -> None:
    sharing = scheduling(1)
    first = begin(sharing, FILES)
    sharing.schedule()
    for _ in range(done):
        sharing.mark_test_complete(first, first.asked.pop(0))
    assert sharing.remove_node(first) == FILES[done]
    second = begin(sharing, FILES)
    sharing.schedule()
    assert sorted(work(sharing, second)) == FILES[done + 1 :]


def test_a_worker_that_ends_had_nothing_left() -> None:
    sharing = scheduling(1)
    node = begin(sharing, FILES)
    sharing.schedule()
    work(sharing, node)
    assert sharing.remove_node(node) is None


def test_the_percentage_is_that_of_files() -> None:
    shares = [100 * told // expected(told, done=done, files=8) for told, done in ((50, 2), (51, 2), (60, 7))]
    assert shares == [25, 25, 88]
    assert expected(1, done=0, files=8) == 8
    assert expected(70, done=8, files=8) == 70  # in the end it is the number of tests
    assert expected(3, done=7, files=8) == 4  # never all before the end
