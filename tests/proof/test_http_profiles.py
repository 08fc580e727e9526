"""Real profilers of real servers: py-spy looks at Flask, node's own profiler is switched on for Fastify."""

import json
from pathlib import Path

import pytest

from tests.integration.http.test_http_command import ran

pytestmark = [pytest.mark.proof, pytest.mark.needs_load_tools, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("framework", "profiler", "frame"), [("flask", "py-spy", "app.py"), ("fastify", "cpu-prof", "(server.js:")]
)
def test_a_profile_names_the_app_s_own_functions(tmp_path: Path, framework: str, profiler: str, frame: str) -> None:
    folder = tmp_path / "out"
    code, stdout, stderr = ran(
        "profile",
        "--framework",
        framework,
        "--suite",
        "json-small",
        "--seconds",
        "3",
        "--output",
        str(folder),
        "--json",
    )

    result = json.loads(stdout)["result"]
    assert code == 0, stderr + stdout
    (told,) = result["profiles"]
    assert told["profiler"] == profiler
    assert told["samples"] > 50
    assert len(told["hottest"]) == 10
    assert result["workloads"] == []
    document = json.loads((folder / told["file"]).read_bytes())
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = [f"{one['name']} {one.get('file') or ''}" for one in document["shared"]["frames"]]
    assert any(frame in one for one in frames)
