"""Following a fleet run: failure is told at once, time runs out, and the results come last."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from benchfleet.api.operations import Blocking
from benchfleet.client import Client
from benchfleet.exceptions import RunFailed, Unreachable
from benchfleet.fleet import FleetBenchmark, ResultsNotReady, RunNotFound, WaitTimeout
from benchfleet.fleet.client import flows_over
from benchfleet.fleet.following import every, patient, until_settled
from benchfleet_contract.fleets.plan import Defaults

from tests.each_case import each_case
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


@each_case("status", ["failed", "cancelled"])
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
    paths = ["fleet-results.json", "../../x"]
    listed = ok({"run_id": "f-1", "artifacts": [{"path": path, "size_bytes": 2} for path in paths]})
    network = Network(listed, ok({"path": "p", "url": "http://bucket.test/x"}), ok({}))
    with pytest.raises(Exception, match="leads out of"):
        _fleet(network, tmp_path / "out").fetch_artifacts("f-1")
    assert not (tmp_path / "x").exists()


HANDLE = {
    "run_id": "f-1", "fleet_id": "f", "status_url": "/fleets/runs/f-1", "artifact_prefix": "p", "repository_count": 1,
    "providers": ["openai"], "targets": ["openai:m"], "started_at": "", "expected_artifacts": [], "request_count": 1,
    "shards": 1,
}  # fmt: skip
CASE = {"id": "t", "prompt": "hello"}


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "d.json"
    path.write_text(json.dumps({"name": "d", "version": "1.0.0", "test_cases": [CASE]}))
    return {
        "fleet_id": "f", "repositories": [{"id": "r", "name": "R", "dataset_path": str(path)}], "providers": ["openai:m"],
    }  # fmt: skip


def test_what_a_run_that_failed_has_left_is_fetched_before_it_is_told(tmp_path: Path) -> None:
    listed = ok({"run_id": "f-1", "artifacts": [{"path": "fleet-results.json", "size_bytes": 2}]})
    signed = ok({"path": "fleet-results.json", "url": "http://bucket.test/x"})
    seen = _detail("failed", results_ready=True, errors=["no key"])
    network = Network(ok(HANDLE), seen, listed, signed, ok({"fleet_id": "f"}))
    with pytest.raises(RunFailed, match="no key"):
        _fleet(network, tmp_path).execute_fleet(_manifest(tmp_path), wait=True)
    assert json.loads((tmp_path / "f-1" / "fleet-results.json").read_text()) == {"fleet_id": "f"}


def test_a_run_whose_results_could_not_be_made_has_a_file_that_says_so(tmp_path: Path) -> None:
    """Or whoever waits for the file would wait for ever."""
    seen = _detail("failed", reason="fleet_results_failed", completed_at="2026-01-02T03:04:05Z")
    network = Network(ok(HANDLE), seen)
    with pytest.raises(RunFailed, match="fleet_results_failed"):
        _fleet(network, tmp_path).execute_fleet(_manifest(tmp_path), wait=True)
    told = json.loads((tmp_path / "f-1" / "fleet-results.json").read_text())
    assert (told["status"], told["run_id"], told["total_repositories"]) == ("failed", "f-1", 0)
    assert told["errors"][0]["kind"] == "fleet_results_failed"


def _settled(network: Network) -> Any:
    """A run that is followed by a client that repeats nothing by itself; time passes only by sleeping."""
    client = Client(
        "http://api.test", transport=httpx.MockTransport(network), repeats=False, sleep=network.pauses_s.append,
        entropy=network.entropy,
    )  # fmt: skip
    session = flows_over(client, None, Defaults(), None).session
    return Blocking.run_flow(until_settled(session, "f-1", timeout_ms=None, pace=every(60_000)))


def test_a_control_plane_that_is_silent_for_a_while_is_asked_again() -> None:
    network = Network(
        httpx.ConnectError("refused"),
        refused(503, error="e", code="busy"),
        _detail("running"),
        _detail("partial", results_ready=True),
    )
    assert _settled(network).status == "partial"
    assert network.pauses_s == [60.0, 60.0, 60.0]


def test_silence_has_an_end() -> None:
    network = Network(_detail("running"), *[httpx.ConnectError("refused")] * 20)
    with pytest.raises(Unreachable):
        _settled(network)
    assert 600 <= network.now_s <= 720


def test_results_that_never_come_have_an_end() -> None:
    network = Network(*[_detail("cancelled")] * 20)
    assert not _settled(network).results_ready
    assert 900 <= network.now_s <= 1020


def test_looks_become_fewer_the_longer_a_run_takes() -> None:
    assert [patient(waited) for waited in (0, 10, 60, 3600)] == [0.5, 0.5, 3.0, 10.0]
