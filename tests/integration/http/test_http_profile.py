"""`benchfleet http profile` where there is no profiler for an app: it is told why, and the command says so by its exit code."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.each_case import each_case
from tests.integration.http.faulty_apps import LOADED, folder, nothing_left
from tests.integration.http.test_http_command import ran


@pytest.mark.needs_load_tools
def test_a_profiler_that_does_not_suit_is_unavailable_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apps").mkdir()
    with nothing_left(tmp_path, monkeypatch):
        app = folder(tmp_path / "apps", "small", LOADED)
        words = ("--suite", "path-simple", "--profiler", "cpu-prof", "--output", str(tmp_path / "out"), "--json")
        code, stdout, _ = ran("profile", str(app), *words)

    (told,) = json.loads(stdout)["result"]["profiles"]
    assert (code, told["file"]) == (4, None)
    assert told["missing"].startswith("unavailable: the app is started by {python}: install Node.js 20")
    assert json.loads((tmp_path / "out" / "http.json").read_bytes())["profiled"] is True


@pytest.mark.needs_load_tools
def test_where_nothing_pins_a_server_its_cores_are_not_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools, wrk = tmp_path / "tools", shutil.which("wrk")
    tools.mkdir()
    assert wrk
    (tools / "wrk").symlink_to(wrk)
    monkeypatch.setenv("PATH", str(tools))
    (tmp_path / "apps").mkdir()
    app = folder(tmp_path / "apps", "small", LOADED)
    words = ("--suite", "path-simple", "--profiler", "cpu-prof", "--output", str(tmp_path / "out"))
    _, _, stderr = ran("profile", str(app), *words)

    told = json.loads((tmp_path / "out" / "http.json").read_bytes())
    assert told["environment"]["disjoint"] is False
    assert set(told["environment"]["generator_cores"]) <= set(told["environment"]["server_cores"])
    if len(os.sched_getaffinity(0)) > 1:
        assert "taskset" in " ".join(told["validity"]["reasons"])
        assert "taskset" in stderr


@pytest.mark.needs_load_tools
def test_a_server_that_is_gone_when_the_profiler_comes_is_told_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apps").mkdir()
    with nothing_left(tmp_path, monkeypatch):
        app = folder(tmp_path / "apps", "small", LOADED, fault="leave")
        words = ("--suite", "path-simple", "--profiler", "py-spy", "--seconds", "1", "--json")
        code, stdout, _ = ran("profile", str(app), *words, "--output", str(tmp_path / "out"))

    (told,) = json.loads(stdout)["result"]["profiles"]
    assert (code, told["file"]) == (4, None)
    assert told["missing"].startswith("The server of small ended with exit code 3 under load")
    assert "stderr: left early" in told["missing"]


@each_case(("name", "said"), [("gprof", "'auto', 'py-spy'"), ("none", "none makes no profile: take auto")])
def test_a_profiler_that_there_is_not_is_wrong_usage(tmp_path: Path, name: str, said: str) -> None:
    code, _, stderr = ran("profile", "--framework", "flask", "--profiler", name, "--output", str(tmp_path / "out"))
    assert (code, (tmp_path / "out").exists()) == (2, False)
    assert said in stderr


def test_an_app_that_is_none_has_exit_code_3(tmp_path: Path) -> None:
    assert ran("profile", str(tmp_path), "--output", str(tmp_path / "out"))[0] == 3
