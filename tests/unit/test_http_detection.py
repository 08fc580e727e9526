"""Which framework an app is written with. A tie is an error, never a guess."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner_image.workloads.http.detection.detect import Ambiguous, Detected, NotDetected, Skipped, detect
from runner_image.workloads.http.detection.explain import explain
from runner_image.workloads.http.frameworks.registry import Registry, UnknownFramework
from tests.each_case import each_case

REGISTRY = Registry.load()
RUST = {"Cargo.toml": "", "src/main.rs": ""}
ELIXIR = {"mix.exs": "", "run.exs": ""}
Make = Callable[..., Path]


def made(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda name, files: made(tmp_path / name, files)


def found(folder: Path, **more: str) -> Detected:
    return detect(folder, REGISTRY, **more)


@each_case(
    ("files", "name", "expected"),
    [
        ({"server.py": ""}, "spikard-python", "spikard-python"),
        ({"server.py": ""}, "fastapi", "fastapi"),
        ({"server.py": ""}, "robyn", "robyn"),
        ({"server.py": ""}, "litestar", "litestar"),
        ({"server.py": ""}, "turboapi", "turboapi"),
        ({"server.py": ""}, "my-app", Ambiguous),
        ({"server.py": ""}, "fastapi-2", Ambiguous),
        ({"server.ts": ""}, "fastify", "fastify"),
        ({"server.ts": ""}, "x", Ambiguous),
        ({"server.ts": ""}, "spikard-node", "spikard-node"),
        ({"server.rb": ""}, "x", Ambiguous),
        ({"server.php": ""}, "x", "spikard-php"),
        ({"server.js": ""}, "x", Ambiguous),
        ({"server.js": ""}, "spikard-wasm", "spikard-wasm"),
        ({"Cargo.toml": ""}, "x", Ambiguous),
        ({"Cargo.toml": ""}, "axum-baseline", "axum-baseline"),
        (RUST, "x", Ambiguous),
        (RUST, "spikard-rust", "spikard-rust"),
        (RUST | {"server.py": ""}, "x", Ambiguous),
        (RUST | {"server.py": ""}, "fastapi", "fastapi"),
        ({"server.py": "", "server.ts": ""}, "x", Ambiguous),
        ({"server.py": "", "server.ts": ""}, "hono", "hono"),
        (ELIXIR, "phoenix", "phoenix"),
        (ELIXIR, "x", Ambiguous),
        ({"mix.exs": ""}, "phoenix", NotDetected),
        ({"server.rb": ""}, "fastapi", Ambiguous),
        ({}, "fastapi", NotDetected),
    ],
)
def test_folders_by_their_files_and_name(
    tmp_path: Path, files: dict[str, str], name: str, expected: str | type[Exception]
) -> None:
    folder = made(tmp_path / name, files)
    if isinstance(expected, str):
        assert found(folder).framework.name == expected
    else:
        with pytest.raises(expected):
            found(folder)


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotDetected, match="There is no folder"):
        found(tmp_path / "none")


def test_a_dot_has_a_name_too(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make("fastapi", {"server.py": ""}))
    assert found(Path(".")).framework.name == "fastapi"
    monkeypatch.chdir(make("x", {"server.py": ""}))
    with pytest.raises(Ambiguous):
        found(Path("."))


def test_detect_spikard_python(make: Make) -> None:
    folder = make("app", {"server.py": "", "pyproject.toml": '[project]\ndependencies = ["spikard>=0.1"]\n'})
    assert found(folder).framework.name == "spikard-python"


def test_detect_spikard_rust(make: Make) -> None:
    folder = make("app", {"Cargo.toml": '[package]\nname = "x"\n[dependencies]\nspikard = "0.1"\n'})
    assert found(folder).framework.name == "spikard-rust"


def test_detect_invalid_framework(make: Make) -> None:
    with pytest.raises(NotDetected, match=r"expected one of .*Cargo\.toml.*server\.py.*bench\.toml"):
        found(make("app", {"readme.txt": ""}))


@each_case(
    ("files", "expected"),
    [
        ({"server.py": "from fastapi import FastAPI\nfrom starlette.responses import Response\n"}, "fastapi"),
        ({"server.py": "import granian\n", "app.py": "from fastapi import FastAPI\n"}, "fastapi-granian"),
        ({"server.py": "from litestar import get\nimport granian\n"}, "litestar"),
        ({"server.js": "import { Hono } from 'hono'\n"}, "hono"),
        ({"server.js": "", "package.json": '{"dependencies": {"hono": "4", "bun": "1"}}'}, "hono-bun"),
        ({"Cargo.toml": '[dependencies]\naxum = "0.8"\nhyper = "1"\n'}, "axum-baseline"),
        ({"Cargo.toml": "[dependencies.hyper]\nversion = '0.14'\n"}, "hyper"),
        ({"server.rb": "require 'sinatra/base'\n"}, "sinatra"),
        ({"main.go": 'import "github.com/gin-gonic/gin"\n'}, "gin"),
        (ELIXIR | {"mix.exs": 'defp deps, do: [{:bandit, "~> 1.0"}]'}, "plug-bandit"),
    ],
)
def test_evidence_is_stronger_than_the_folders_name(tmp_path: Path, files: dict[str, str], expected: str) -> None:
    assert found(made(tmp_path / "robyn", files)).framework.name == expected


def test_a_comment_is_no_evidence(make: Make) -> None:
    with pytest.raises(Ambiguous):
        found(make("app", {"server.py": "# not from fastapi import FastAPI\n"}))


def test_a_folder_that_is_called_like_a_file_does_not_count(make: Make) -> None:
    with pytest.raises(NotDetected):
        found(make("fastapi", {"server.py/readme.txt": ""}))


def test_a_tie_names_candidates_reasons_and_a_remedy(make: Make) -> None:
    folder = make("app", {"server.py": "import flask\nimport robyn\nimport litestar\n"})
    with pytest.raises(Ambiguous) as raised:
        found(folder)
    assert set(raised.value.candidates) == {"robyn", "litestar"}
    assert all("server.py has 'import" in why for why in raised.value.why)
    assert "--framework" in str(raised.value)


def test_an_explicit_name_is_the_strongest(make: Make) -> None:
    folder = make("robyn", {"server.py": "import fastapi\n", "bench.toml": 'base = "flask"\n'})
    assert found(folder, name="litestar").framework.name == "litestar"


def test_an_explicit_name_that_is_unknown_is_an_error(make: Make) -> None:
    with pytest.raises(UnknownFramework):
        found(make("app", {"server.py": ""}), name="nonesuch")


def test_a_manifest_is_stronger_than_evidence(make: Make) -> None:
    folder = make("robyn", {"server.py": "import fastapi\n", "bench.toml": 'base = "flask"\n'})
    assert found(folder).framework.name == "flask"


def test_sub_folders_are_looked_at_where_the_folder_itself_has_nothing(make: Make) -> None:
    make("repo/service", {"server.py": "import flask\n"})
    make("repo/node_modules", {"server.js": ""})
    assert found(make("repo", {})).folder.name == "service"
    assert found(make("repo", {}), name="flask").folder.name == "service"


def test_two_apps_below_are_a_tie(make: Make) -> None:
    make("repo/one", {"server.py": "import flask\n"})
    make("repo/two", {"server.py": "import robyn\n"})
    with pytest.raises(Ambiguous, match="Give the folder of one of them"):
        found(make("repo", {}))


@pytest.mark.parametrize("name", ["", "fastapi"])
def test_the_skip_marker_is_honoured_with_and_without_a_name(make: Make, name: str) -> None:
    folder = make("fastapi", {"server.py": "", "SKIP_BENCHMARK": "  broken upstream \n"})
    with pytest.raises(Skipped) as raised:
        detect(folder, REGISTRY, name=name or None)
    assert raised.value.reason == "broken upstream"


def test_the_skip_marker_counts_in_sub_folders_too(make: Make) -> None:
    make("repo/one", {"server.py": "import flask\n", "SKIP_BENCHMARK": ""})
    with pytest.raises(Skipped) as raised:
        found(make("repo", {}))
    assert raised.value.reason is None


def test_links_are_resolved(make: Make, tmp_path: Path) -> None:
    os.symlink(make("fastapi", {"server.py": ""}), tmp_path / "link")
    assert found(tmp_path / "link").framework.name == "fastapi"


def test_an_explanation_lists_what_was_considered(make: Make) -> None:
    told = explain(make("app", {"server.py": "import flask\n"}), REGISTRY)
    assert told.detected
    assert told.error is None
    assert (told.rows[0].name, told.rows[0].weight) == ("flask", 2)
    assert any(row.name == "robyn" and row.weight == 0 for row in told.rows)


def test_an_explanation_holds_the_error(make: Make) -> None:
    told = explain(make("app", {"server.py": ""}), REGISTRY)
    assert isinstance(told.error, Ambiguous)
    assert told.rows
