"""Fixtures of the tests of the services over tables and a bucket in this process."""

import pytest

from tests.contract.system import Clients, System


@pytest.fixture(scope="session")
def clients() -> Clients:
    """Making them costs more than ten tests."""
    return Clients()


@pytest.fixture
def system(clients: Clients) -> System:
    """An empty table and bucket. Files whose tests begin with a run have a fixture of this name themselves."""
    return System(clients)
