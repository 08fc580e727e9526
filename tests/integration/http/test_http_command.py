"""`benchfleet http` as it is typed: folders, exit codes, documents."""

import json
from pathlib import Path

import pytest
from benchfleet.cli.frame import application
from typer.testing import CliRunner

from runner_image.workloads.http.contract.schemas import APPS


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


@pytest.mark.parametrize("words", [("--frameworks", "flsk"), ("--frameworks", "flask", "--suite", "nothing")])
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
