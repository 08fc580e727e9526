"""The plan of a fleet is what is kept and sent: JSON, there and back."""

import pytest
from benchfleet_contract.fleets.plan import Load, Parameters, Price, ProviderSettings, Shard, Target, TestRequest
from pydantic import ValidationError

from tests.each_case import each_case


def _shard(**changed: object) -> Shard:
    target = Target(spec="ollama:llama2:13b", provider="ollama", model="llama2:13b", name="ollama_llama2_13b")
    provider = ProviderSettings(type="ollama", price=Price(input_mtok="0.15", output_mtok="0.60"))
    test = TestRequest(key="a#2", test_id="a", repeat=2, prompt="hi", parameters=Parameters(stop=["\n"]))
    known = {"number": 1, "repository_id": "repo-1", "repository_name": "Repository 1", "dataset_name": "d"}
    return Shard(**known, target=target, provider=provider, tests=[test], **changed)


def test_a_shard_is_the_same_after_json() -> None:
    shard = _shard(scenario="hard")
    assert Shard.model_validate_json(shard.model_dump_json()) == shard


@each_case(("scenario", "part"), [(None, "repo-1"), ("hard", "repo-1/hard")])
def test_the_part_names_a_scenario_where_there_is_one(scenario: str | None, part: str) -> None:
    assert _shard(scenario=scenario).part == part


@each_case("concurrency", [0, 101])
def test_a_concurrency_that_no_fleet_may_have_is_refused(concurrency: int) -> None:
    with pytest.raises(ValidationError, match="concurrency"):
        Load(concurrency=concurrency)
