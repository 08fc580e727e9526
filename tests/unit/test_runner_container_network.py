"""Which addresses a benchmark's container is kept from, and what is said of an engine that cannot do it."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from runner_image.errors import TaskError
from runner_image.isolation.container_network import METADATA, need_bridge, to_shut
from tests.each_case import each_case


@dataclass
class Network:
    attrs: dict[str, Any]


@dataclass
class Engine:
    """An engine's networks, as docker-py lists them."""

    drivers: list[str]
    names: list[str] = field(default_factory=list)

    @property
    def networks(self) -> "Engine":
        return self

    def list(self, names: list[str]) -> list[Network]:
        self.names = names
        return [Network({"Driver": driver}) for driver in self.drivers]


@each_case("address", ["10.1.2.3", "192.168.1.9", "172.17.0.1", "fd12::9", "fe80::1%eth0"])
def test_a_control_plane_on_a_private_address_is_shut(address: str) -> None:
    assert to_shut("http://emulator:8000/x", resolve=lambda host: [address] if host == "emulator" else []) == (
        *METADATA,
        address,
    )


@each_case("address", ["127.0.0.1", "::1", "3.5.140.2", "2600:1f18::1", "0.0.0.0"])
def test_loopback_and_the_world_need_no_route(address: str) -> None:
    assert to_shut("https://x.execute-api.us-east-1.amazonaws.com/api", resolve=lambda _: [address]) == METADATA


def test_a_name_that_nobody_knows_shuts_no_more() -> None:
    def unknown(host: str) -> list[str]:
        raise OSError(host)

    assert to_shut("http://nowhere", resolve=unknown) == METADATA


def test_addresses_are_read_by_the_system_itself() -> None:
    assert to_shut("http://10.9.8.7:8000")[-1] == "10.9.8.7"


def test_an_engine_without_a_bridge_is_told_with_its_remedies() -> None:
    need_bridge(Engine(["bridge"]))
    for drivers in ([], ["null"]):
        with pytest.raises(TaskError, match="--container-network none") as raised:
            need_bridge(Engine(drivers))
        assert "--container-network host" in str(raised.value)
        assert raised.value.failure_class == "infrastructure"
