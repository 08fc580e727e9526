"""What workers of xdist get and tell: a pytest of its own, with files named as those that take longest."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
PLUGINS = (
    "tests.sharing_out",
    "tests.reporting",
    "no:cacheprovider",
    "no:schemathesis",
    "no:hypothesispytest",
    "no:anyio",
)
COUNTING = """
def pytest_runtest_logreport(report):
    with open("told", "a") as told:
        if hasattr(report, "node"):  # in the controller
            told.write(f"{report.nodeid.partition('::')[2]} {report.when} {report.outcome}\\n")
"""
ENDINGS = """
import pytest
@pytest.fixture
def breaks(): assert 0
@pytest.fixture
def breaks_later():
    yield
    assert 0
def test_fails(): assert 0
def test_skips(): pytest.skip("why")
def test_begins(breaks): pass
def test_ends(breaks_later): pass
"""


def test_a_worker_begins_with_the_dearest_file_and_tells_what_is_read(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\n")
    pytester.makeconftest(COUNTING)
    pytester.syspathinsert(ROOT)
    passing = "".join(f"def test_{number}(): pass\n" for number in range(4))
    for folder, name, source in (("unit", "new", passing), ("integration", "run_command", ENDINGS)):
        path = pytester.path / "tests" / folder / f"test_{name}.py"
        path.parent.mkdir(parents=True)
        path.write_text(source)
    flags = [word for name in PLUGINS for word in ("-p", name)]
    result = pytester.runpytest_subprocess(*flags, "-v", "-n", "1", "--dist", "loadfile")
    result.assert_outcomes(passed=5, failed=1, skipped=1, errors=2)
    assert (pytester.path / "told").read_text().splitlines() == [
        "test_fails call failed", "test_skips call skipped", "test_begins setup failed",
        "test_ends call passed", "test_ends teardown failed",
        *(f"test_{number} call passed" for number in range(4)),
    ]  # fmt: skip
