"""In which order workers of xdist get the tests: a pytest of its own, with files named as those that take longest."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = ("tests.sharing_out", "no:cacheprovider", "no:schemathesis", "no:hypothesispytest", "no:anyio")


def test_a_worker_begins_with_the_dearest_file(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    pytester.syspathinsert(ROOT)
    for folder, name, count in (("unit", "new", 4), ("integration", "run_command", 1)):
        path = pytester.path / "tests" / folder / f"test_{name}.py"
        path.parent.mkdir(parents=True)
        path.write_text("".join(f"def test_{number}(): pass\n" for number in range(count)))
    flags = [word for name in PLUGINS for word in ("-p", name)]
    result = pytester.runpytest_subprocess(*flags, "-v", "-n", "1", "--dist", "loadfile")
    result.assert_outcomes(passed=5)
    passed = [line.split()[-1] for line in result.outlines if "PASSED" in line]
    assert passed[0] == "tests/integration/test_run_command.py::test_0"
