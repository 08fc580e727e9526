"""What answers cost: own prices first, the list after them, and nothing where nobody knows."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from benchfleet.fleet.estimating import estimate
from benchfleet_contract.fleets.manifest import read_fleet
from benchfleet_contract.fleets.plan import FleetPlan, Parameters, Price, ProviderSettings
from benchfleet_results.fleets.price_list import PROVIDERS, RELEASED, listed, price_set
from benchfleet_results.fleets.pricing import most_made
from benchfleet_results.fleets.tariffs import NoPrice, OwnTariff, Tariff, Tokens, free_of_charge, price_set_of, tariff
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

NOW = datetime(2026, 11, 29, tzinfo=UTC)
OWN = Price.model_validate({"input_mtok": "1", "output_mtok": "2", "cache_read_mtok": "0.5"})
MILLION = 1_000_000


def found(kind: str, model: str, *, at: datetime = NOW, base_url: str | None = None, **extra: Any) -> Tariff:
    return tariff(ProviderSettings(type=kind, base_url=base_url), model, extra=extra, at=at)


def test_a_price_of_the_list_names_its_set_version_day_and_model() -> None:
    one = found("openai", "gpt-4o-mini")
    assert one.source == "genai-prices 0.2.3 of 2026-11-10: openai/gpt-4o-mini"
    assert price_set_of(one.source) == str(price_set()) == "genai-prices 0.2.3 of 2026-11-10"
    assert one.cost_usd(Tokens(MILLION, MILLION), NOW) == Decimal("0.75")
    assert one.cost_usd(Tokens(MILLION, 0, cached=MILLION), NOW) == Decimal("0.075")
    assert one.notes == ()


def test_the_day_of_the_version_that_is_installed_is_known() -> None:
    assert price_set().version in RELEASED


def test_the_providers_own_prices_win_by_model_first() -> None:
    other = OWN.model_copy(update={"output_mtok": Decimal(9)})
    settings = ProviderSettings(type="openai", price=OWN, prices={"gpt-4o": other})
    assert tariff(settings, "gpt-4o", extra={}, at=NOW) == OwnTariff(other, "gpt-4o")
    assert tariff(settings, "gpt-4o-mini", extra={}, at=NOW).source == "providers file: gpt-4o-mini"
    assert OwnTariff(OWN, "m").cost_usd(Tokens(3, 5, cached=2), NOW) == Decimal("0.000012")


@each_case(
    ("kind", "model", "words"),
    [
        ("openai", "no-such-model", "no price of openai/no-such-model"),
        ("vllm", "llama", "no list of prices for providers of type vllm"),
        ("openai", "text-embedding-3-small", "not price text-embedding-3-small by tokens of prompt and answer"),
    ],
)
def test_a_model_that_nobody_knows_has_no_price(kind: str, model: str, words: str) -> None:
    with pytest.raises(NoPrice, match=words):
        found(kind, model)


def test_a_model_has_no_price_before_it_was_there() -> None:
    at = datetime(2024, 8, 5, tzinfo=UTC)
    with pytest.raises(NoPrice, match="was not there on 2024-08-05"):
        found("openai", "gpt-4o-2024-08-06", at=at)
    assert "does not say since when" in found("openai", "gpt-4o", at=at).notes[0]


def test_an_old_list_says_so() -> None:
    assert "days old" in found("openai", "gpt-4o", at=datetime(2027, 11, 29, tzinfo=UTC)).notes[0]


def test_a_tier_has_its_own_price_or_none() -> None:
    batch = found("openai", "gpt-4o-mini", processing="batch")
    assert batch.cost_usd(Tokens(MILLION, MILLION), NOW) == Decimal("0.375")
    assert found("openai", "gpt-4o-mini", service_tier="default").notes == ()
    assert "auto" in found("openai", "gpt-4o-mini", service_tier="auto").notes[0]
    for kind, model, tier in (("openai", "gpt-4o-mini", "turbo"), ("groq", "llama-3.1-8b-instant", "flex")):
        with pytest.raises(NoPrice, match="service_tier"):
            found(kind, model, service_tier=tier)


def test_no_tier_of_the_list_has_the_usual_price_in_silence() -> None:
    """Of every model and tier: where the list changes only a part of the price, there is none."""
    from genai_prices.data_snapshot import get_snapshot

    seen = 0
    for provider in get_snapshot().providers:
        if provider.id not in ("openai", "anthropic", "google", "mistral"):
            continue
        for model in provider.models:
            for variant in model.price_variants or ():
                (name, value), *more = variant.when.items()
                if more or value == "default":
                    continue
                seen += 1
                try:
                    one = listed(provider.id, model.id, extra={name: value}, at=NOW)
                except NoPrice:
                    continue
                usual = listed(provider.id, model.id, extra={}, at=NOW)
                assert one.cost_usd(Tokens(9, 9), NOW) != usual.cost_usd(Tokens(9, 9), NOW), (model.id, name, value)
    assert seen > 100


def test_an_address_of_its_own_and_a_makers_price_are_told() -> None:
    assert "address of its own" in found("openai", "gpt-4o", base_url="http://127.0.0.1:1/v1").notes[0]
    assert found("openai", "gpt-4o", base_url="https://api.openai.com/v1").notes == ()
    assert "that of its maker" in found("azure-openai", "gpt-4o").notes[0]


@pytest.mark.parametrize(
    ("kind", "model"), [("google", "gemini-1.5-pro"), ("deepseek", "deepseek-chat"), ("perplexity", "sonar")]
)
@given(st.integers(0, 300_000), st.integers(0, 10_000), st.floats(0, 1), st.integers(0, 23))
def test_no_request_costs_more_than_the_most(
    kind: str, model: str, prompt: int, made: int, share: float, hour: int
) -> None:
    one, at = found(kind, model), NOW.replace(hour=hour)
    most = one.most_usd(Tokens(prompt, made), NOW)
    for asked in (prompt, int(prompt * share)):
        assert one.cost_usd(Tokens(asked, made, cached=int(asked * share)), at) <= most


def test_only_who_is_called_without_a_key_sends_no_bill() -> None:
    assert free_of_charge(ProviderSettings(type="ollama"))
    assert not free_of_charge(ProviderSettings(type="openai", api_key_env="OPENAI_API_KEY"))
    assert not free_of_charge(ProviderSettings(type="bedrock"))


def a_plan(*specs: str, max_cost: float | None = None, **settings: Any) -> FleetPlan:
    cases = [{"id": "short", "prompt": "Hi"}, {"id": "long", "prompt": "x" * 4000, "config": {"max_tokens": 1000}}]
    manifest = {
        "fleet_id": "f",
        "repositories": [{"id": "r", "name": "R", "dataset_path": "d"}],
        "providers": list(specs),
        "settings": {"max_tokens": 100, **settings, **({"max_cost": max_cost} if max_cost else {})},
    }
    own = {"own": {"type": "openai-compatible", "base_url": "http://x/v1", "api_key_env": "OWN", "price": PRICE}}
    keyed = {"keyed": {"type": "openai-compatible", "base_url": "http://x/v1", "api_key_env": "K"}}
    reading = read_fleet(manifest, {"d": {"name": "D", "version": "1", "test_cases": cases}}, own | keyed)
    assert reading.plan is not None, reading.problems
    return reading.plan


PRICE = {"input_mtok": "10", "output_mtok": "20"}


def test_a_fleets_cost_is_estimated_for_each_target_before_anything_is_sent() -> None:
    found = estimate(a_plan("openai:gpt-4o-mini", "own:m"), at=NOW)
    assert [one.requests for one in found.targets] == [2, 2]
    assert found.targets[1].completion_tokens == 1100
    assert found.targets[1].at_most_usd == pytest.approx((66 + 4064) * 10e-6 + 1100 * 20e-6)
    assert found.at_most_usd == pytest.approx(sum(one.at_most_usd or 0 for one in found.targets))
    assert (found.warnings, found.problems) == ([], [])


def test_an_unknown_price_is_null_and_warned_of_before_the_run() -> None:
    found = estimate(a_plan("ollama:llama3", "own:m"), at=NOW)
    assert (found.targets[0].at_most_usd, found.at_most_usd) == (None, None)
    assert "no price of llama3 is known" in found.warnings[0]
    assert found.problems == []


def test_a_budget_that_cannot_be_kept_or_pays_for_nothing_is_told_before_the_run() -> None:
    found = estimate(a_plan("keyed:m", "own:m", "ollama:llama3", max_cost=0.001), at=NOW)
    assert [words.partition(":")[0] for words in found.problems] == ["keyed", "own"]
    assert "max_cost cannot be kept" in found.problems[0]
    assert "may cost 0.00266 USD or more" in found.problems[1]
    some = estimate(a_plan("own:m", max_cost=0.01), at=NOW)
    assert (some.problems, "1 tests may cost more than max_cost" in some.warnings[0]) == ([], True)


def test_sums_are_those_of_the_package() -> None:
    """With tiers and caches: what is kept of its sums gives the same."""
    from genai_prices import Usage, calc_price
    from genai_prices.data_snapshot import get_snapshot

    seen = 0
    for provider in get_snapshot().providers:
        if provider.id not in PROVIDERS.values():
            continue
        kind = next(kind for kind, name in PROVIDERS.items() if name == provider.id)
        for model in provider.models[::9]:
            try:
                one = listed(kind, model.id, extra={}, at=NOW)
            except NoPrice:
                continue
            seen += 1
            for prompt in (90, 150_000, 700_000):
                usage = Usage(input_tokens=prompt, output_tokens=33, cache_read_tokens=40)
                theirs = calc_price(usage, model.id, provider_id=provider.id, genai_request_timestamp=NOW).total_price
                ours = one.cost_usd(Tokens(prompt, 33, cached=40), NOW)
                assert float(ours) == pytest.approx(float(theirs), rel=1e-12), (provider.id, model.id, prompt)
    assert seen > 40


def test_with_a_budget_every_answer_has_an_end_and_that_is_told() -> None:
    cases = [{"id": "a", "prompt": "Hi"}, {"id": "b", "prompt": "Hi", "config": {"max_tokens": 7}}]
    manifest = {
        "fleet_id": "f", "repositories": [{"id": "r", "name": "R", "dataset_path": "d"}], "providers": ["openai:gpt-4o"],
    }  # fmt: skip
    datasets = {"d": {"name": "D", "version": "1", "test_cases": cases}}
    found = {}
    for name, settings in {"none": {}, "budget": {"max_cost": 1}, "all": {"max_cost": 1, "max_tokens": 5}}.items():
        reading = read_fleet({**manifest, "settings": settings}, datasets)
        assert reading.plan is not None
        shard = reading.plan.shards[0]
        found[name] = ([test.parameters.max_tokens for test in shard.tests], len(reading.warnings), shard.max_cost)
    assert found == {"none": ([None, 7], 0, None), "budget": ([4096, 7], 1, Decimal(1)), "all": ([5, 7], 0, Decimal(1))}


def test_a_judge_that_nobody_knows_the_price_of_is_told_before_the_run() -> None:
    judge = {"target": "keyed:j", "rubric": "Is it kind?"}
    assert (
        "judge keyed:j: what it costs is not among these" in estimate(a_plan("own:m", judge=judge), at=NOW).warnings[0]
    )
    (problem,) = estimate(a_plan("own:m", judge=judge, max_cost=1), at=NOW).problems
    assert "no answer is judged" in problem
    assert estimate(a_plan("own:m", judge={**judge, "target": "own:j"}, max_cost=1), at=NOW).problems == []


@each_case(
    ("extra", "max_tokens", "most"),
    [
        ({}, 100, 100),
        ({"max_tokens": 32_000}, 100, 32_000),
        ({"max_output_tokens": 16}, 8_000, 8_000),  # a name that the provider may not know
        ({"n": 3}, 100, 300),
    ],
)
def test_the_longest_answers_count_whatever_name_the_provider_goes_by(
    extra: dict[str, Any], max_tokens: int, most: int
) -> None:
    assert most_made(Parameters(max_tokens=max_tokens, extra=extra)) == most


@each_case(
    ("extra", "field"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"n": 8.0}, "n"),
        ({"max_tokens": "32000"}, "max_tokens"),
        ({"model": "gpt-4o"}, "model"),
    ],
)
def test_with_a_budget_extra_says_nothing_that_makes_the_most_unknown(extra: dict[str, Any], field: str) -> None:
    manifest: dict[str, Any] = {
        "fleet_id": "f", "repositories": [{"id": "r", "name": "R", "dataset_path": "d"}], "providers": ["openai:gpt-4o-mini"],
        "settings": {"max_cost": 1, "extra": extra},
    }  # fmt: skip
    datasets = {"d": {"name": "D", "version": "1", "test_cases": [{"id": "a", "prompt": "Hi"}]}}
    reading = read_fleet(manifest, datasets)
    assert [problem.field for problem in reading.problems] == [f"settings.extra.{field}"]
    del manifest["settings"]["max_cost"]
    assert not read_fleet(manifest, datasets).problems
