"""Fixtures of the tests that speak HTTP with the whole system."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_emulator.stack import Emulator
from tests.integration.api_client import Api, fresh
from tests.integration.command_line import CommandLine, command_line
from tests.integration.emulator_process import END_S, Running, Start
from tests.integration.fleet_project import Project, begin, make_project, work
from tests.providers import Behaviour, Providers, Rule, serving


@pytest.fixture(scope="session")
def api(emulator: Emulator) -> Iterator[Api]:
    client = Api(emulator.ready)
    yield client
    client.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def start_one(*flags: str, truly: bool = False) -> Running:
        started.append(Running(tmp_path, *flags, truly=truly))
        return started[-1]

    yield start_one
    for emulator in started:
        if emulator.process.poll() is None:
            emulator.process.kill()
            emulator.process.communicate(timeout=END_S)


@pytest.fixture
def cli(
    emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> CommandLine:
    """As a person who has set address and key, in an empty folder."""
    monkeypatch.setenv("BENCHFLEET_URL", emulator.ready.api_url)
    monkeypatch.setenv("BENCHFLEET_API_KEY", emulator.ready.keys.admin)
    monkeypatch.setenv("BENCHFLEET_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    return command_line(capsys)


@pytest.fixture(scope="session")
def providers() -> Iterator[Providers]:
    """A loopback server that refuses a third of a project's prompts."""
    refused = Rule(prompt="say hello 2", behaviour=Behaviour(status=400, message="no such thing"))
    with serving(Providers(default=Behaviour(pieces=("well, ", "hello there")), rules=[refused])) as server:
        yield server


@pytest.fixture(scope="session")
def fleet(emulator: Emulator, providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Worked at once, for all tests that only read it."""
    folder = make_project(tmp_path_factory.mktemp("fleet") / "project", providers)
    key = fresh("key")
    run_id = begin(emulator, folder, key)
    work(emulator, run_id, folder.parent)
    return Project(folder, run_id, key)
