"""Files that workers collect in their turn: a pytest of its own, whose tests write down where they ran."""

from collections import Counter
from pathlib import Path

import pytest

from tests.variants import in_proof

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
PLUGINS = ("tests.cpu_by_area", "tests.reporting", "tests.sharing_out", "tests.collecting")
WITHOUT = ("no:schemathesis", "no:hypothesispytest", "no:anyio")
CONFTEST = """
import os, pytest
@pytest.fixture(autouse=True)
def _written(request):
    with open(os.environ["RAN"], "a") as ran:
        ran.write(f"{request.node.nodeid} {os.environ.get('PYTEST_XDIST_WORKER')}\\n")
def pytest_unconfigure(config):
    if hasattr(config, "workerinput"):
        with open(os.environ["RAN"] + "-imported", "a") as imported:
            import sys
            imported.writelines(f"{name}\\n" for name in sys.modules if name.startswith("test_"))
"""
PACKAGE = """
import pytest
@pytest.fixture(scope="package")
def once():
    yield
    assert 0, "the end of the package"
"""
FILES = {
    "unit/test_many.py": "import pytest\n@pytest.mark.parametrize('n', range(30))\ndef test_one(n): pass\nclass TestIt:\n"
    "    def test_in_class(self): pass\n",
    "unit/test_proofs.py": "import pytest\npytestmark = pytest.mark.proof\nassert 0, 'not even imported'\n",
    "unit/test_some_proofs.py": "import pytest\n@pytest.mark.proof\ndef test_slow(): pass\ndef test_quick(): pass\n",
    "unit/test_skipped.py": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
    "unit/test_broken.py": "import nothing_of_this_name\n",
    "integration/test_run_command.py": "def test_fails(): assert 0\ndef test_goes_on(): pass\n",
    "ending/__init__.py": "",
    "ending/conftest.py": PACKAGE,
    "ending/test_a.py": "def test_last(once): pass\n",
    "ending/test_b_empty.py": "",
    **{f"unit/test_small_{number}.py": "def test_small(): pass\n" for number in range(5)},
}
QUICK = {
    *(f"tests/unit/test_many.py::test_one[{number}]" for number in range(30)),
    *(f"tests/unit/test_small_{number}.py::test_small" for number in range(5)),
    "tests/unit/test_many.py::TestIt::test_in_class",
    "tests/unit/test_some_proofs.py::test_quick",
    "tests/integration/test_run_command.py::test_fails",
    "tests/integration/test_run_command.py::test_goes_on",
    "tests/ending/test_a.py::test_last",
}


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makeini("[pytest]\ntestpaths = tests\nmarkers = proof\naddopts = -m 'not proof'\nfilterwarnings = error\n")
    pytester.makeconftest(CONFTEST)
    pytester.syspathinsert(ROOT)
    monkeypatch.setenv("RAN", str(pytester.path / "ran"))
    for name, source in FILES.items():
        path = pytester.path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return pytester


def run(suite: pytest.Pytester, *words: str) -> pytest.RunResult:
    flags = [word for name in (*PLUGINS, *WITHOUT) for word in ("-p", name)]
    return suite.runpytest_subprocess(*flags, *words)


def ran(suite: pytest.Pytester) -> list[tuple[str, str]]:
    """Each test that was begun, and its worker."""
    lines = (suite.path / "ran").read_text().splitlines()
    return [(test, worker) for test, _, worker in (line.rpartition(" ") for line in lines)]


def leave_out_what_cannot_be_imported(suite: pytest.Pytester) -> None:
    """Where one process collects all, it would run nothing."""
    for name in ("broken", "proofs"):
        (suite.path / f"tests/unit/test_{name}.py").unlink()


@pytest.mark.parametrize("workers", [2, *in_proof(1, 3, 4)])
def test_each_test_runs_once_on_the_worker_that_collects_its_file(suite: pytest.Pytester, workers: int) -> None:
    result = run(suite, "-n", str(workers), "--dist", "loadfile")
    result.assert_outcomes(passed=len(QUICK) - 1, failed=1, skipped=1, errors=2)
    assert Counter(test for test, _ in ran(suite)) == Counter(QUICK)
    assert len({(test.partition("::")[0], worker) for test, worker in ran(suite)}) == len(
        {test.partition("::")[0] for test in QUICK}
    )
    result.stdout.fnmatch_lines(
        ["*[[]100%]", "*ERROR collecting tests/unit/test_broken.py*", "*No module named 'nothing_of_this_name'*"]
    )
    result.stdout.fnmatch_lines(["*ERROR at teardown of *", "*the end of the package*"])
    imported = Counter((suite.path / "ran-imported").read_text().splitlines())
    assert imported["test_many"] == imported["test_small_1"] == 1
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_file_that_ends_its_worker_is_no_success(suite: pytest.Pytester) -> None:
    folder = suite.path / "tests" / "unit"
    (folder / "test_ends.py").write_text("raise SystemExit(0)\n")
    files = [str(folder / f"test_{name}.py") for name in ("ends", "small_1")]
    result = run(suite, *files, "-n", "2", "--dist", "loadfile")
    assert result.ret == pytest.ExitCode.INTERNAL_ERROR


CHOSEN = [
    ("-k", "small_1 or test_goes_on"),
    ("-m", "proof"),
    ("--deselect", "tests/unit/test_many.py", "--ignore-glob", "*_small_*"),
    ("tests/unit/test_many.py", "tests/ending"),
    ("tests/unit/test_many.py::test_one", "tests/ending"),
]


@pytest.mark.parametrize("words", in_proof(*([each] for each in CHOSEN)))
def test_as_many_tests_run_as_without_workers(suite: pytest.Pytester, words: list[tuple[str, ...]]) -> None:
    leave_out_what_cannot_be_imported(suite)
    told = run(suite, *words[0]).parseoutcomes()
    alone = {test for test, _ in ran(suite)}
    (suite.path / "ran").unlink()
    shared = run(suite, *words[0], "-n", "2", "--dist", "loadfile").parseoutcomes()
    assert shared == {word: number for word, number in told.items() if word != "deselected"}
    assert Counter(test for test, _ in ran(suite)) == Counter(alone)


@pytest.mark.proof
def test_what_failed_last_is_run_again_alone(suite: pytest.Pytester) -> None:
    leave_out_what_cannot_be_imported(suite)
    (suite.path / "tests/ending/test_b_empty.py").unlink()  # else the end of the package may be told as its own
    run(suite, "-n", "2", "--dist", "loadfile")
    (suite.path / "ran").unlink()
    run(suite, "--lf", "-n", "2", "--dist", "loadfile").assert_outcomes(failed=1, passed=1, errors=1)
    assert {test for test, _ in ran(suite)} == {
        "tests/integration/test_run_command.py::test_fails",
        "tests/ending/test_a.py::test_last",
    }


@pytest.mark.proof
def test_after_the_first_failure_no_file_is_begun(suite: pytest.Pytester) -> None:
    result = run(suite, "-x", "-n", "1", "--dist", "loadfile")  # the file with the failure is handed out first
    result.assert_outcomes(failed=1)
    assert [test for test, _ in ran(suite)] == ["tests/integration/test_run_command.py::test_fails"]


@pytest.mark.parametrize("workers", in_proof(1, 2, 3))
def test_a_crash_is_a_failure_that_names_the_last_test_and_the_other_files_are_run(
    suite: pytest.Pytester, workers: int
) -> None:
    crash = "import os\ndef test_before(): pass\ndef test_crash(): os._exit(1)\ndef test_after(): pass\n"
    (suite.path / "tests/unit/test_crash.py").write_text(crash)
    result = run(suite, "-n", str(workers), "--dist", "loadfile")
    result.assert_outcomes(passed=len(QUICK), failed=2, skipped=1, errors=2)
    result.stdout.fnmatch_lines(
        ["*crashed while running 'tests/unit/test_crash.py'*last test*is tests/unit/test_crash.py::test_before*"]
    )
    assert Counter(test for test, _ in ran(suite) if "crash" not in test) == Counter(QUICK)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
