"""Manifests in both dialects: what they come to, and everything that is wrong with them at once."""

from typing import Any

from benchfleet_contract.fleets.manifest import read_fleet, references
from benchfleet_contract.fleets.plan import Defaults, FleetPlan

from tests.each_case import each_case

_TESTS = [
    {"id": "add", "prompt": "Add {{a}}", "variables": {"a": "2"}, "config": {"temperature": 0.1, "model": "o1"}},
    {"id": "say", "prompt": "Say hi", "category": "basic"},
    {"id": "tell", "prompt": "Tell"},
]
_DATASET = {"name": "d", "version": "1.0.0", "defaults": {"temperature": 0.9, "max_tokens": 9}, "test_cases": _TESTS}


def _simple(**changed: Any) -> dict[str, Any]:
    repositories = [{"id": f"repo-{n}", "name": f"Repository {n}", "dataset_path": f"./{n}.json"} for n in (1, 2)]
    return {"fleet_id": "my-fleet", "repositories": repositories, "providers": ["openai", "anthropic:c"]} | changed


def _versioned(**changed: Any) -> dict[str, Any]:
    return {
        "fleet_id": "my-fleet",
        "version": "1.0",
        "repositories": [{"repo_id": "r", "adapter": "Native", "scenarios": ["easy", "hard"]}],
        "providers": ["ollama:llama2:13b"],
        "scenario_profiles": {
            "easy": {"dataset": "d", "num_examples": 2},
            "hard": {"dataset": "d", "concurrency": 7, "settings": {"temperature": 0.5, "top_k": 4}},
        },
        "output": {"base_dir": "./out", "save_responses": False},
    } | changed


def _plan(manifest: dict[str, Any], **beside: Any) -> FleetPlan:
    datasets = {reference: _DATASET for reference, _ in references(manifest)}
    reading = read_fleet(manifest, datasets, **beside)
    assert reading.problems == []
    assert reading.plan is not None
    return reading.plan


def _faults(manifest: Any, datasets: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    reading = read_fleet(manifest, datasets or {})
    assert reading.plan is None
    return [(fault.field, fault.message) for fault in reading.problems]


def test_the_simple_dialect_is_one_shard_for_each_repository_and_provider() -> None:
    plan = _plan(_simple())
    shards = [(shard.number, shard.part, shard.target.name) for shard in plan.shards]
    assert shards == [
        (1, "repo-1", "openai"), (2, "repo-1", "anthropic_c"), (3, "repo-2", "openai"), (4, "repo-2", "anthropic_c"),
    ]  # fmt: skip
    assert (plan.request_count, plan.dialect) == (12, "simple")


def test_the_model_is_all_that_follows_the_first_colon() -> None:
    target = _plan(_versioned()).targets[0]
    assert (target.provider, target.model, target.name) == ("ollama", "llama2:13b", "ollama_llama2_13b")


def test_the_manifest_wins_over_the_client_and_the_client_over_our_defaults() -> None:
    beside = {"defaults": Defaults(concurrency=8, request_delay_ms=5, continue_on_failure=False)}
    mine = _plan(_simple(config={"concurrency": 10}), **beside).shards[0]
    assert (mine.load.concurrency, mine.load.request_delay_ms, mine.continue_on_failure) == (10, 5, False)
    assert _plan(_simple(), **beside).shards[0].load.concurrency == 8
    theirs = _simple(config={"request_delay_ms": 0}, settings={"continue_on_failure": True, "save_responses": False})
    plan = _plan(theirs, **beside)
    shard = plan.shards[0]
    assert (shard.load.request_delay_ms, shard.continue_on_failure, shard.save_responses) == (0, True, False)
    assert (plan.settings.continue_on_failure, plan.settings.save_responses) == (True, False)


def test_a_tests_own_config_wins_over_the_scenario_and_that_over_the_dataset() -> None:
    easy, hard = _plan(_versioned()).shards
    assert [test.parameters.temperature for test in easy.tests] == [0.1, 0.9]
    assert [test.parameters.temperature for test in hard.tests] == [0.1, 0.5, 0.5]
    assert {test.parameters.max_tokens for test in hard.tests} == {9}
    assert hard.tests[0].parameters.extra == {"top_k": 4}
    assert hard.tests[0].model == "o1"
    assert hard.tests[0].prompt == "Add 2"


def test_a_profile_without_concurrency_has_the_clients() -> None:
    easy, hard = _plan(_versioned(), defaults=Defaults(concurrency=3)).shards
    assert (easy.load.concurrency, hard.load.concurrency) == (3, 7)
    assert not easy.save_responses


def test_the_settings_of_dialect_v_are_applied() -> None:
    theirs = {"random_seed": 4, "test_timeout_seconds": 7, "max_retries": 0, "continue_on_failure": False}
    shard = _plan(_versioned(global_settings=theirs)).shards[1]
    assert (shard.timeout_s, shard.max_retries, shard.continue_on_failure, shard.seed) == (7, 0, False, 4)


def test_a_seed_shuffles_alike_for_all_targets_and_examples_are_the_first_of_it() -> None:
    whole = _plan(_simple(settings={"random_seed": 2}))
    some = _plan(_simple(settings={"random_seed": 2, "num_examples": 2}))
    ids = [[test.test_id for test in shard.tests] for shard in whole.shards]
    assert ids == [["tell", "add", "say"]] * 4  # by sha256sum of 2:tell, 2:add, 2:say
    assert [[test.test_id for test in shard.tests] for shard in some.shards] == [ids[0][:2]] * 4


def test_repeats_have_keys_of_their_own() -> None:
    plan = _plan(_simple(settings={"repeats": 2}))
    assert [test.key for test in plan.shards[0].tests] == ["add#1", "say#1", "tell#1", "add#2", "say#2", "tell#2"]
    assert plan.request_count == 24


@each_case(
    ("changed", "field"),
    [
        ({"fleet_id": ""}, "fleet_id"),
        ({"fleet_id": "../x"}, "fleet_id"),
        ({"repositories": []}, "repositories"),
        ({"providers": []}, "providers"),
        ({"providers": ["nobody"]}, "providers[0]"),
        ({"providers": ["openai", "openai"]}, "providers[1]"),
        ({"providers": ["openai:"]}, "providers[0]"),
        ({"config": {"concurrency": 0}}, "config.concurrency"),
        ({"config": {"concurrency": 101}}, "config.concurrency"),
        ({"config": {"request_delay_ms": -1}}, "config.request_delay_ms"),
        ({"settings": {"load": {"mode": "open"}}}, "settings.load.rate"),
        ({"settings": {"repeats": True}}, "settings.repeats"),
        ({"settings": {"judge": {"target": "nobody:x"}}}, "settings.judge.target"),
    ],
)
def test_a_fault_of_the_simple_dialect_is_told_with_its_path(changed: dict[str, Any], field: str) -> None:
    manifest = _simple(**changed)
    found = _faults(manifest, {"./1.json": _DATASET, "./2.json": _DATASET})
    assert [where for where, _ in found] == [field]


@each_case(
    ("changed", "field", "words"),
    [
        ({"version": 1.0}, "version", "must be the text 1.0"),
        ({"version": "2.0"}, "version", "must be the text 1.0"),
        ({"providers": ["openai"]}, "providers[0]", "names no model"),
        ({"scenario_profiles": {"easy": {"dataset": "d"}}}, "repositories[0].scenarios[1]", "no profile"),
        ({"output": None}, "output", "must be an object"),
    ],
)
def test_a_fault_of_the_versioned_dialect_is_told_with_its_path(
    changed: dict[str, Any], field: str, words: str
) -> None:
    ((where, message),) = _faults(_versioned(**changed), {"r/d": _DATASET})
    assert where == field
    assert words in message


def test_everything_is_told_at_once() -> None:
    broken = {"name": "d", "version": 1, "test_cases": [{"id": "a/b", "prompt": ""}]}
    manifest = _versioned(version=1.0, output=None, providers=["nobody:x"], fleet_id="a b")
    found = [where for where, _ in _faults(manifest, {"r/d": broken})]
    assert set(found) == {
        "fleet_id", "version", "output", "providers[0]",
        'datasets["r/d"].version', 'datasets["r/d"].test_cases[0].prompt',
    }  # fmt: skip


def test_faults_of_a_dataset_beyond_its_shape() -> None:
    tests = [{"id": "a", "prompt": "{{x}} {{y}}"}, {"id": "a", "prompt": "p"}, {"id": "../b", "prompt": "p"}]
    found = dict(_faults(_simple(), {"./1.json": _DATASET | {"test_cases": tests}, "./2.json": _DATASET}))
    start = 'datasets["./1.json"].test_cases'
    assert found[f"{start}[0].prompt"] == "no value for x, y"
    assert "test_cases[0]" in found[f"{start}[1].id"]
    assert f"{start}[2].id" in found


def test_a_dataset_that_was_not_given_is_told_where_it_is_named() -> None:
    assert _faults(_simple(), {"./2.json": _DATASET})[0][0] == "repositories[0].dataset_path"


def test_a_number_where_text_is_expected_is_answered_with_its_quotes() -> None:
    repositories = [{"id": "r", "name": "n", "dataset_path": "./1.json", "metadata": {"priority": 1}}]
    (fault,) = read_fleet(_simple(repositories=repositories), {}).problems
    assert (fault.field, fault.remedy) == ("repositories[0].metadata.priority", 'quote it: "1"')


def test_an_unknown_name_is_a_warning_with_what_it_may_mean() -> None:
    reading = read_fleet(_simple(descripton="x"), {"./1.json": _DATASET, "./2.json": _DATASET})
    assert reading.plan is not None
    assert "descripton: unknown, and ignored; did you mean description?" in reading.warnings


@each_case("value", [None, [], "x", 5])
def test_what_is_no_object_is_no_manifest(value: Any) -> None:
    assert len(_faults(value)) == 1


def test_a_sweep_sends_all_tests_anew_at_each_load() -> None:
    plan = _plan(_simple(settings={"repeats": 2, "load": {"sweep": {"concurrencies": [1, 8]}}}))
    tests = plan.shards[0].tests
    assert [(test.key, test.step) for test in tests[::3]] == [("add#1", 0), ("add#2", 0), ("add#3", 1), ("add#4", 1)]
    assert plan.request_count == 2 * 2 * 12
    load = plan.shards[0].load
    assert [load.at(step).concurrency for step in (None, 0, 1)] == [5, 1, 8]


@each_case(
    ("load", "field"),
    [
        ({"sweep": {}}, "settings.load.sweep"),
        ({"sweep": {"rates": [1], "concurrencies": [1]}, "mode": "open"}, "settings.load.sweep"),
        ({"sweep": {"rates": [1, 2]}}, "settings.load.sweep.rates"),
        ({"sweep": {"rates": [1, 2, 1]}, "mode": "open"}, "settings.load.sweep.rates"),
        ({"sweep": {"rates": [1, 2]}, "mode": "open", "rate": 1}, "settings.load.rate"),
        ({"sweep": {"concurrencies": [1, 2]}, "mode": "open"}, "settings.load.sweep.concurrencies"),
        ({"sweep": {"concurrencies": [1, 2]}, "concurrency": 3}, "settings.load.concurrency"),
    ],
)
def test_a_sweep_that_cannot_be_sent_is_refused(load: dict[str, Any], field: str) -> None:
    found = _faults(_simple(settings={"load": load}), {"./1.json": _DATASET, "./2.json": _DATASET})
    assert field in [where for where, _ in found]
