"""Which tests a worker gets together, and in which order. The order of a real run is seen in tests/integration."""

import re
from pathlib import Path

from tests.sharing_out import SECONDS, TAKING_TURNS, TOGETHER, dearest_first, scope_of

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
