"""The kind `http` from its options to `http.json` and `output.json`, with a small server as its app."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.http_results import HttpResult

from runner_image.workloads.http.workload import Http
from runner_image.workloads.protocol import Job, Outcome, WorkloadError
from tests.integration.http.right_app import SERVER as RIGHT
from tests.integration.http.right_app import SHORT as SHORT_LOAD
from tests.integration.http.right_app import WORKLOADS
from tests.integration.http.small_servers import HEAD, slot

ANSWERS = HEAD.replace(
    'self.send_header("Content-Length", "2")',
    'body = b\'{"id":"123"}\' if self.path == "/path/simple/123" else b"ok"\n'
    '        self.send_header("Content-Length", str(len(body))); self.send_header("Content-Type", "application/json")',
).replace('self.wfile.write(b"ok")', "self.wfile.write(body)")
MANIFEST = 'name = "small"\nlanguage = "python"\nruntime = "python3"\nstart = ["{python}", "server.py", "{port}"]\n'
SHORT = {"primer_s": 0, "warmup_s": 0, "duration_s": 0.5, "concurrencies": [2], "fractions": []}


def _done(tmp_path: Path, text: str, **options: object) -> tuple[Outcome, HttpResult]:
    app, work_dir = tmp_path / "app", tmp_path / "work"
    for folder in (app, work_dir):
        folder.mkdir()
    (app / "server.py").write_text(text)
    (app / "bench.toml").write_text(MANIFEST)
    given: Mapping[str, Any] = {"app": {"path": str(app)}, **SHORT, **options}
    job, work = Job("t-1", work_dir, given), Http()
    with slot(work_dir) as opened:
        prepared = work.prepare(job, opened, lambda _progress: None)
        code = work.run(job, prepared, opened, lambda _progress: None)
    outcome = work.collect(job, prepared, code)
    return outcome, HttpResult.model_validate_json((work_dir / "http.json").read_bytes())


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHFLEET_HTTP_APPS", str(tmp_path / "cache"))


@pytest.mark.needs_load_tools
def test_an_app_of_a_folder_is_detected_started_and_told_of(tmp_path: Path) -> None:
    outcome, result = _done(tmp_path, ANSWERS + "serve()\n", workloads=["path-simple", "query-few"])

    assert (result.framework, result.language, result.failure) == ("small", "python", None)
    assert result.startup_s
    assert result.idle_memory_bytes
    assert [one.name for one in result.workloads] == ["path-simple", "query-few"]
    assert {one.status for one in result.workloads} == {"failed"}  # canned answers are found out
    assert {one.metric for one in outcome.output.measurements} == {"start_up", "idle_memory"}
    assert len(outcome.output.failures) == 2
    assert json.loads((tmp_path / "work" / "output.json").read_bytes())["workload"] == "http"


@pytest.mark.needs_load_tools
def test_a_right_app_is_loaded_and_each_answer_is_counted(tmp_path: Path) -> None:
    """Whether the numbers count is a question of what else this machine does: the answers are right in any case."""
    outcome, result = _done(tmp_path, RIGHT, **SHORT_LOAD, tries=1, workloads=WORKLOADS)

    assert [one.name for one in result.workloads] == WORKLOADS
    for one in result.workloads:
        assert one.status in ("measured", "invalid"), one.reasons
        (level,) = one.saturation
        assert level.ok == level.requests == level.by_class["2xx"] > 0
        assert one.status == "invalid" or one.best_rps == level.rps
        assert all(rate.ok == rate.intended == rate.response.count for rate in one.latency)
    measured = {one.benchmark for one in outcome.output.measurements if one.metric == "throughput"}
    assert measured == {one.name for one in result.workloads if one.status == "measured"}


class InContainer:
    cores, image, environment = (), "debian:12", dict[str, str]()


def test_a_container_is_refused_before_anything_starts(tmp_path: Path) -> None:
    job = Job("t-1", tmp_path, {"framework": "flask", "quick": True})
    with pytest.raises(WorkloadError, match=r"processes only.*--isolation process") as refused:
        Http().prepare(job, InContainer(), lambda _progress: None)  # type: ignore[arg-type]
    assert (refused.value.error_type, refused.value.failure_class) == ("unsupported_isolation", "infrastructure")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs_load_tools
def test_a_server_that_does_not_start_fails_its_task_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="no such table") as failed:
        _done(tmp_path, "raise SystemExit('no such table')\n", workloads=["path-simple"])

    assert (failed.value.error_type, failed.value.failure_class) == ("not_started", "benchmark")
    assert (tmp_path / "work" / "http.json").is_file()


@pytest.mark.needs_load_tools
def test_fixtures_are_asked_instead_of_the_contract_and_what_is_broken_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "fixtures"
    folder.mkdir()
    asked = {"name": "one", "request": {"method": "GET", "path": "/path/simple/123"}}
    (folder / "one.json").write_text(
        json.dumps({**asked, "expected_response": {"status_code": 200, "body": {"id": "9"}}})
    )
    (folder / "two.json").write_text(json.dumps(asked))
    _, result = _done(tmp_path, ANSWERS + "serve()\n", fixtures=str(folder))

    (found,) = result.workloads
    assert (found.name, found.status, found.path) == ("unknown/one", "failed", "/path/simple/123")
    assert found.reasons == ['body.id: expected "9", got "123"']
    assert any(
        reason.startswith("a fixture was left out: two.json: expected_response") for reason in result.validity.reasons
    )


def test_fixtures_of_which_none_can_be_used_are_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match=r"Option fixtures: none of .* can be used: there is no file"):
        _done(tmp_path, "", fixtures=str(tmp_path / "nothing"))


def test_a_suite_that_there_is_not_is_told_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(WorkloadError, match="no suite or workload 'nothing'"):
        _done(tmp_path, "", suites=["nothing"])
