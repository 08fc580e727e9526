"""pyperformance's set-up where it cannot succeed. That it does succeed is proved in tests/proof: it needs PyPI."""

from pathlib import Path

import pytest

from runner_image.workloads.protocol import WorkloadError
from runner_image.workloads.pyperformance.workload import Pyperformance
from tests.integration.workload_slot import Slot


def test_a_python_that_is_not_there_is_our_failure(tmp_path: Path) -> None:
    slot = Slot(tmp_path)
    with pytest.raises(WorkloadError, match="there is no such python: /no/python") as failed:
        slot.measure(Pyperformance(), {"benchmarks": ["nbody"], "python": "/no/python"})
    assert (failed.value.error_type, failed.value.failure_class) == ("suite_unavailable", "infrastructure")
    assert slot.percents == [5]


def test_a_cache_that_cannot_be_written_is_our_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkloadError, match="no folder for a cache") as failed:
        Slot(tmp_path).measure(Pyperformance(), {"benchmarks": ["nbody"], "cache_dir": str(tmp_path / "file")})
    assert failed.value.error_type == "suite_unavailable"
