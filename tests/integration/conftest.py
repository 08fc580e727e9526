"""Fixtures of the tests that speak HTTP with the whole system."""

from collections.abc import Iterator

import pytest

from local_emulator.stack import Emulator
from tests.integration.api_client import Api


@pytest.fixture(scope="session")
def api(emulator: Emulator) -> Iterator[Api]:
    client = Api(emulator.ready)
    yield client
    client.close()
