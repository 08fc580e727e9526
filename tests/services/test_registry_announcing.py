"""Announcing: who is there, with what, for how long; and who may say so."""

from collections.abc import Callable

import pytest
from benchfleet_contract.registry.codes import RegistryCode
from benchfleet_contract.registry.executors import AnnounceReply
from benchfleet_contract.registry.models import Filters

from chalicelib.domain.registry.errors import (
    Duplicate,
    Fenced,
    Gone,
    Malformed,
    NotOwner,
    Numbered,
    RegistryFull,
    TooOften,
)
from chalicelib.store.table import Table
from tests.contract.in_process import Engine
from tests.contract.system import Killed, Mortal
from tests.each_case import each_case
from tests.services.registry import ADMIN, STRANGER, Registry
from tests.unit.registry_records import a_model

_ANY = Filters()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture
def registry(engine: Engine) -> Registry:
    return Registry(engine.quick_table())


def refused(kind: type[Numbered], number: RegistryCode, call: Callable[[], object]) -> Numbered:
    with pytest.raises(kind) as raised:
        call()
    assert raised.value.number is number
    return raised.value


def test_models_are_there_before_the_first_heartbeat(registry: Registry) -> None:
    reply = registry.announce(models=["gpt-4", "meta-llama/Llama:70b"], heartbeat_interval_s=10)
    now_s = registry.clock.now_ms / 1000
    assert (reply.accepted_models, reply.catalog_version, reply.registry_revision) == (2, 1, 1)
    assert (reply.lease.stale_after_s, reply.lease.removal_after_s) == (30, 100)
    assert (reply.lease.lease_expires_at, reply.lease.removal_at) == (now_s + 30, now_s + 100)
    shown = registry.read.show("host-a")
    assert [model.model_id for model in shown.models] == ["gpt-4", "meta-llama/Llama:70b"]
    assert [event.type for event in shown.events] == ["announced"]
    assert shown.events[0].generation == reply.generation


def test_every_field_of_a_descriptor_comes_back(registry: Registry) -> None:
    sent = a_model(
        "gpt-oss:20b/x", backend_name="ящик", source="discovered", state="loading",
        pricing={"input_token_price": "9" * 78, "output_token_price": "0", "minimum_fee": "7", "currency": "wei"},
        capabilities={"metadata": {"größe": [1, {"a": None}]}, "performance": {"avg_tokens_per_second": 15.5}, "format": "gguf"},
    )  # fmt: skip
    registry.announce(models=[sent])
    (kept,) = [model.model_dump(mode="json", exclude_defaults=True) for model in registry.read.show("host-a").models]
    assert kept == {key: value for key, value in sent.items() if key != "pricing"} | {
        "pricing": {key: value for key, value in sent["pricing"].items() if key != "currency"}
    }


def test_a_server_gives_an_id_to_who_has_none(registry: Registry) -> None:
    assert registry.announce(None).executor_id == "id-1"


def test_a_repeat_by_the_same_process_keeps_its_generation(registry: Registry) -> None:
    first = registry.announced()
    registry.clock.pass_s(5)
    again = registry.announced()
    assert (again.reply.generation, again.is_new) == (first.reply.generation, False)
    assert again.reply.registry_revision == first.reply.registry_revision
    assert again.reply.lease.lease_expires_at == first.reply.lease.lease_expires_at + 5
    other = registry.announce(models=["gpt-4", "llama"])  # the whole is replaced
    assert (other.generation, other.catalog_version) == (first.reply.generation, 2)
    assert registry.read.show("host-a").executor.model_ids == ["gpt-4", "llama"]


def test_another_process_takes_over_and_the_first_one_is_fenced(registry: Registry) -> None:
    first = registry.announce(models=["gpt-4"])
    registry.clock.pass_s(1)
    second = registry.announce(models=["llama"], instance_id="process-2")
    assert second.generation > first.generation
    registry.clock.pass_s(1)
    for call in (
        lambda: registry.beat(first, 1),
        lambda: registry.replace(first, 1, "x"),
        lambda: registry.leave.drain("host-a", first.generation, ADMIN, reason=None),
        lambda: registry.leave.remove("host-a", first.generation, ADMIN),
    ):
        refusal = refused(Fenced, RegistryCode.FENCED, call)
        assert isinstance(refusal, Fenced)
        assert refusal.generation == second.generation
    assert registry.read.show("host-a").executor.model_ids == ["llama"]
    assert registry.events() == ["announced", "fenced", "announced"]


def test_takeover_false_asks_for_a_refusal_while_the_other_lives(registry: Registry) -> None:
    registry.announce()

    def taking() -> AnnounceReply:
        return registry.announce(instance_id="process-2", takeover=False)

    refused(Duplicate, RegistryCode.DUPLICATE_REGISTRATION, taking)
    registry.clock.pass_s(31)
    assert taking().executor_id == "host-a"


def test_an_executor_belongs_to_the_key_that_announced_it_first(registry: Registry) -> None:
    first = registry.announce()
    for call in (
        lambda: registry.announce(instance_id="process-2", models=[], caller=STRANGER),
        lambda: registry.beat(first, 1, caller=STRANGER),
        lambda: registry.replace(first, 1, caller=STRANGER),
        lambda: registry.leave.remove("host-a", first.generation, STRANGER),
    ):
        registry.clock.pass_s(1)
        refused(NotOwner, RegistryCode.UNAUTHORIZED, call)
    assert registry.read.show("host-a").executor.model_ids == ["gpt-4"]
    registry.leave.release("host-a")
    assert registry.announce(caller=STRANGER, instance_id="process-2").generation > first.generation


def test_the_binding_and_the_generation_outlive_the_executor(registry: Registry) -> None:
    first = registry.announce()
    registry.clock.pass_s(1_000)
    registry.sweep()
    registry.clock.now_ms = 5  # a clock set back
    refused(NotOwner, RegistryCode.UNAUTHORIZED, lambda: registry.announce(caller=STRANGER))
    assert registry.announce().generation == first.generation + 1


def test_a_process_that_was_gone_comes_back_with_a_new_generation(registry: Registry) -> None:
    first = registry.announce()
    registry.clock.pass_s(100)
    with pytest.raises(Gone):
        registry.beat(first, 1)
    assert registry.announce().generation > first.generation


def test_nothing_is_kept_of_an_announcement_that_is_wrong(registry: Registry) -> None:
    twice = refused(Malformed, RegistryCode.MALFORMED_MESSAGE, lambda: registry.announce(models=["a", "b", "a", "b"]))
    assert [(one.index, one.field) for one in twice.details] == [(2, "models[2].model_id"), (3, "models[3].model_id")]
    many = [f"m-{number}" for number in range(51)]
    refused(Malformed, RegistryCode.MODEL_LIMIT_EXCEEDED, lambda: registry.announce(models=many))
    refused(Malformed, RegistryCode.INVALID_PROTOCOL_VERSION, lambda: registry.announce(protocol_version=2))
    late_s = registry.clock.now_ms / 1000 - 301
    refused(Malformed, RegistryCode.EXPIRED_MESSAGE, lambda: registry.announce(timestamp=late_s))
    assert registry.read.page().executors == []
    assert registry.read.events("host-a", limit=9, cursor=None).events == []


def test_a_full_registry_takes_who_is_in_it_and_nobody_else(engine: Engine) -> None:
    registry = Registry(engine.quick_table(), most_executors=2)
    registry.announce("a")
    registry.announce("b")
    refusal = refused(RegistryFull, RegistryCode.REGISTRY_FULL, lambda: registry.announce("c"))
    assert isinstance(refusal, RegistryFull)
    assert refusal.retry_after_s == 60
    registry.announce("a", instance_id="process-2")
    registry.leave.remove("b", None, ADMIN)
    registry.announce("c")


def test_announcing_is_limited_to_ten_a_minute(registry: Registry) -> None:
    registry.clock.now_ms -= registry.clock.now_ms % 60_000
    for _ in range(10):
        registry.announce()
    with pytest.raises(TooOften):
        registry.announce()
    registry.announce("host-b")
    registry.clock.pass_s(60)
    registry.announce()


@each_case("writes", range(1, 9))
def test_a_control_plane_that_dies_while_it_is_told_leaves_nothing_that_a_repeat_does_not_mend(
    engine: Engine, writes: int
) -> None:
    name = engine.new_table()
    registry = Registry(Table(engine.quick, name))
    registry.announce(models=["old", "kept"])
    registry.clock.pass_s(1)
    registry.connect(Table(Mortal(engine.quick, after=writes - 1), name))
    died = False
    try:
        registry.announce(models=["kept", "new"], instance_id="process-2")
    except Killed:
        died = True
    registry.connect(Table(engine.quick, name))
    for entry in registry.discover.models(_ANY).models:
        assert entry.model_id in {"old", "kept", "new"}
    assert [found.executor_id for found in registry.discover.find("kept", _ANY).executors] in (["host-a"], [])
    registry.announce(models=["kept", "new"], instance_id="process-2")
    assert [entry.model_id for entry in registry.discover.models(_ANY).models] == ["kept", "new"]
    assert [found.executor_id for found in registry.discover.find("new", _ANY).executors] == ["host-a"]
    assert registry.discover.offers_of("old", registry.clock()) == []
    assert died or writes > 6
