"""Models that change at run time; and finding, ranking and reserving who has them."""

from typing import Any

import pytest
from benchfleet_contract.registry.codes import RegistryCode
from benchfleet_contract.registry.models import Filters, RegistryQuery, SelectRequest

from chalicelib.domain.registry.errors import Malformed, ModelNotFound, NothingToSelect, Replayed
from tests.contract.in_process import Engine
from tests.services.registry import OWNER, STRANGER, Registry
from tests.unit.registry_records import a_model

ANY = Filters()
PRICE = {"input_token_price": "5", "output_token_price": "6"}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture
def registry(engine: Engine) -> Registry:
    return Registry(engine.quick_table())


def models(registry: Registry) -> dict[str, dict[str, Any]]:
    return {one.model_id: one.model_dump(mode="json") for one in registry.read.show("host-a").models}


def found(registry: Registry, model_id: str = "gpt-4", **more: Any) -> list[str]:
    return [one.executor_id for one in registry.discover.find(model_id, ANY, **more).executors]


def test_each_kind_of_update_changes_its_own_part_only(registry: Registry) -> None:
    reply = registry.announce(models=[a_model("gpt-4", pricing=PRICE), "llama"])
    before = models(registry)
    dearer = a_model("gpt-4", pricing=PRICE | {"input_token_price": "9"}, capabilities={"max_context_length": 1})
    assert registry.update(reply, 1, "UpdatePricing", dearer).changed == ["gpt-4"]
    longer = a_model("gpt-4", is_available=False, capabilities={"max_context_length": 32_768})
    registry.update(reply, 2, "UpdateCapabilities", longer)
    now = models(registry)["gpt-4"]
    assert now["pricing"]["input_token_price"] == "9"
    assert (now["capabilities"]["max_context_length"], now["is_available"]) == (32_768, True)
    registry.update(reply, 3, "UpdateAvailability", a_model("gpt-4", is_available=False, state="not_loaded"))
    assert (models(registry)["gpt-4"]["is_available"], models(registry)["gpt-4"]["state"]) == (False, "not_loaded")
    changed = registry.update(reply, 4, "AddModels", a_model("codellama"))
    assert (changed.added, changed.catalog_version) == (["codellama"], 5)
    assert registry.update(reply, 5, "RemoveModels", "codellama", "never-there").removed == ["codellama"]
    assert models(registry)["llama"] == before["llama"]
    assert registry.events() == ["announced", *["updated"] * 5]


def test_a_change_refreshes_the_lease(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(29)
    registry.replace(reply, 1, "gpt-4", "llama")
    registry.clock.pass_s(29)
    assert registry.read.page().executors[0].status == "available"


def test_the_last_model_gone_means_none_not_away(registry: Registry) -> None:
    reply = registry.announce()
    assert registry.replace(reply, 1).removed == ["gpt-4"]
    (one,) = registry.read.page().executors
    assert (one.status, one.model_ids) == ("available", [])
    with pytest.raises(ModelNotFound):
        registry.discover.find("gpt-4", ANY)


def test_the_same_change_again_is_answered_alike_and_an_old_one_refused(registry: Registry) -> None:
    reply = registry.announce()
    first = registry.replace(reply, 5, "gpt-4", "llama")
    again = registry.replace(reply, 5, "gpt-4", "llama")
    assert again.catalog_version == first.catalog_version
    for sequence, names in ((5, ["other"]), (4, ["gpt-4", "llama"])):
        with pytest.raises(Replayed) as raised:
            registry.replace(reply, sequence, *names)
        assert raised.value.number is RegistryCode.REPLAY_DETECTED
    assert list(models(registry)) == ["gpt-4", "llama"]


def test_what_is_wrong_with_updates_is_told_at_once_and_changes_nothing(registry: Registry) -> None:
    reply = registry.announce()
    with pytest.raises(Malformed) as raised:
        registry.update(reply, 1, "AddModels", "a", "b")
    assert [(one.index, one.field) for one in raised.value.details] == [
        (0, "updates[0].descriptor"), (1, "updates[1].descriptor")
    ]  # fmt: skip
    with pytest.raises(ModelNotFound, match="llama"):
        registry.update(reply, 1, "UpdatePricing", a_model("llama", pricing=PRICE))
    with pytest.raises(Malformed) as many:
        registry.update(reply, 1, "AddModels", *[a_model(f"m-{number}") for number in range(50)])
    assert many.value.number is RegistryCode.MODEL_LIMIT_EXCEEDED
    assert list(models(registry)) == ["gpt-4"]
    assert registry.executors.get("host-a").catalog_version == 1  # type: ignore[union-attr]


def test_a_heartbeat_can_call_a_model_unavailable(registry: Registry) -> None:
    reply = registry.announce(models=["gpt-4", "llama"])
    registry.clock.pass_s(1)
    registry.beat(reply, 1, load={"models": {"gpt-4": {"is_available": False}}})
    assert (found(registry, "gpt-4"), found(registry, "llama")) == ([], ["host-a"])
    assert [one.model_id for one in registry.discover.models(ANY).models] == ["llama"]
    entry = registry.discover.models(ANY, all_of=True, include_executors=True).models[0]
    assert (entry.status, [one.status for one in entry.details or []]) == ("unavailable", ["unavailable"])
    registry.clock.pass_s(1)
    registry.beat(reply, 2)
    assert found(registry, "gpt-4") == ["host-a"]


def test_each_live_model_is_listed_once_page_by_page(registry: Registry) -> None:
    registry.announce("a", [f"m/{number}" for number in range(5)])
    registry.announce("b", [f"m/{number}" for number in range(3, 7)])
    seen, cursor = [], None
    while True:
        page = registry.discover.models(ANY, limit=1, cursor=cursor)
        seen += [(one.model_id, one.executor_count) for one in page.models]
        assert page.total_count == 7
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [(f"m/{number}", 2 if number in (3, 4) else 1) for number in range(7)]
    assert [one.model_id for one in registry.discover.models(ANY, prefix="m/6").models] == ["m/6"]


def test_six_executors_show_six_words(registry: Registry) -> None:
    """One each: available, busy, overloaded, unavailable, draining, stale."""
    stale = registry.announce("stale", heartbeat_interval_s=1)
    loads = {"available": 0, "busy": 8, "overloaded": 10}
    for name in ("available", "busy", "overloaded", "unavailable", "draining"):
        model = a_model("gpt-4", is_available=name != "unavailable")
        reply = registry.announce(name, [model], capacity={"max_concurrent": 10})
        registry.clock.pass_s(1)
        registry.beat(reply, 1, load={"active": loads.get(name, 0)})
        if name == "draining":
            registry.leave.drain(name, reply.generation, OWNER, reason=None)
    assert stale.lease.stale_after_s == 3
    assert {one.executor_id: one.status for one in registry.read.page().executors} == {
        name: name for name in ("available", "busy", "overloaded", "unavailable", "draining", "stale")
    }
    assert found(registry) == ["available", "busy"]
    entry = registry.discover.models(ANY, all_of=True).models[0]
    assert (entry.status, sum(entry.status_counts.values())) == ("available", 6)


def test_all_overloaded_are_listed_and_not_selected(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(1)
    registry.beat(reply, 1, load={"active": 1})
    answer = registry.discover.find("gpt-4", ANY)
    assert (answer.all_overloaded, [one.executor_id for one in answer.executors]) == (True, ["host-a"])
    with pytest.raises(NothingToSelect) as raised:
        registry.select(SelectRequest(model_id="gpt-4"))
    assert raised.value.retry_after_s
    assert registry.select(SelectRequest(model_id="gpt-4", fail_open=True)).executor.executor_id == "host-a"
    registry.clock.pass_s(60)
    with pytest.raises(ModelNotFound):  # stale ones are never failed open to
        registry.select(SelectRequest(model_id="gpt-4", fail_open=True))


def test_a_reservation_counts_until_it_is_released_or_over(registry: Registry) -> None:
    registry.announce("a", capacity={"max_concurrent": 2})
    asked = SelectRequest.model_validate({"model_id": "gpt-4", "reserve": {"slots": 2, "ttl_s": 20}})
    kept = registry.select(asked)
    assert registry.read.page().executors[0].free_slots == 0
    with pytest.raises(NothingToSelect):
        registry.select(asked)
    assert kept.reservation_id
    registry.select.release(kept.reservation_id)
    registry.select.release(kept.reservation_id)
    assert registry.read.page().executors[0].free_slots == 2
    registry.select(asked)
    registry.clock.pass_s(20)
    registry.sweep()
    assert registry.read.page().executors[0].free_slots == 2


def test_a_whole_executor_can_be_had(registry: Registry) -> None:
    registry.announce("a", capacity={"max_concurrent": 4})
    asked = SelectRequest.model_validate({"model_id": "gpt-4", "reserve": {"exclusive": True}})
    kept = registry.select(asked)
    assert registry.read.page().executors[0].free_slots == 0
    assert kept.reservation_id
    registry.select.release(kept.reservation_id)
    assert registry.read.page().executors[0].free_slots == 4


def test_pinned_and_the_five_questions_of_the_older_protocol(registry: Registry) -> None:
    registry.announce("a")
    registry.announce("b", ["gpt-4", "llama"], caller=STRANGER)
    assert found(registry, strategy="pinned", pinned="b") == ["b"]

    def asked(kind: str, **more: Any) -> Any:
        return registry.discover.query(RegistryQuery.model_validate({"query_type": kind, **more}), registry.read)

    assert [one["model_id"] for one in asked("ListAllModels").result["model_list"]] == ["gpt-4", "llama"]
    assert [one["model_id"] for one in asked("ListAllModels", offset=1).result["model_list"]] == ["llama"]
    assert len(asked("FindModel", model_id="gpt-4").result["executor_list"]) == 2
    info = asked("ExecutorInfo", executor_ids=["b", "nobody"], query_id="q")
    assert (info.query_id, [one["executor"]["executor_id"] for one in info.result["executor_details"]]) == ("q", ["b"])
    assert asked("GetStatistics").result["statistics"]["total_models"] == 2
    assert asked("SearchByCapabilities", filters={"required_features": ["vision"]}).result == {"model_list": []}
    for kind in ("FindModel", "ExecutorInfo", "SearchByCapabilities"):
        with pytest.raises(Malformed):
            asked(kind)
