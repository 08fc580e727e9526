"""Which executor is asked first, by each strategy; which fit at all; what is told of them together."""

import random
from collections import Counter
from typing import Any

from benchfleet_contract.registry.models import Filters, Strategy
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.registry.aggregating import model_entry
from chalicelib.domain.registry.filtering import fits, reliability
from chalicelib.domain.registry.ranking import rank
from chalicelib.domain.registry.records import Offer
from tests.each_case import each_case
from tests.unit.registry_records import NOW_MS, an_executor, an_offer

PRICES = {"input_token_price": "2", "output_token_price": "3"}


def first(below: int) -> int:
    return 0


def ids(offers: list[Offer], strategy: Strategy, **more: Any) -> list[str]:
    return [one.offer.executor.executor_id for one in rank(offers, strategy, draw=more.pop("draw", first), **more)]


def loads(*utilizations: float) -> list[Offer]:
    names = "abcdefgh"
    return [an_offer(an_executor(names[n], active=round(10 * used))) for n, used in enumerate(utilizations)]


def test_the_least_loaded_comes_first() -> None:
    assert ids(loads(0.5, 0.1, 0.9), "least_loaded") == ["b", "a", "c"]


def test_of_two_alike_the_one_with_more_room_then_the_fresher_one() -> None:
    offers = [
        an_offer(an_executor("few", slots=2)), an_offer(an_executor("many", slots=4, last_seen_ms=NOW_MS - 5)),
        an_offer(an_executor("fresh", slots=4)),
    ]  # fmt: skip
    assert ids(offers, "least_loaded") == ["fresh", "many", "few"]


def test_the_cheapest_then_the_least_loaded() -> None:
    free = an_offer(an_executor("free", active=5))
    dear = an_offer("dear", pricing=PRICES | {"input_token_price": "9" * 30})
    assert ids([dear, an_offer("cheap", pricing=PRICES), free], "cheapest") == ["free", "cheap", "dear"]


def test_the_fastest_is_who_announces_most_tokens_a_second() -> None:
    speeds = {"slow": (10.0, 0.1), "fast": (90.0, 0.5), "faster": (90.0, 0.2)}
    offers = [
        an_offer(name, capabilities={"performance": {"avg_tokens_per_second": rate, "avg_time_to_first_token": start}})
        for name, (rate, start) in speeds.items()
    ]
    assert ids([an_offer("unknown"), *offers], "fastest") == ["faster", "fast", "slow", "unknown"]


def test_the_reliable_is_who_was_seen_to_succeed() -> None:
    seen = {"good": (90, 100), "lucky": (1, 1), "bad": (1, 10), "new": (0, 0)}
    offers = [an_offer(an_executor(name, reliability=counts)) for name, counts in seen.items()]
    assert ids(offers, "reliable") == ["good", "lucky", "new", "bad"]
    assert reliability(an_executor(reliability=(0, 0))) is None


def test_balanced_weighs_price_latency_and_reliability_within_the_set() -> None:
    def offer(name: str, price: str, start: float, rate: float) -> Offer:
        performance = {"avg_time_to_first_token": start, "success_rate": rate}
        pricing = {"input_token_price": price, "output_token_price": price}
        return an_offer(name, pricing=pricing, capabilities={"performance": performance})

    ranked = rank([offer("a", "1", 1.0, 0.5), offer("b", "3", 0.2, 1.0)], "balanced", draw=first)
    assert [(one.offer.executor.executor_id, round(one.score, 9)) for one in ranked] == [("a", 0.5), ("b", 0.5)]
    assert ranked[0].parts == {"price": 0.0, "latency": 1.0, "unreliability": 1.0}


def test_power_of_two_never_takes_the_busiest_of_three_and_splits_the_rest() -> None:
    source = random.Random(1)
    picks = Counter(ids(loads(0.1, 0.5, 0.9), "power_of_two", draw=source.randrange)[0] for _ in range(1_000))
    assert picks["c"] == 0
    assert picks["a"] > picks["b"] > 250


def test_pinned_names_one_executor_and_no_other() -> None:
    assert ids(loads(0.1, 0.5), "pinned", pinned="b") == ["b"]
    assert ids(loads(0.1), "pinned", pinned="z") == []


@given(
    st.lists(st.floats(0, 1), max_size=6),
    st.sampled_from(["least_loaded", "cheapest", "fastest", "reliable", "balanced", "power_of_two"]),
    st.randoms(use_true_random=False),
)
def test_a_ranking_is_a_reordering(used: list[float], strategy: Strategy, source: random.Random) -> None:
    offers = loads(*used)
    assert sorted(ids(offers, strategy, draw=source.randrange)) == [offer.executor.executor_id for offer in offers]


FITTING = {
    "backend_type": "openai", "min_context_length": 8192, "required_features": ["chat"], "max_price": "3",
    "min_success_rate": 0.9,
}  # fmt: skip
GOOD: dict[str, Any] = {"pricing": PRICES, "capabilities": {"performance": {"success_rate": 0.9}}}


@each_case(
    "changes",
    [
        {"backend_type": "ollama"},
        {"capabilities": {"performance": {"success_rate": 0.9}, "max_context_length": 8191}},
        {"capabilities": {"performance": {"success_rate": 0.9}, "features": ["completion"]}},
        {"pricing": PRICES | {"input_token_price": "4"}},
        {"pricing": PRICES | {"output_token_price": "4"}},
        {"capabilities": {"performance": {"success_rate": 0.89}}},
        {"capabilities": {}},
    ],
)
def test_each_filter_leaves_out_who_fails_only_it(changes: dict[str, Any]) -> None:
    assert fits(an_offer(**GOOD), Filters.model_validate(FITTING))
    assert not fits(an_offer(**GOOD | changes), Filters.model_validate(FITTING))


def test_no_pricing_costs_nothing_and_our_own_results_count_for_more_than_words() -> None:
    assert fits(an_offer(), Filters(max_price="0"))
    seen = an_executor(reliability=(5, 5))
    assert not fits(an_offer(seen, capabilities={"performance": {"success_rate": 1.0}}), Filters(min_success_rate=0.9))
    assert fits(an_offer(seen), Filters(min_success_rate=0.8))


def test_one_entry_tells_of_all_who_have_the_model() -> None:
    one = an_offer(
        "a", pricing=PRICES, capabilities={"architecture": "llama", "features": ["chat"], "metadata": {"x": 1, "y": 2}}
    )
    two = an_offer(
        an_executor("b", active=9), pricing=PRICES | {"input_token_price": "5"},
        capabilities={"max_context_length": 4096, "architecture": "qwen", "features": ["vision"], "metadata": {"x": 1}},
    )  # fmt: skip
    entry = model_entry("gpt-4", [one, two], NOW_MS)
    assert (entry.executor_count, entry.executors) == (2, ["a", "b"])
    assert (entry.capabilities.max_context_length, entry.min_context_length) == (8192, 4096)
    assert (entry.capabilities.features, entry.capabilities.architecture) == (["chat", "vision"], None)
    assert entry.capabilities.metadata == {"x": 1}
    assert entry.avg_pricing
    assert (entry.avg_pricing.input_token_price, entry.avg_pricing.output_token_price) == ("3", "3")
    assert (entry.status, entry.status_counts) == ("available", {"available": 1, "busy": 1})
