"""What becomes of a test whose engine is missing: a pytest of its own, with an empty PATH."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makepyfile("import pytest\n\n@pytest.mark.needs_docker\ndef test_container():\n    pass\n")
    pytester.makeini("[pytest]\nmarkers =\n    needs_docker: an engine\n    needs_ruby: a ruby\n")
    pytester.syspathinsert(ROOT)
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.delenv("CI", raising=False)
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


def test_an_engine_that_answers_lets_it_run(suite: pytest.Pytester) -> None:
    program = suite.path / "docker"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    run(suite).assert_outcomes(passed=1)
