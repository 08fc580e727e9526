"""The version of a framework comes from the app's own environment."""

import json
from pathlib import Path

from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.versions import framework_version
from tests.each_case import each_case

REGISTRY = Registry.load()
CARGO = '[[package]]\nname = "http"\nversion = "0.2.9"\n\n[[package]]\nname = "hyper"\nversion = "0.14.24"\n'


def write(folder: Path, name: str, text: str = "") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@each_case(
    ("framework", "name", "text", "version"),
    [
        ("fastapi", ".venv/lib/python3.11/site-packages/fastapi-0.120.1.dist-info/METADATA", "", "0.120.1"),
        ("fastify", "node_modules/fastify/package.json", json.dumps({"name": "fastify", "version": "5.6.1"}), "5.6.1"),
        ("flask", "requirements.lock", "flask==3.1.2\njinja2==3.1.6\n", "3.1.2"),
        ("sinatra", "Gemfile.lock", "    puma (5.6.5)\n      nio4r (~> 2.0)\n    sinatra (3.0.5)\n", "3.0.5"),
        ("hyper", "Cargo.lock", CARGO, "0.14.24"),
    ],
)
def test_versions_are_those_of_the_app(tmp_path: Path, framework: str, name: str, text: str, version: str) -> None:
    write(tmp_path, name, text)
    assert framework_version(REGISTRY.get(framework), tmp_path) == version


def test_what_is_installed_wins_over_what_is_locked_and_nothing_is_not_guessed(tmp_path: Path) -> None:
    flask = REGISTRY.get("flask")
    assert framework_version(flask, tmp_path) is None
    write(tmp_path, "requirements.lock", "flask==3.0.0\n")
    write(tmp_path, ".venv/lib/python3.11/site-packages/Flask-3.1.2.dist-info/METADATA")
    write(tmp_path, ".venv/lib/python3.11/site-packages/flask_cors-9.9.dist-info/METADATA")
    assert framework_version(flask, tmp_path) == "3.1.2"
