"""What becomes of a test whose engine is missing: a pytest of its own, with an empty PATH."""

import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makepyfile("import pytest\n\n@pytest.mark.needs_docker\ndef test_container():\n    pass\n")
    pytester.makeini("[pytest]\nmarkers =\n    needs_docker: an engine\n    needs_ruby: a ruby\n")
    pytester.syspathinsert(ROOT)
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.setattr(
        tempfile, "tempdir", str(pytester.path)
    )  # the real turn may be somebody's just now, for minutes
    monkeypatch.delenv("CI", raising=False)
    # It runs in this process and forgets what it imported: anyio, by its plugin, would be there twice for later tests.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(suite: pytest.Pytester) -> pytest.RunResult:
    return suite.runpytest("-p", "tests.engine_policy", "-p", "no:cacheprovider", "-rs")


def test_a_missing_engine_skips_by_name(suite: pytest.Pytester) -> None:
    result = run(suite)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["*needs_docker: no Docker engine answers*"])


def test_a_missing_engine_fails_in_ci(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    result = run(suite)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*needs_docker: no Docker engine answers; in CI it must be there*"])


def program(suite: pytest.Pytester, name: str) -> None:
    path = suite.path / name
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)


def test_an_engine_that_answers_lets_it_run(suite: pytest.Pytester) -> None:
    program(suite, "docker")
    run(suite).assert_outcomes(passed=1)


@pytest.mark.proof
def test_containers_and_a_browser_take_turns(suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside such a test nobody else gets the turn."""
    monkeypatch.setenv("TMPDIR", str(suite.path))
    suite.makepyfile(
        """
        import fcntl, pytest
        from tests.engine_policy import turn

        def somebody_has_it():
            with turn().open("w") as mine:
                try:
                    fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
                return False

        @pytest.fixture(scope="module")
        def early():
            return somebody_has_it()

        @pytest.mark.needs_docker
        def test_container(early):
            assert early and somebody_has_it()

        @pytest.mark.needs_browser
        def test_browser():
            assert somebody_has_it()
        """
    )
    suite.makeini("[pytest]\nmarkers =\n    needs_docker: an engine\n    needs_browser: a browser\n")
    for name in ("docker", "chromium"):
        program(suite, name)
    result = suite.runpytest_subprocess("-p", "tests.engine_policy", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
