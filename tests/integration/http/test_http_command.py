"""`benchfleet http` as it is typed: folders, exit codes, documents."""

import json
from pathlib import Path

import pytest
from benchfleet.cli.frame import application
from typer.testing import CliRunner

from runner_image.workloads.http.contract.schemas import APPS
from tests.each_case import each_case
from tests.integration.http.right_app import right_app


def ran(*words: str) -> tuple[int, str, str]:
    found = CliRunner().invoke(application(), ["http", *words])
    return found.exit_code, found.stdout, found.stderr


def test_the_framework_of_an_app_is_told_with_reasons() -> None:
    code, stdout, _ = ran("detect", str(APPS / "flask"), "--json")
    assert (code, json.loads(stdout)["framework"]) == (0, "flask")


def test_an_empty_folder_has_exit_code_3_and_its_document(tmp_path: Path) -> None:
    code, stdout, _ = ran("detect", str(tmp_path), "--json")
    assert (code, json.loads(stdout)["framework"]) == (3, None)
    assert "No framework fits" in json.loads(stdout)["error"]


@each_case("words", [("--frameworks", "flsk"), ("--frameworks", "flask", "--suite", "nothing")])
def test_what_there_is_not_is_told_before_anything_is_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    code, stdout, stderr = ran("compare", *words, "--output", str(tmp_path / "out"))
    assert (code, stdout, (tmp_path / "out").exists()) == (2, "", False)
    assert "There is no" in stderr


def test_a_framework_without_an_app_here_is_kept_as_unavailable(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    code, stdout, _ = ran(
        "compare", "--frameworks", "rails", "--quick", "--repeats", "1", "--output", str(folder), "--json"
    )

    assert code == 4
    assert [one["failure"]["kind"] for one in json.loads(stdout)["results"]] == ["unavailable"]
    assert json.loads((folder / "run.json").read_bytes())["status"] == "completed"


def test_lists_name_what_compare_takes() -> None:
    _, stdout, _ = ran("frameworks", "--json")
    assert {"flask", "fastify"} <= {one["name"] for one in json.loads(stdout)["frameworks"] if one["has_app"]}
    _, stdout, _ = ran("suite", "--json")
    assert json.loads(stdout)["suites"]["quick"] == ["json-small", "path-simple", "query-few"]


def test_run_without_a_framework_has_exit_code_3_and_starts_nothing(tmp_path: Path) -> None:
    code, stdout, stderr = ran("run", str(tmp_path), "--output", str(tmp_path / "out"))
    assert (code, stdout, (tmp_path / "out").exists()) == (3, "", False)
    assert "No framework fits" in stderr


@pytest.mark.needs_load_tools
def test_load_tools_that_are_here_are_told_with_their_versions() -> None:
    code, stdout, _ = ran("check-tools", "--json")
    assert (code, json.loads(stdout)["tools"][0]["name"]) == (0, "wrk")
    assert json.loads(stdout)["tools"][0]["version"]


TINY = ("--suite", "path-simple", *(word for name in ("primer_s", "warmup_s") for word in ("--set", f"{name}=0")))
SHORT = (*TINY, "--set", "duration_s=1", "--set", "concurrencies=[4]", "--set", "fractions=[]", "--set", "tries=1")


@pytest.mark.system
@pytest.mark.needs_load_tools
def test_an_app_is_compared_resumed_reported_and_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes 4 and 5 are this machine's: what else it does may make numbers doubtful, never wrong."""
    monkeypatch.setenv("BENCHFLEET_HTTP_APPS", str(tmp_path / "cache"))
    app, skipped, folder = right_app(tmp_path / "shop"), right_app(tmp_path / "old"), tmp_path / "out"
    (skipped / "SKIP_BENCHMARK").write_text("it is not mine\n")
    apps = ("--app", str(skipped), "--app", str(app))
    words = ("compare", *apps, *SHORT, "--repeats", "1", "--again", "0", "--output", str(folder))
    code, stdout, stderr = ran(*words)
    assert code in (5, 4), stderr
    assert "small, start 1: " in stderr
    assert "report.html" in stdout
    assert "Missing of old: start 1: app_skipped: " in stdout
    page = (folder / "report.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "it is not mine" in page
    (http_json,) = (each for each in folder.glob("*/http.json") if "-small-" in each.parent.name)
    assert json.loads(http_json.read_bytes())["workloads"][0]["saturation"][0]["ok"] > 0
    metadata = json.loads((http_json.parent / "metadata.json").read_bytes())
    assert metadata["provenance"]["machine"]["logical_cores"]
    assert metadata["conditions"]["slots"] == 1

    before = http_json.stat().st_mtime_ns
    assert ran(*words, "--resume")[0] in (5, 4)
    assert code == 4 or http_json.stat().st_mtime_ns == before, "what is done is not measured again"
    assert ran("report", str(folder))[0] in (5, 4)
    code, stdout, _ = ran("consolidate", str(folder), "--output", str(tmp_path / "all"), "--json")
    assert code in (5, 4)
    told = {one["subject"]: one for one in json.loads(stdout)["results"]}
    assert {name: one["repeat"] for name, one in told.items()} == {"old": 1, "small": 1}
    assert "it is not mine" in told["old"]["failure"]["message"]


def test_apps_of_which_none_has_a_framework_have_exit_code_3(tmp_path: Path) -> None:
    skipped, empty = right_app(tmp_path / "old"), tmp_path / "empty"
    (skipped / "SKIP_BENCHMARK").touch()
    empty.mkdir()
    code, stdout, stderr = ran("compare", "--app", str(skipped), "--app", str(empty), "--output", str(tmp_path / "out"))
    assert (code, stdout, (tmp_path / "out").exists()) == (3, "", False)
    assert "skipped by SKIP_BENCHMARK" in stderr
    assert "No framework fits" in stderr


MISTYPED = {
    "run": ("run", ".", "--framework", "flsk"),
    "detect": ("detect", ".", "--framework", "flsk"),
    "stream": ("stream", "--framework", "flsk"),
    "stream of a folder": ("stream", ".", "--framework", "flsk"),
    "profile": ("profile", "--framework", "flsk"),
    "profile of a folder": ("profile", ".", "--framework", "flsk"),
    "compare": ("compare", "--frameworks", "flask,flsk"),
    "a folder that is not there": ("run", "nowhere"),
    "one to detect": ("detect", "nowhere"),
    "one to compare": ("compare", "--frameworks", "flask", "--app", "nowhere"),
    "one to profile": ("profile", "nowhere"),
}


@each_case("words", MISTYPED.values())
def test_what_is_mistyped_is_wrong_usage_in_every_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(right_app(tmp_path / "shop"))
    code, stdout, stderr = ran(*words)
    assert (code, stdout) == (2, "")
    assert "There is no framework 'flsk': did you mean flask?" in " ".join(stderr.split()) or "nowhere" in stderr


@each_case("command", ["run", "detect", "stream", "profile", "compare"])
@each_case(
    ("files", "said"),
    [
        (["server.py"], "fits several equally well: - spikard-python: it has server.py"),
        (["mix.exs"], "No framework fits"),
        (["server.py", "bench.toml", "SKIP_BENCHMARK"], "is skipped by SKIP_BENCHMARK: no reason given"),
    ],
)
def test_what_cannot_be_detected_has_exit_code_3_in_every_command(
    tmp_path: Path, command: str, files: list[str], said: str
) -> None:
    for name in files:
        (tmp_path / name).touch()
    words = ("--app", str(tmp_path)) if command == "compare" else (str(tmp_path),)
    code, stdout, stderr = ran(command, *words)
    assert (code, stdout) == (3, "")
    assert said in " ".join(stderr.split())


@each_case("command", ["run", "detect", "stream", "profile"])
def test_a_manifest_that_cannot_be_used_is_wrong_usage(tmp_path: Path, command: str) -> None:
    (tmp_path / "bench.toml").write_text('base = "flsk"\n')
    code, _, stderr = ran(command, str(tmp_path))
    assert code == 2
    assert "did you mean flask?" in " ".join(stderr.split())


@each_case(
    ("words", "said"),
    [
        (("compare",), "nothing to compare"),
        (("compare", "--frameworks", "flask", "--set", "duration_s=soon"), "duration_s"),
        (("compare", "--frameworks", "flask", "--set", "quick"), "has no value"),
        (("compare", "--frameworks", "flask", "--baseline", "nowhere"), "not a folder of results"),
        (("report", "nowhere"), "has no results of HTTP servers"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_made(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    more = ("--output", str(tmp_path / "out")) if words[0] == "compare" else ()
    code, stdout, stderr = ran(*words, *more)
    assert (code, stdout, (tmp_path / "out").exists()) == (2, "", False)
    assert said in " ".join(stderr.split())
