"""Following a fleet run: failure is told at once, time runs out, and the results come last."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from benchfleet.exceptions import RunFailed
from benchfleet.fleet import FleetBenchmark, ResultsNotReady, RunNotFound, WaitTimeout

from tests.unit.sdk_network import Network, ok, refused


def _fleet(network: Network, folder: Path) -> FleetBenchmark:
    return FleetBenchmark(folder, url="http://api.test", api_key="k", transport=httpx.MockTransport(network))


def _detail(status: str, **changed: Any) -> httpx.Response:
    return ok(
        {
            "run_id": "f-1", "fleet_id": "f", "status": status, "reason": None, "created_at": "", "completed_at": None,
            "results_ready": False, "tests": {"total": 2, "pending": 1, "success": 1}, "cost_usd": None,
            "max_cost_usd": None, "targets": [], "repositories": [], "shards": [], "errors": [], "warnings": [],
            "metadata": {},
        }
        | changed
    )  # fmt: skip


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_run_that_failed_is_told_at_once(status: str, tmp_path: Path) -> None:
    with pytest.raises(RunFailed, match=f"f-1 is {status}: no key .*1 of 2 tests"):
        _fleet(Network(_detail(status, errors=["no key"])), tmp_path).wait_for_completion("f-1")


def test_time_that_runs_out_leaves_the_run_alone(tmp_path: Path) -> None:
    network = Network(_detail("running"))
    with pytest.raises(WaitTimeout, match="f-1 is running after 0 ms"):
        _fleet(network, tmp_path).wait_for_completion("f-1", timeout_ms=0)
    assert network.paths == ["GET /fleets/runs/f-1"]


def test_results_that_are_not_there_are_two_errors(tmp_path: Path) -> None:
    with pytest.raises(ResultsNotReady):
        _fleet(Network(refused(409, error="e", code="run_not_ended")), tmp_path).get_fleet_results("f-1")
    with pytest.raises(RunNotFound):
        _fleet(Network(refused(404, error="e", code="not_found")), tmp_path).get_fleet_results("f-1")


def test_partial_results_are_results(tmp_path: Path) -> None:
    signed = ok({"path": "fleet-results.json", "url": "http://bucket.test/x"})
    network = Network(_detail("partial", results_ready=True), signed, ok({"fleet_id": "f"}))
    assert _fleet(network, tmp_path).wait_for_completion("f-1") == {"fleet_id": "f"}
    assert "authorization" not in network.requests[-1].headers


def test_the_results_are_written_last(tmp_path: Path) -> None:
    paths = ["fleet-results.json", "z/openai/results.json"]
    listed = ok({"run_id": "f-1", "artifacts": [{"path": path, "size_bytes": 2} for path in paths]})
    signed = ok({"path": "p", "url": "http://bucket.test/x"})
    network = Network(listed, signed, ok({}), signed, refused(500))
    with pytest.raises(Exception, match="the storage answers 500"):
        _fleet(network, tmp_path).fetch_artifacts("f-1")
    assert (tmp_path / "f-1" / "z" / "openai" / "results.json").exists()
    assert not (tmp_path / "f-1" / "fleet-results.json").exists()


def test_an_artifact_that_leads_out_of_the_folder_is_not_written(tmp_path: Path) -> None:
    listed = ok({"run_id": "f-1", "artifacts": [{"path": "../../x", "size_bytes": 2}]})
    network = Network(listed, ok({"path": "p", "url": "http://bucket.test/x"}), ok({}))
    with pytest.raises(Exception, match="leads out of"):
        _fleet(network, tmp_path / "out").fetch_artifacts("f-1")
    assert not (tmp_path / "x").exists()
