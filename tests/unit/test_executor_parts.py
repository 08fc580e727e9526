"""Parts of the executor that need no control plane: its id, its address, what is logged."""

from pathlib import Path

import httpx
import pytest
from benchfleet_contract.authorities import authorities
from benchfleet_contract.registry.descriptors import ModelDescriptor

from runner_image.executor.backends import Backends
from runner_image.executor.own_id import own_id
from runner_image.executor.rediscovery import Rediscovery
from runner_image.executor.settings import validator_url
from runner_image.logs import Log, at_least
from tests.each_case import each_case
from tests.unit.model_servers import compatible, serving


def test_processes_of_a_user_have_ids_of_their_own_and_keep_them(tmp_path: Path) -> None:
    with own_id(tmp_path / "a") as first, own_id(tmp_path / "a") as second:
        assert first != second
    with own_id(tmp_path / "a") as again:
        assert again == first
    (tmp_path / "a" / "id-1").write_text("nonsense")
    with own_id(tmp_path / "a") as mended:
        assert len(mended) == 36


def test_a_cache_that_cannot_be_written_costs_only_the_memory_of_the_id(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with own_id(tmp_path / "file" / "below") as name:
        assert len(name) == 36


@each_case(("address", "url"), [("127.0.0.1:8080", "http://127.0.0.1:8080"), ("https://h/prod", "https://h/prod")])
def test_an_address_is_a_host_with_a_port_or_a_url(address: str, url: str) -> None:
    assert validator_url(address) == url


@each_case("address", ["ftp://x", "host:port", "", "http://", "[::1"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="neither"):
        validator_url(address)


def test_less_grave_than_the_level_is_not_logged() -> None:
    seen: list[str] = []
    log = Log(sinks=(at_least("warning", lambda record: seen.append(record["event"])),), verbose=True)
    log.debug("a")
    log.info("b")
    log.warning("c")
    log.error("d")
    assert seen == ["c", "d"]


def test_two_looks_that_fail_make_a_backends_models_unavailable_until_it_answers() -> None:
    with serving(compatible("one")) as server, httpx.Client(trust_env=False, verify=authorities({})) as http:
        file = Backends.model_validate({"backends": [{"name": "llm", "base_url": server.url}]})
        looking = Rediscovery(file, http=http, environment={}, every_s=60, log=Log(), changed=lambda _: None)
        server.down = True
        assert looking.look() == {}
        server.down = False
        available: list[bool] = []
        for down in (False, True, True, False):
            server.down = down
            looking.look()
            available.append(one(looking).is_available)
    assert available == [True, True, False, True]


def one(looking: Rediscovery) -> ModelDescriptor:
    (found,) = looking.models.values()
    return found
