"""pyperformance from PyPI, for real: slow (about a minute), and it needs the network once."""

import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from runner_image.workloads.protocol import Outcome, WorkloadError
from runner_image.workloads.pyperformance.workload import Pyperformance
from tests.integration.workload_slot import Slot

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def slot_in(folder: Path) -> Slot:
    folder.mkdir()
    return Slot(folder)


def asked(cache: Path, **more: Any) -> dict[str, Any]:
    return {"benchmarks": ["nbody"], "effort": "fast", "cache_dir": str(cache), **more}


def test_two_slots_build_one_environment_and_both_measure(tmp_path: Path, cache: Path) -> None:
    slots = [slot_in(tmp_path / name) for name in ("a", "b")]
    outcomes: dict[int, Outcome] = {}

    def measure(number: int) -> None:
        outcomes[number] = slots[number].measure(Pyperformance(), asked(cache), task_id=f"r.{number}")

    threads = [threading.Thread(target=measure, args=(number,)) for number in range(len(slots))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((cache / "benchfleet" / "pyperformance").glob("*/ready"))) == 1
    for number, slot in enumerate(slots):
        [nbody] = outcomes[number].output.measurements
        assert (nbody.benchmark, nbody.unit, len(nbody.samples), len(nbody.warmup)) == ("nbody", "s", 20, 10)
        assert all(0.001 < sample < 10 for sample in nbody.samples)
        assert slot.percents == sorted(slot.percents)
        assert slot.files() == {"output.json", "output.txt", "pyperf.json"}
        assert slot.prepared is not None
        assert slot.prepared.versions["pyperformance"] == "1.14.0"


def test_a_benchmark_that_pyperformance_lacks_is_refused_before_anything_runs(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(WorkloadError, match="nosuch") as refused:
        slot_in(tmp_path / "a").measure(Pyperformance(), asked(cache, benchmarks=["nbody", "nosuch"]))
    assert refused.value.error_type == "invalid_options"


def test_a_benchmark_that_takes_too_long_keeps_the_others(tmp_path: Path, cache: Path) -> None:
    slot = slot_in(tmp_path / "a")
    options = asked(cache, benchmarks=["nbody", "async_tree_io"], benchmark_timeout_s=2)
    outcome = slot.measure(Pyperformance(), options)
    assert outcome.exit_code == 1
    assert [m.benchmark for m in outcome.output.measurements] == ["nbody"]
    assert [f.benchmark for f in outcome.output.failures] == ["async_tree_io"]
    assert "timed out" in outcome.output.failures[0].reason


def test_two_benchmarks_end_in_one_file_that_pyperf_reads(tmp_path: Path, cache: Path) -> None:
    slot = slot_in(tmp_path / "a")
    outcome = slot.measure(Pyperformance(), asked(cache, benchmarks=["nbody", "json_dumps"], effort="single"))
    assert [m.benchmark for m in outcome.output.measurements] == ["nbody", "json_dumps"]
    assert [(each.benchmark, each.percent) for each in slot.told][2:4] == [("nbody", 10), ("json_dumps", 50)]
    assert slot.prepared is not None
    python, raw = slot.prepared.command[0], str(slot.work_dir / "pyperf.json")
    shown = subprocess.run([python, "-m", "pyperf", "show", raw], check=True, capture_output=True, text=True).stdout
    assert "nbody" in shown
    assert "json_dumps" in shown


def test_the_time_for_all_keeps_what_ended(tmp_path: Path, cache: Path) -> None:
    slot = slot_in(tmp_path / "a")
    slow = asked(cache, benchmarks=["nbody", "async_tree_io", "json_dumps"], effort="rigorous", timeout_s=1)
    with pytest.raises(WorkloadError, match="longer than 1 s"):
        slot.measure(Pyperformance(), slow)
    assert "never began" in (slot.work_dir / "output.json").read_text()


def test_without_an_index_the_set_up_fails_as_ours(tmp_path: Path) -> None:
    slot = slot_in(tmp_path / "a")
    slot.environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    with pytest.raises(WorkloadError, match="Could not prepare pyperformance") as failed:
        slot.measure(Pyperformance(), asked(tmp_path / "cache"))
    assert (failed.value.error_type, failed.value.failure_class) == ("suite_unavailable", "infrastructure")
