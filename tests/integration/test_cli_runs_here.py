"""`benchfleet runs …` where no control plane is named: what `benchfleet run --emulator` has left in results/."""

from pathlib import Path

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.command_line import CommandLine, CommandResult, command_line
from tests.report_runs import TaskFolder, measurement, write_run

FAILED = {"status": "failed", "archived": "files", "error_type": "benchmark_failed", "error_message": "exit code 7",
          "failure_class": "benchmark"}  # fmt: skip
ABOUT = {
    "per_instance_type": {"tasks": 2}, "deadline_at": "2026-11-23T06:00:00Z", "lease_s": 120, "max_attempts": 1, "metadata": {},
}  # fmt: skip


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """In a folder with two runs, and without any API, key or profile."""
    for name in ("BENCHFLEET_URL", "BENCHFLEET_API_KEY", "BENCHFLEET_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BENCHFLEET_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.chdir(tmp_path)
    good = TaskFolder("a", [measurement("x", [1.0])])
    write_run(tmp_path / "results", "old", [good], about=ABOUT)
    newer = {**ABOUT, "created_at": "2026-11-22T07:00:00Z"}
    folder = write_run(tmp_path / "results", "new", [good, TaskFolder("a", None, entry=FAILED)], about=newer)
    (folder / "a-2").mkdir()
    (folder / "a-2" / "error.txt").write_text("boom\n")
    (tmp_path / "results" / "no-run").mkdir()
    (tmp_path / "results" / "broken").mkdir()
    (tmp_path / "results" / "broken" / "run.json").write_text("[]")
    return command_line(capsys)


def said_where(said: CommandResult, place: str) -> bool:
    return said.err.startswith(f"benchfleet: no control plane is asked: this is from {place}/\n")


def fits(command: str, said: CommandResult) -> None:
    jsonschema.Draft202012Validator(schema_of(command)).validate(said.document())


def test_list_shows_what_is_here_the_newest_first(cli: CommandLine) -> None:
    said = cli("runs", "list", "--json")
    fits("runs list", said)
    assert [run["run_id"] for run in said.document()["runs"]] == ["new", "old"]
    said = cli("runs", "list", "--limit", "1")
    assert (said.code, said_where(said, "results"), "new" in said.out, "old" in said.out) == (0, True, True, False)
    assert "There are more" in said.err


@pytest.mark.parametrize("given", ["new", "latest"])
def test_show(cli: CommandLine, given: str) -> None:
    said = cli("runs", "show", given, "--json")
    fits("runs show", said)
    document = said.document()
    assert (document["run_id"], document["tasks"]["completed"], document["tasks"]["failed"]) == ("new", 1, 1)
    assert [(group["instance_type"], group["total"]) for group in document["groups"]] == [("a", 2)]
    said = cli("runs", "show", given)
    assert said_where(said, "results/new")
    assert "completed, 1 of 2 tasks failed" in said.out


@pytest.mark.parametrize("given", ["latest", "new", "new.2"])
def test_explain(cli: CommandLine, given: str) -> None:
    said = cli("runs", "explain", given, "--json")
    fits("runs explain", said)
    (finding,) = [one for one in said.document()["findings"] if one["kind"] == "failed"]
    assert (finding["task_ids"], finding["error_type"]) == (["new.2"], "benchmark_failed")
    assert finding["details"][0] == "exit code 7"
    assert finding["log"] == {"task_id": "new.2", "file": "error.txt", "lines": ["boom"], "cut": False}


def test_download_says_that_it_is_here(cli: CommandLine) -> None:
    said = cli("runs", "download", "latest", "--json")
    fits("runs download", said)
    assert (said.document()["folder"], said.document()["sha256"]) == ("results/new", None)
    said = cli("runs", "download", "new")
    assert (said.code, said.out) == (0, "results/new\n")


@pytest.mark.parametrize("words", [("show", "absent"), ("show", "../x"), ("explain", "new.9"), ("download", "absent"),
                                   ("show", "broken"), ("show", "latest", "--results", "nowhere")])  # fmt: skip
def test_what_is_not_here_is_wrong_use(cli: CommandLine, words: tuple[str, ...]) -> None:
    said = cli("runs", *words)
    assert (said.code, said.out) == (2, "")
    assert "Traceback" not in said.err


@pytest.mark.parametrize("command", ["stop", "watch"])
def test_what_only_a_control_plane_can_do_is_refused(cli: CommandLine, command: str) -> None:
    assert cli("runs", command, "new").code == 2


def test_local_asks_no_control_plane_that_is_named(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCHFLEET_URL", "http://127.0.0.1:9")
    assert cli("runs", "show", "new", "--local").code == 0
    assert cli("runs", "explain", "old", "--local").code == 0
    assert [run["run_id"] for run in cli("runs", "list", "--local", "--json").document()["runs"]] == ["new", "old"]
