"""Accepted results of which the archive holds one only: every way of asking says so, and none ends with 0."""

import hashlib
import json
from typing import Any

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.api_client import Api, Json
from tests.integration.command_line import CommandLine
from tests.integration.test_api_uploads import end, put
from tests.report_runs import measurement
from tests.unit.archive_uploads import upload_of


def result(*samples: float) -> bytes:
    output = {"schema_version": 1, "workload": "mock", "measurements": [measurement("fib", samples)]}
    return upload_of([("output.json", json.dumps(output).encode()), ("metadata.json", b"{}")])


@pytest.fixture(scope="module")
def run(api: Api) -> Json:
    """Task 1 is sound, 2 is garbage, 3 was replaced after its end, 4 was never uploaded. All completed."""
    run_id = api.create(per_instance_type={"tasks": 4})["run_id"]
    claims = [api.claim(run_id) for _ in range(4)]
    for claimed, data in zip(claims, [result(1.0, 1.1), b"\x1f\x8bno gzip", result(2.0, 2.1), None], strict=True):
        said: dict[str, str] = {}
        if data is not None:
            assert put(claimed["presigned_urls"]["result_upload_url"], data) == 200
            said = {"result_sha256": hashlib.sha256(data).hexdigest()}
        if claimed is not claims[3]:
            assert end(api, claimed, "complete", **said).status_code == 200
    assert put(claims[2]["presigned_urls"]["result_upload_url"], result(0.1, 0.1)) == 200
    assert end(api, claims[3], "complete").status_code == 200
    return api.until(f"/runs/{run_id}", lambda run: bool(run["gzip_url"]))


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


LOST = "1 whole, 2 corrupt, 1 missing"


def test_what_the_api_tells_the_dashboard(api: Api, run: Json) -> None:
    archive, run_id = run["archive"], run["run_id"]
    assert (archive["state"], archive["whole"], archive["corrupt"], archive["missing"]) == ("ready", 1, 2, 1)
    lost = [(one["task_id"], one["archived"], one["reason"].partition(":")[0]) for one in archive["lost"]]
    assert lost == [
        (f"{run_id}.2", "corrupt", "not a valid gzip file"),
        (f"{run_id}.3", "corrupt", "not what the task ended with"),
        (f"{run_id}.4", "missing", "the uploaded object does not exist"),
    ]
    tasks = api("GET", f"/runs/{run_id}/tasks").json()["tasks"]
    assert [task["result"] for task in tasks] == [None, "corrupt", "corrupt", "missing"]


def test_every_command_says_what_is_lost(run: Json, cli: CommandLine) -> None:
    """In the order of a person's day; a folder that was downloaded is what the report reads."""
    run_id = run["run_id"]
    for command, code in (("show", 1), ("watch", 1), ("explain", 1)):
        said = cli("runs", command, run_id)
        assert (said.code, LOST in said.out, f"{run_id}.3 " in said.out) == (code, True, True), command
    assert "everything is fine" not in cli("runs", "explain", run_id).out
    fetched = cli("runs", "download", run_id)
    assert (fetched.code, fetched.out) == (1, f"results/{run_id}\n")
    assert f"1 tasks, results: {LOST}" in fetched.err
    report = cli("report", f"results/{run_id}")
    assert report.code == 1
    assert [line.split()[1:5:3] for line in report.out.splitlines() if " box-" in line] == [
        ["box-2", "corrupt"], ["box-3", "corrupt"], ["box-4", "missing"]
    ]  # fmt: skip
    assert "3 of 4 tasks without a result" in report.err


def test_every_document_says_what_is_lost(run: Json, cli: CommandLine) -> None:
    run_id = run["run_id"]
    for command, code in (("show", 1), ("watch", 1), ("explain", 1), ("download", 1)):
        said = cli("runs", command, run_id, "--json")
        jsonschema.Draft202012Validator(schema_of(f"runs {command}")).validate(said.document())
        assert said.code == code, command
        told = said.document().get("archive", said.document())
        if command == "explain":
            assert (told["fine"], told["findings"][0]["kind"], told["findings"][0]["tasks"]) == (False, "lost", 3)
        else:
            assert (told["whole"], told["corrupt"], told["missing"]) == (1, 2, 1), command
    assert said.document()["tasks"] == ["box-1"]
    report = cli("report", f"results/{run_id}", "--json")
    assert report.code == 1
    assert report.document()["groups"][0]["outcomes"] == {"corrupt": 2, "measured": 1, "missing": 1}


@pytest.mark.parametrize(("number", "found"), [(1, "completed"), (2, "lost"), (3, "lost"), (4, "lost")])
def test_a_single_task_is_not_fine_if_its_result_is_lost(run: Json, cli: CommandLine, number: int, found: str) -> None:
    told: Any = cli("runs", "explain", f"{run['run_id']}.{number}", "--json").document()
    assert (told["fine"], told["findings"][0]["kind"]) == (found == "completed", found)
    assert found == "completed" or "in the archive: " in told["headline"]
