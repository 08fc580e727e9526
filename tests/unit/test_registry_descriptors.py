"""What a descriptor may hold, and what is told of one that may not be."""

from typing import Any

import pytest
from benchfleet_contract.registry.descriptors import ModelDescriptor, descriptor_digest
from benchfleet_contract.registry.executors import AnnounceRequest, Load
from pydantic import ValidationError

from tests.each_case import each_case
from tests.unit.registry_records import a_model

PRICE = {"input_token_price": "500000000000000", "output_token_price": "1000000000000000", "minimum_fee": None}


def problems(value: Any) -> list[tuple[Any, ...]]:
    with pytest.raises(ValidationError) as refused:
        ModelDescriptor.model_validate(value)
    return [error["loc"] for error in refused.value.errors()]


def test_every_field_comes_back_as_it_was_sent() -> None:
    sent = a_model(
        "meta-llama/Llama:70b",
        pricing=PRICE | {"input_token_price": "9" * 78, "currency": "wei"},
        backend_name="häuschen",
        state="not_loaded",
        source="discovered",
        is_available=False,
        capabilities={
            "metadata": {"ключ": ["значение", {"tief": None}]},
            "performance": {"avg_tokens_per_second": 15.0, "success_rate": 1.0},
            "modalities": {"input": ["text", "image"], "output": ["text"]},
            "quantization": "Q4_K_M",
            "model_digest": "sha256:abc",
        },
    )
    kept = ModelDescriptor.model_validate(sent).model_dump(mode="json")
    assert {key: kept[key] for key in sent if key != "capabilities"} == {
        key: value for key, value in sent.items() if key != "capabilities"
    }
    known = kept["capabilities"]
    for name, value in sent["capabilities"].items():
        assert (value | known[name] if isinstance(value, dict) else value) == known[name]
    assert known["performance"]["avg_tokens_per_second"] == 15.0
    assert known["metadata"] == sent["capabilities"]["metadata"]


def test_all_that_is_wrong_with_the_samples_bad_model_is_told_at_once() -> None:
    bad = {
        "model_id": "", "backend_type": "unknown", "is_available": False,
        "capabilities": {"max_context_length": 0, "features": ["Not A Word"]},
    }  # fmt: skip
    assert problems(bad) == [
        ("model_id",), ("backend_type",), ("capabilities", "max_context_length"), ("capabilities", "features", 0)
    ]  # fmt: skip


@each_case(
    ("changes", "where"),
    [
        ({"model_id": "x" * 257}, ("model_id",)),
        ({"model_id": " x"}, ("model_id",)),
        ({"model_id": "a\nb"}, ("model_id",)),
        ({"capabilities": {"max_context_length": True}}, ("capabilities", "max_context_length")),
        ({"capabilities": {"max_context_length": "8192"}}, ("capabilities", "max_context_length")),
        ({"capabilities": {"max_context_length": 100_000_001}}, ("capabilities", "max_context_length")),
        ({"capabilities": {"features": ["a"] * 33}}, ("capabilities", "features")),
        (
            {"capabilities": {"performance": {"avg_tokens_per_second": float("nan")}}},
            ("capabilities", "performance", "avg_tokens_per_second"),
        ),
        ({"capabilities": {"performance": {"success_rate": 1.5}}}, ("capabilities", "performance", "success_rate")),
        ({"capabilities": {"metadata": {"a": "x" * 5_000}}}, ("capabilities", "metadata")),
        ({"capabilities": {"metadata": {"a": {"b": {"c": {"d": {"e": 1}}}}}}}, ("capabilities", "metadata")),
        ({"capabilities": {"metadata": {"a": float("inf")}}}, ("capabilities", "metadata")),
        ({"pricing": PRICE | {"input_token_price": "-1"}}, ("pricing",)),
        ({"pricing": PRICE | {"output_token_price": "9" * 79}}, ("pricing",)),
        ({"pricing": PRICE | {"minimum_fee": "1.5"}}, ("pricing",)),
        ({"pricing": PRICE | {"input_token_price": 5}}, ("pricing", "input_token_price")),
        ({"pricing": {"input_token_price": "1e-6", "output_token_price": "0", "currency": "usd"}}, ("pricing",)),
    ],
)
def test_what_may_not_be_is_refused_where_it_stands(changes: dict[str, Any], where: tuple[Any, ...]) -> None:
    name = changes.pop("model_id", "gpt-4")
    assert problems(a_model(name, **changes)) == [where]


def test_prices_in_dollars_are_plain_decimals() -> None:
    model = a_model(pricing={"input_token_price": "0.0000025", "output_token_price": "0.00001", "currency": "usd"})
    pricing = ModelDescriptor.model_validate(model).pricing
    assert pricing
    assert str(pricing.total) == "0.0000125"


def test_metadata_of_five_levels_is_taken() -> None:
    ModelDescriptor.model_validate(a_model(capabilities={"metadata": {"a": {"b": {"c": {"d": 1}}}}}))


def test_a_digest_is_that_of_the_model_not_of_its_state() -> None:
    loaded, away = (ModelDescriptor.model_validate(a_model(is_available=up, state=state)) for up, state in BOTH)
    other = ModelDescriptor.model_validate(a_model(capabilities={"quantization": "Q8_0"}))
    assert descriptor_digest(loaded) == descriptor_digest(away) != descriptor_digest(other)


BOTH = ((True, "loaded"), (False, "not_loaded"))


@each_case(
    "changes",
    [
        {"executor_id": "a/b"}, {"instance_id": ""}, {"heartbeat_interval_s": 0.5}, {"heartbeat_interval_s": 301},
        {"capacity": {"max_concurrent": 0}}, {"labels": {"a": "b\n"}}, {"endpoint": "ftp://x"}, {"timestamp": float("nan")},
    ],
)  # fmt: skip
def test_an_announcement_has_bounds_of_its_own(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AnnounceRequest.model_validate({"executor_id": "host-a", "instance_id": "p", "models": [], **changes})


def test_a_load_is_within_its_bounds() -> None:
    with pytest.raises(ValidationError) as refused:
        Load.model_validate({"active": -1, "kv_cache_utilization": 1.1})
    assert [error["loc"] for error in refused.value.errors()] == [("active",), ("kv_cache_utilization",)]
