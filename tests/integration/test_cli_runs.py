"""`benchfleet runs …` against the whole system."""

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.api_client import Api, Json, fresh
from tests.integration.command_line import CommandLine
from tests.integration.test_api_uploads import declared, put, urls

NOWHERE = "http://127.0.0.1:9"


def fits(command: str, document: Any) -> None:
    jsonschema.Draft202012Validator(schema_of(command)).validate(document)


def packed(text: str) -> bytes:
    """A result as runners upload it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("output.json")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


@pytest.fixture(scope="module")
def ended(api: Api) -> Json:
    """A run whose only task completed, with its archive."""
    task = api.leased()["task"]
    one = {"benchmark": "x", "variant": "default", "unit": "s", "better": "lower", "samples": [0.25]}
    data = packed(json.dumps({"schema_version": 1, "workload": "mock", "measurements": [one]}))
    signed = urls(api, task, **declared(data)).json()
    assert put(signed["result_upload_url"], data, signed["required_headers"]) == 200
    body = {"runner_id": "runner-1", "s3_result_key": signed["result_key"], "attempt": task["attempt"]}
    assert api("POST", f"/tasks/{task['id']}/complete", body, role="runner").status_code == 200
    return api.until(f"/runs/{task['run_id']}", lambda run: run["archive"]["state"] == "ready")


@pytest.fixture(scope="module")
def failed(api: Api) -> str:
    """A run whose only task failed, with its archive."""
    task = api.leased(max_attempts=1)["task"]
    body = {
        "runner_id": "runner-1",
        "error_type": "benchmark_failed",
        "error_message": "no",
        "attempt": task["attempt"],
    }
    assert api("POST", f"/tasks/{task['id']}/fail", body, role="runner").status_code == 200
    run_id: str = task["run_id"]
    api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] in ("ready", "failed"))
    return run_id


def test_list_shows_the_newest_first_and_no_more_than_asked(cli: CommandLine, api: Api) -> None:
    _, older, newer = (api.create()["run_id"] for _ in range(3))
    said = cli("runs", "list", "--limit", "2", "--json")
    document = said.document()
    fits("runs list", document)
    assert [run["run_id"] for run in document["runs"]] == [newer, older]
    assert (document["more"], said.err) == (True, "")


def test_list_for_people_has_a_line_a_run_without_trailing_blanks(cli: CommandLine, api: Api) -> None:
    _, run_id = (api.create()["run_id"] for _ in range(2))
    said = cli("runs", "list", "--limit", "1")
    header, line = said.out.splitlines()
    assert header.split() == ["run", "status", "workload", "created"]
    assert line.split()[:2] == [run_id, "running"]
    assert (header, line) == (header.rstrip(), line.rstrip())
    assert "--limit 2" in said.err


def test_list_keeps_to_the_status_that_was_asked_for(cli: CommandLine, ended: Json) -> None:
    document = cli("runs", "list", "--status", "completed", "--json").document()
    assert {run["status"] for run in document["runs"]} == {"completed"}
    assert ended["run_id"] in [run["run_id"] for run in document["runs"]]
    assert cli("runs", "list", "--status", "lost").code == 2


def test_show_tells_what_the_run_is_and_where_its_tasks_are(cli: CommandLine, ended: Json) -> None:
    document = cli("runs", "show", ended["run_id"], "--json").document()
    fits("runs show", document)
    assert (document["status"], document["tasks"]["completed"]) == ("completed", 1)
    assert document["archive"]["sha256"] == ended["archive"]["sha256"]
    assert "url" not in document["archive"]
    assert [row["mean"] for board in document["summary"]["boards"] for row in board["ranking"]] == [0.25]
    said = cli("runs", "show", ended["run_id"])
    assert "status    completed\n" in said.out
    assert "local/docker" in said.out
    assert "Geometric mean over 1 common benchmark; lower is better." in said.out
    assert ["1", "local", "box", "250", "ms", "–"] in [line.split()[:6] for line in said.out.splitlines()]
    assert [line for line in said.out.splitlines() if line != line.rstrip()] == []


def test_latest_is_the_newest_run(cli: CommandLine, api: Api) -> None:
    run_id = api.create()["run_id"]
    assert cli("runs", "show", "latest", "--json").document()["run_id"] == run_id


@pytest.mark.parametrize("run_id", ["no-such-run", "../keys", "a/b"])
@pytest.mark.parametrize("command", ["show", "watch", "stop", "download"])
def test_a_run_that_is_none_is_wrong_use(cli: CommandLine, command: str, run_id: str) -> None:
    said = cli("runs", command, run_id)
    assert (said.code, said.out) == (2, "")
    assert len(said.err.splitlines()) == 1


def test_stop_needs_a_yes_where_nobody_can_be_asked(cli: CommandLine, api: Api) -> None:
    run_id = api.create()["run_id"]
    said = cli("runs", "stop", run_id)
    assert (said.code, "--yes" in said.err) == (2, True)
    assert api("GET", f"/runs/{run_id}").json()["status"] == "running"


def test_stop_ends_the_run_and_a_second_one_finds_it_ended(cli: CommandLine, api: Api) -> None:
    run_id = api.create()["run_id"]
    first = cli("runs", "stop", run_id, "--yes", "--json").document()
    fits("runs stop", first)
    assert (first["stopped"], first["status"]) == (True, "cancelled")
    second = cli("runs", "stop", run_id, "--json").document()
    assert (second["stopped"], second["status"]) == (False, "cancelled")


def test_watch_ends_with_the_run_and_tells_it(cli: CommandLine, ended: Json) -> None:
    said = cli("runs", "watch", ended["run_id"], "--json")
    fits("runs watch", said.document())
    assert said.code == 0
    assert "status    completed\n" in cli("runs", "watch", ended["run_id"]).out


def test_watch_of_a_run_that_failed_is_exit_code_1(cli: CommandLine, failed: str) -> None:
    said = cli("runs", "watch", failed, "--json")
    assert said.code == 1
    assert said.document()["tasks"]["failed"] == 1
    assert f"benchfleet runs explain {failed}" in said.err or "is failed" in said.err


def test_watch_waits_no_longer_than_it_may(cli: CommandLine, api: Api) -> None:
    run_id = api.create()["run_id"]
    said = cli("runs", "watch", run_id, "--timeout", "1")
    assert (said.code, said.out) == (124, "")


def test_download_brings_the_archive_home(cli: CommandLine, ended: Json, tmp_path: Path) -> None:
    said = cli("runs", "download", ended["run_id"], "--results", "mine", "--json")
    document = said.document()
    fits("runs download", document)
    folder = tmp_path / "mine" / ended["run_id"]
    assert (document["folder"], document["tasks"]) == (f"mine/{ended['run_id']}", ["box-1"])
    assert document["sha256"] == ended["archive"]["sha256"]
    assert (folder / "box-1" / "output.json").is_file()
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [ended["run_id"]]
    assert said.err == ""


def test_download_replaces_what_is_there_and_prints_where_it_is(cli: CommandLine, ended: Json, tmp_path: Path) -> None:
    folder = tmp_path / "results" / ended["run_id"]
    folder.mkdir(parents=True)
    (folder / "old").write_text("")
    said = cli("runs", "download", ended["run_id"])
    assert (said.code, said.out) == (0, f"results/{ended['run_id']}\n")
    assert not (folder / "old").exists()


def test_a_run_without_an_archive_cannot_be_downloaded(cli: CommandLine, api: Api, tmp_path: Path) -> None:
    said = cli("runs", "download", api.create()["run_id"])
    assert (said.code, "no archive" in said.err) == (3, True)
    assert list((tmp_path / "results").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line(cli: CommandLine, ended: Json, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    said = cli("runs", "download", ended["run_id"], "--results", "taken")
    assert (said.code, len(said.err.splitlines())) == (3, 1), said.err
    assert "taken" in said.err


def test_a_key_that_is_refused_is_exit_code_4(cli: CommandLine, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = api.create()["run_id"]
    monkeypatch.setenv("BENCHFLEET_API_KEY", hashlib.sha256(run_id.encode()).hexdigest())
    assert cli("runs", "stop", run_id, "--yes").code == 4
    monkeypatch.setenv("BENCHFLEET_API_KEY", api.ready.keys.reader)
    assert cli("runs", "stop", run_id, "--yes").code == 4


def test_doctor_knows_the_key_s_role(cli: CommandLine, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """And changes nothing: no run comes, and none that is running ends. What earlier tests left may end meanwhile."""
    mine = api.create()["run_id"]
    runs = listed(cli)
    found = {}
    for role in ("admin", "runner", "reader"):
        monkeypatch.setenv("BENCHFLEET_API_KEY", getattr(api.ready.keys, role))
        document = json.loads(cli("doctor", "--json").out)
        fits("doctor", document)
        found[role] = next(check for check in document["checks"] if check["name"] == "key")
    assert {role: check["found"].split(", id ")[0] for role, check in found.items()} == {
        role: f"accepted, role {role}" for role in ("admin", "runner", "reader")
    }
    assert [found[role]["outcome"] for role in ("admin", "runner", "reader")] == ["ok", "warn", "warn"]
    assert listed(cli).keys() == runs.keys()
    assert listed(cli)[mine] == runs[mine] == "running"


def listed(cli: CommandLine) -> dict[str, str]:
    """Every run's status."""
    return {run["run_id"]: run["status"] for run in cli("runs", "list", "--limit", "1000", "--json").document()["runs"]}


def test_doctor_tells_a_refused_key_by_exit_code_4(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHFLEET_API_KEY", fresh("key"))
    said = cli("doctor")
    assert (said.code, "fail key: refused" in said.out) == (4, True), said.out


def test_doctor_tells_who_does_not_answer(cli: CommandLine) -> None:
    said = cli("doctor", "--api-url", NOWHERE)
    assert (said.code, f"fail api: {NOWHERE} does not answer" in said.out) == (3, True), said.out
