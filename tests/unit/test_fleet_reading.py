"""Manifests, datasets and provider configs as files: found, read, and told of with file and line."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchfleet.fleet import ManifestError, ProviderConfigError
from benchfleet.fleet.reading import FleetInput, read_input
from benchfleet_contract.fleets.plan import Defaults

from tests.each_case import each_case

_DATASET = {"name": "d", "version": "1", "test_cases": [{"id": "a", "prompt": "p"}]}


def _read(folder: Path, manifest: str, **beside: Any) -> FleetInput:
    environ = {"XDG_CONFIG_HOME": str(folder / "none"), **beside.pop("environ", {})}
    return read_input(manifest, defaults=Defaults(), folder=folder, environ=environ, **beside)


def _simple(folder: Path, **changed: Any) -> str:
    repositories = [{"id": "r", "name": "R", "dataset_path": "./datasets/d.json"}]
    manifest = {"fleet_id": "f", "repositories": repositories, "providers": ["openai"]} | changed
    (folder / "datasets").mkdir(exist_ok=True)
    (folder / "datasets" / "d.json").write_text(json.dumps(_DATASET))
    (folder / "m.json").write_text(json.dumps(manifest))
    return "m.json"


_VERSIONED = """\
fleet_id: f
version: "1.0"
repositories:
  - repo_id: r
    path: {path}
    adapter: generic
    scenarios: [s]
    metadata:
      last_audit: 2025-12-31
providers: ["openai:gpt-4o"]
scenario_profiles:
  s: {{dataset: d}}
output: {{base_dir: ./out}}
"""


def test_a_yaml_manifest_keeps_dates_as_text(tmp_path: Path) -> None:
    _simple(tmp_path)
    (tmp_path / "m.yaml").write_text(_VERSIONED.format(path="."))
    plan = _read(tmp_path, "m.yaml").plan
    assert plan.shards[0].repository_metadata == {"last_audit": "2025-12-31"}
    assert plan.settings.output_base_dir == "./out"


def test_a_version_that_yaml_makes_a_number_is_refused_with_its_line(tmp_path: Path) -> None:
    _simple(tmp_path)
    (tmp_path / "m.yaml").write_text(_VERSIONED.format(path=".").replace('"1.0"', "1.0"))
    with pytest.raises(ManifestError, match=r'm\.yaml:2:10: version: must be the text 1\.0 .* write version: "1\.0"'):
        _read(tmp_path, "m.yaml")


def test_a_dataset_of_the_versioned_dialect_cannot_lead_out_of_the_roots(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    _simple(tmp_path)
    (inside / "m.yaml").write_text(_VERSIONED.format(path=".."))
    with pytest.raises(ManifestError, match=r"m\.yaml:12:\d+: scenario_profiles.s.dataset: there is no such dataset"):
        _read(inside, "m.yaml")


def test_datasets_are_found_beside_the_manifest_too(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    _simple(tmp_path / "sub")
    assert _read(tmp_path, "sub/m.json").plan.request_count == 1


def test_a_dataset_of_the_working_directory_wins_over_one_beside_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    _simple(tmp_path / "sub")
    _simple(tmp_path)
    dataset = tmp_path / "datasets" / "d.json"
    dataset.write_text(dataset.read_text().replace('"name": "', '"name": "here: '))
    assert _read(tmp_path, "sub/m.json").plan.shards[0].dataset_name.startswith("here: ")


def test_problems_of_manifest_and_dataset_are_told_together_with_their_files(tmp_path: Path) -> None:
    name = _simple(tmp_path, providers=["nobody"])
    broken = '{"name": "d", "version": "1",\n "test_cases": [{"id": "a b", "prompt": "{{x}}"}]}'
    (tmp_path / "datasets" / "d.json").write_text(broken)
    with pytest.raises(ManifestError) as found:
        _read(tmp_path, name)
    words = str(found.value)
    assert f"{tmp_path}/m.json:1:" in words
    assert f"{tmp_path}/datasets/d.json:2:24: test_cases[0].id: cannot be an id" in words
    assert "no value for x" in words
    assert {problem.field.rpartition(".")[2] for problem in found.value.problems} == {"providers[0]", "id", "prompt"}


def test_the_environment_wins_over_the_named_file_and_that_over_the_folders(tmp_path: Path) -> None:
    name = _simple(tmp_path, config={"config_path": "mine.toml"})
    (tmp_path / "fleet.toml").write_text('[providers.openai]\ndefault_model = "a"\nrate_limit_rpm = 9\n')
    (tmp_path / "mine.toml").write_text('[providers.openai]\ndefault_model = "b"\ntimeout_seconds = 7\n')
    environ = {"BENCHFLEET_FLEET_PROVIDERS__OPENAI__TIMEOUT_SECONDS": "8"}
    shard = _read(tmp_path, name, environ=environ, config_path="other.toml").plan.shards[0]
    assert (shard.target.model, shard.provider.timeout_s, shard.provider.rpm) == ("b", 8, 9)
    assert shard.provider.api_key_env == "OPENAI_API_KEY"


@each_case(
    ("text", "words"),
    [
        ('[providers.openai]\napi_key = "sk-1"', "no key may stand here"),
        ("[providers.openai]\ntimeout_seconds = 301", "timeout_seconds"),
        ("[providers.openai]\nmax_retries = 11", "max_retries"),
        ('[providers.mine]\nbase_url = "http://x"', "known type"),
        ("[providers", "not TOML"),
    ],
)
def test_a_provider_config_that_cannot_be_used(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ProviderConfigError, match=words) as found:
        _read(tmp_path, _simple(tmp_path), config_path="p.toml")
    assert "sk-1" not in str(found.value)


def test_a_budget_that_pays_for_no_test_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    manifest = _simple(tmp_path, settings={"max_cost": 0.0001, "max_tokens": 10})
    (tmp_path / "fleet.toml").write_text('[providers.openai.price]\ninput_mtok = "10"\noutput_mtok = "20"\n')
    with pytest.raises(
        ManifestError, match=r"m\.json:1:\d+: settings\.max_cost: openai: each test may cost 0\.00085 USD"
    ) as told:
        _read(tmp_path, manifest)
    assert "raise settings.max_cost" in str(told.value)
    assert _read(tmp_path, _simple(tmp_path, settings={"max_cost": 0.01, "max_tokens": 10})).plan.shards[0].max_cost
