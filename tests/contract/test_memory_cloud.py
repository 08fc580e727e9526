"""The cloud that the tests of the services have is one like any other."""

import pytest

from chalicelib.domain.launches import MachineProvider, Order
from tests.contract.machines import MemoryCloud
from tests.contract.providers import NOW_MS, ProviderContract, an_order


class TestMemoryCloud(ProviderContract):
    @pytest.fixture
    def provider(self) -> MachineProvider:
        return MemoryCloud(lambda: NOW_MS)

    @pytest.fixture
    def order(self) -> Order:
        return an_order()
