"""The registry of HTTP frameworks: what holds for every record, and what a user's own files may say."""

import signal
from pathlib import Path

import pytest

from runner_image.workloads.http.apps.install import built_in
from runner_image.workloads.http.contract.schemas import APPS
from runner_image.workloads.http.detection.detect import detect
from runner_image.workloads.http.frameworks.record import Framework, filled, placeholders
from runner_image.workloads.http.frameworks.registry import InvalidRegistry, Registry, UnknownFramework
from runner_image.workloads.http.life.app import App
from tests.each_case import each_case

REGISTRY = Registry.load()
OWN_BUN = "node_modules/@oven/bun-linux-x64/bin/bun"
PROMISED = "spikard-rust spikard-python spikard-node spikard-ruby spikard-wasm"
FURTHER = "axum-baseline fastapi fastapi-granian robyn fastify"
LATER = "spikard-bun spikard-php litestar turboapi hono elysia spikard-elixir plug-bandit phoenix"
ASKED_FOR = "flask django starlette express gin actix-web rails sinatra hyper"


@each_case("name", [*PROMISED.split(), *FURTHER.split(), *LATER.split(), *ASKED_FOR.split()])
def test_what_was_promised_is_known(name: str) -> None:
    assert REGISTRY.get(name).name == name


@each_case("framework", REGISTRY.frameworks)
def test_each_record_can_be_started_found_and_stopped(framework: Framework) -> None:
    ports = [name for word in framework.start for name in placeholders(word) if name == "port"]
    assert len(ports) <= 1
    assert ports or any("{port}" in value for value in framework.environment.values())
    assert framework.detect
    assert framework.evidence
    assert hasattr(signal, f"SIG{framework.stop_signal}")
    assert all(not word.count("&&") for word in framework.start)


@each_case(
    ("name", "files", "command"),
    [
        ("spikard-rust", {"Cargo.toml": '[package]\nname = "bench"\n'}, "APP/target/release/bench 8123"),
        ("spikard-python", {"server.py": ""}, "PYTHON server.py 8123"),
        ("spikard-node", {"server.ts": ""}, "node --import tsx server.ts 8123"),
        ("spikard-ruby", {"server.rb": ""}, "bundle exec ruby server.rb 8123"),
        ("spikard-wasm", {"server.js": ""}, "bun run server.js 8123"),
        ("axum-baseline", {"Cargo.toml": "[package]\nname = 'a'\n[[bin]]\nname = 'b'\n"}, "APP/target/release/b 8123"),
        ("fastapi", {"server.py": ""}, "PYTHON server.py 8123"),
        ("fastapi-granian", {"server.py": ""}, "PYTHON server.py 8123"),
        ("robyn", {"server.py": ""}, "PYTHON server.py 8123"),
        ("fastify", {"index.js": ""}, "node index.js 8123"),
        ("hono-bun", {"server.js": ""}, "bun run server.js 8123"),
        ("hono-bun", {"server.js": "", OWN_BUN: ""}, f"APP/{OWN_BUN} run server.js 8123"),
    ],
)
def test_a_command_is_built_for_an_app_and_a_port(
    tmp_path: Path, name: str, files: dict[str, str], command: str
) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    framework = REGISTRY.get(name)
    values = App(tmp_path, programs={"python": "PYTHON"}).values(framework, port=8123, host="127.0.0.1")
    assert " ".join(filled(framework.start, values)) == command.replace("APP", str(tmp_path))


def test_capabilities_are_suites_and_those_of_apps_of_the_project_are_declared() -> None:
    fastapi, spikard = REGISTRY.get("fastapi").capabilities, REGISTRY.get("spikard-python").capabilities
    assert {"json-bodies", "validated-multipart", "websocket", "sse"} <= fastapi
    assert fastapi - spikard == {"websocket", "sse"}
    assert fastapi - REGISTRY.get("sinatra").capabilities == {"websocket"}
    assert all(REGISTRY.get(name).capabilities for name in built_in())


def test_an_app_s_own_capabilities_are_not_those_of_its_framework(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text('base = "fastapi"\n')
    assert REGISTRY.manifest(tmp_path / "bench.toml").capabilities == frozenset()
    (tmp_path / "bench.toml").write_text('base = "fastapi"\ncapabilities = ["forms", "sse"]\n')
    assert REGISTRY.manifest(tmp_path / "bench.toml").capabilities == {"forms", "sse"}
    (tmp_path / "bench.toml").write_text('base = "fastapi"\ncapabilities = ["froms"]\n')
    with pytest.raises(InvalidRegistry, match="there is no suite 'froms'"):
        REGISTRY.manifest(tmp_path / "bench.toml")


@each_case("name", built_in())
def test_each_app_of_the_project_is_detected_by_its_sources(name: str) -> None:
    found = detect(APPS / name, REGISTRY)
    assert found.framework.name == name
    assert found.why[0] != f"the folder is called {name!r}"


def test_names_are_unique() -> None:
    assert len(set(REGISTRY.names)) == len(REGISTRY.names)


def test_an_unknown_name_gets_those_that_are_close() -> None:
    with pytest.raises(UnknownFramework, match=r"'fastapy': did you mean fastapi"):
        REGISTRY.get("fastapy")


def test_a_users_file_adds_and_replaces(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[framework]]\nname = "mine"\nlanguage = "python"\nruntime = "python"\ndetect = ["mine.py"]\n'
        'start = ["{python}", "mine.py", "{port}"]\ndepends = { "mine" = 5 }\n'
        '[[framework]]\nname = "flask"\nlanguage = "python"\nruntime = "pypy"\ndetect = ["x.py"]\nstart = ["x", "{port}"]\n'
    )
    registry = Registry.load(own)
    assert registry.get("mine").evidence[0].weight == 5
    assert registry.get("flask").runtime == "pypy"
    assert registry.names.count("flask") == 1


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'extra = 1\n[[framework]]\nname = "a"\nlanguage = "python"\nruntime = "python"\ndetect = ["../a.py"]\n'
        'start = ["{python}", "{prot}"]\nstop_signal = "TREM"\n'
        '[[framework]]\nname = "b"\nlanguage = "python"\nruntime = "python"\ndetect = ["b.py"]\nstart = ["b"]\n'
        '[[framework]]\nname = "b"\nlanguage = "python"\nruntime = "python"\ndetect = ["b.py"]\nstart = ["{port}", "{port}"]\n'
        'evidence = [{ files = ["b.py"], pattern = "(" }]\n'
    )
    with pytest.raises(InvalidRegistry) as raised:
        Registry.load(own)
    said = str(raised.value)
    for part in (
        "extra: unknown",
        "leaves the app's folder",
        "{prot}",
        "no signal 'TREM'",
        "stands neither",
        "twice",
        "'('",
    ):
        assert part in said


RECORD = 'name = "a"\nlanguage = "python"\nruntime = "python"\ndetect = ["a.py"]\n'
BRACES = "write {{ for { and }} for }"


@each_case(
    ("fields", "said"),
    [
        ('start = ["{port:d}"]', [f"a: start: '{{port:d}}' has a brace that is none of a placeholder: {BRACES}"]),
        ('start = ["{port!r}"]', ["a: start: '{port!r}' has a brace"]),
        ('start = ["{port}", "{"]', ["a: start: '{' has a brace"]),
        ('start = ["}{port}"]', ["a: start: '}{port}' has a brace"]),
        ('start = ["{}", "{port}"]', ["a: start: '{}' has a brace"]),
        ('start = ["{unknown}", "{port}"]', ["a: start: '{unknown}' has {unknown}: the placeholders are app,"]),
        ('start = ["{port}"]\nbuild = ["{port.x}"]', ["a: build: '{port.x}' has {port.x}"]),
        ('start = ["{port}"]\nenvironment = { A = "{0}" }', ["a: environment: '{0}' has {0}"]),
        ('start = ["{port}"]\nenvironment = { "A=B" = "c" }', ["a: environment: 'A=B' is no name of a variable"]),
        ('start = ["x", "{port}\\u0000"]', ["a: start.1: '{port}\\x00' has a NUL: leave it out"]),
        ('start = ["{port}"]\ndepends = { x = 1 }\nevidence = 5', ["a: evidence: Input should be a valid tuple"]),
        ('start = ["{port}"]\ndepends = { x = 1 }\nevidence = [5]', ["a: evidence.0: Input should be"]),
        ('start = ["{port}"]\ndepends = { x = "much" }', ["a: depends: x = 'much' is no weight: write a number"]),
        ('start = ["{port}"]\ndepends = 5', ["a: depends: write `{ package = weight }`"]),
        ('start = ["{port}"]\ndepends = { "(" = 1 }', ["a: depends: '(' is no regular expression"]),
        (
            'start = ["x"]\nbuild = ["{"]\nstop_signal = "TREM"\nevidence = 5\ndepends = { x = 1 }',
            ["a: build: '{'", "no signal 'TREM'", "a: evidence: ", "a: start: {port} stands neither"],
        ),
    ],
)
def test_what_would_break_later_is_refused_when_it_is_read(tmp_path: Path, fields: str, said: list[str]) -> None:
    (tmp_path / "own.toml").write_text(f"[[framework]]\n{RECORD}{fields}\n")
    with pytest.raises(InvalidRegistry) as raised:
        Registry.load(tmp_path / "own.toml")
    for part in said:
        assert part in str(raised.value)
    assert len(raised.value.problems) == len(said)


@each_case("name", ["/etc/x.py", "../x.py", "x.py|/etc/x.py", "x.py|../x.py", "x.py|"])
def test_each_of_several_files_stays_in_the_app_s_folder(tmp_path: Path, name: str) -> None:
    record = RECORD.replace("a.py", name)
    (tmp_path / "own.toml").write_text(f'[[framework]]\n{record}start = ["{{port}}"]\n')
    with pytest.raises(InvalidRegistry, match=r"detect\.0: "):
        Registry.load(tmp_path / "own.toml")


def test_what_a_file_of_ones_own_cannot_say_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[language.python]\ndependency = []\n")
    with pytest.raises(InvalidRegistry, match="language: only the project's own registry has rules of languages"):
        Registry.load(tmp_path / "own.toml")
    (tmp_path / "bench.toml").write_text('base = "flask"\ndepends = { x = 1 }\n')
    with pytest.raises(InvalidRegistry, match="flask: depends: a manifest needs none: leave it out"):
        REGISTRY.manifest(tmp_path / "bench.toml")


def test_doubled_braces_are_braces() -> None:
    assert placeholders('{{"port": {port}}}') == ["port"]
    assert filled(['{{"port": {port}}}', "{no}"], {"port": "1"}) == ['{"port": 1}', "{no}"]


def test_a_file_that_is_no_toml_says_so(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[[framework")
    with pytest.raises(InvalidRegistry, match="cannot be read"):
        Registry.load(tmp_path / "own.toml")


def test_a_manifest_replaces_fields_of_its_base(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text('base = "robyn"\nstart = ["{python}", "main.py", "{port}"]\n')
    found = REGISTRY.manifest(tmp_path / "bench.toml")
    assert (found.name, found.start[1], found.stop_signal) == ("robyn", "main.py", "INT")


def test_a_manifest_may_be_a_framework_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "bench.toml").write_text(
        'name = "own"\nlanguage = "other"\nruntime = "sh"\nstart = ["./serve"]\nenvironment = { LISTEN = "{host}:{port}" }\n'
    )
    assert REGISTRY.manifest(tmp_path / "bench.toml").environment == {"LISTEN": "{host}:{port}"}
