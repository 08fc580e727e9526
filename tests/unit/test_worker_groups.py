"""Tests that share one engine or one browser must run on one worker: not every pytest and pytest-xdist keep that."""

import pytest


def test_a_group_stays_on_one_worker(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pathlib
        import pytest

        @pytest.mark.xdist_group("engine")
        @pytest.mark.parametrize("number", range(6))
        def test_one(number, worker_id):
            pathlib.Path("workers").open("a").write(worker_id + "\\n")
        """
    )
    run = ["-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    pytester.runpytest_subprocess(*run).assert_outcomes(passed=6)
    workers = (pytester.path / "workers").read_text().split()
    assert len(workers) == 6
    assert len(set(workers)) == 1
