"""`benchfleet http profile` where there is no profiler for an app: it is told why, and the command says so by its exit code."""

import json
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("name", "said"), [("gprof", "'auto', 'py-spy'"), ("none", "none makes no profile: take auto")]
)
def test_a_profiler_that_there_is_not_is_wrong_usage(tmp_path: Path, name: str, said: str) -> None:
    code, _, stderr = ran("profile", "--framework", "flask", "--profiler", name, "--output", str(tmp_path / "out"))
    assert (code, (tmp_path / "out").exists()) == (2, False)
    assert said in stderr


def test_an_app_that_is_none_has_exit_code_3(tmp_path: Path) -> None:
    assert ran("profile", str(tmp_path), "--output", str(tmp_path / "out"))[0] == 3
