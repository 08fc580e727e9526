"""What each folder of tests cost, as told at the end of a run: a pytest of its own, with tests that burn CPU time."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.proof  # each is a pytest with processes of its own
ROOT = Path(__file__).parents[2]
BURN = "import time\nuntil = time.process_time() + {seconds}\nwhile time.process_time() < until: pass\n"
HERE = f"def test_here():\n    exec({BURN.format(seconds=0.3)!r})\n"
CHILD = f"import subprocess, sys\ndef test_child():\n    subprocess.run([sys.executable, '-c', {BURN.format(seconds=0.6)!r}])\n"


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini("[pytest]\n")
    pytester.syspathinsert(ROOT)
    for area, source in (("unit", HERE), ("browser", CHILD)):
        folder = pytester.mkdir(area)
        (folder / f"test_{area}.py").write_text(source)
    return pytester


def run(suite: pytest.Pytester, *words: str) -> pytest.RunResult:
    plugins = ("tests.cpu_by_area", "no:cacheprovider", "no:schemathesis", "no:hypothesispytest", "no:anyio")
    return suite.runpytest_subprocess(*(word for name in plugins for word in ("-p", name)), *words)


def told(result: pytest.RunResult) -> tuple[list[str], dict[str, float]]:
    """The areas as they stand in the line, and the seconds of each and of `all`."""
    (line,) = [line for line in result.outlines if line.startswith("CPU seconds: ")]
    seconds = {area: float(number) for area, number in re.findall(r"(\w+) ([\d.]+)", line)}
    return [area for area in seconds if area != "all"], seconds


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param((), id="alone"),
        pytest.param(("-n", "2", "--dist", "loadfile"), id="with workers"),
    ],
)
def test_each_area_is_told_with_its_child_processes_the_dearest_first(
    suite: pytest.Pytester, workers: tuple[str, ...]
) -> None:
    result = run(suite, *workers)
    result.assert_outcomes(passed=2)
    areas, seconds = told(result)
    assert areas == ["browser", "unit"]  # the child's 0.6 s before the 0.3 s of this process
    assert seconds["unit"] >= 0.3
    assert seconds["browser"] >= 0.6
    assert seconds["all"] == pytest.approx(seconds["unit"] + seconds["browser"], abs=0.2)


def test_without_tests_there_is_no_line(suite: pytest.Pytester) -> None:
    result = run(suite, "-k", "nothing")
    result.stdout.no_fnmatch_line("CPU seconds*")
