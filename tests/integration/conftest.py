"""Fixtures of the tests that speak HTTP with the whole system."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_emulator.stack import Emulator
from tests.integration.api_client import Api
from tests.integration.emulator_process import END_S, Running, Start


@pytest.fixture(scope="session")
def api(emulator: Emulator) -> Iterator[Api]:
    client = Api(emulator.ready)
    yield client
    client.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def start_one(*flags: str) -> Running:
        started.append(Running(tmp_path, *flags))
        return started[-1]

    yield start_one
    for emulator in started:
        if emulator.process.poll() is None:
            emulator.process.kill()
            emulator.process.communicate(timeout=END_S)
