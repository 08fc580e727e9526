"""The published schema of configs is current, and says what `load` does."""

import json
import re
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from benchfleet.config import RunConfig, fields, load
from benchfleet.config import provision as provisions
from benchfleet.config import schema as published
from benchfleet.exceptions import ConfigError
from benchfleet_contract import limits, provisioning
from benchfleet_contract.run_instances import CLASSIC_PROVIDERS
from benchfleet_contract.run_options import options_of
from benchfleet_contract.runs import Subject
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.each_case import each_case
from tests.unit.test_workload_docs import MODELS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted(path for path in (ROOT / "configs").iterdir() if path.suffix in (".json", ".yaml", ".yml"))
SCHEMA = json.loads(published.TARGET.read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
GOOD: dict[str, Any] = {
    "ruby_version": "3.4.7",
    "per_instance_type": {"tasks": 2},
    "local": [{"instance_type": "this-machine", "alias": "box"}],
}
Load = Callable[[Any], RunConfig | None]


@pytest.fixture(scope="module")
def load_json(tmp_path_factory: pytest.TempPathFactory) -> Load:
    """Loads a document as a file would be; None for one that is refused."""
    path = tmp_path_factory.mktemp("configs") / "config.json"

    def loaded(document: Any) -> RunConfig | None:
        path.write_text(json.dumps(document), encoding="utf-8")
        try:
            return load(path)
        except ConfigError:
            return None

    return loaded


def test_the_committed_schema_is_current() -> None:
    """`make schema` writes it."""
    assert published.TARGET.read_text(encoding="utf-8") == published.text()


def test_it_is_a_schema_and_its_examples_fit_it() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert [list(VALIDATOR.iter_errors(example)) for example in SCHEMA["examples"]] == [[]]


@each_case("path", CONFIGS)
def test_every_shipped_config_fits_the_schema_and_loads_without_a_warning(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert list(VALIDATOR.iter_errors(json.loads(text) if path.suffix == ".json" else yaml.safe_load(text))) == []
    assert load(path).warnings == ()


@each_case("path", CONFIGS)
def test_shipped_yaml_leads_editors_to_the_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    if path.suffix != ".json":
        assert (path.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve() == published.TARGET


@each_case("path", CONFIGS)
def test_shipped_configs_ask_for_options_that_exist(path: Path) -> None:
    request = load(path).request
    subjects: Sequence[Subject | None] = request.subjects or [None]
    for subject in subjects:
        MODELS[request.workload].model_validate(options_of(request, subject))


def test_the_page_tells_every_field_with_its_limits() -> None:
    page = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(?:…\.)?(.*?)` \|", page, re.MULTILINE))
    local = SCHEMA["properties"]["provision"]["anyOf"][0]["properties"]["local"]["properties"]
    per = {f"per_instance_type.{name}" for name in SCHEMA["properties"]["per_instance_type"]["properties"]}
    properties = SCHEMA["properties"].keys() - {"per_instance_type", *CLASSIC_PROVIDERS}
    named = (SCHEMA["$defs"][name]["properties"] for name in ("RunInstance", "NewProvision"))
    assert {*properties, *local, *per, *chain.from_iterable(named)} <= told
    options = (ROOT / "docs" / "workloads.md").read_text(encoding="utf-8")
    shown = re.sub(r"(?<=\d),(?=\d)", "", page + options)
    numbers = {int(found) for found in re.findall(r'"(?:maximum|maxLength|default)": (\d+)', published.text())}
    assert {number for number in numbers if not re.search(rf"\b{number}\b", shown)} == set()


# What may differ stands in the schema module: numbers as texts, parts of a task, numbers as run ids are not generated here.
texts = st.sampled_from(
    ["", "a", "3.4.7", "x" * 64, "x" * 65, "y" * 129, "a\n", "\t", "é", "-a", "a b", "ruby-bench", "mock", "c++"]
)
counts = st.sampled_from([-1, 0, 1, 2, 3, 100, 101, 1000, 1001, 86_400, 86_401, 10**7, 0.5, 1.0, True, 10**400])
junk: st.SearchStrategy[Any] = (
    texts | st.none() | st.booleans() | st.just([]) | st.just({}) | st.just([{}]) | st.just(["c8g"])
)
numbers: st.SearchStrategy[Any] = counts | st.none() | st.just([])
kinds = st.sampled_from(["a", "c8g.medium", "x" * 128])
entry = st.fixed_dictionaries({"instance_type": kinds}, optional={"alias": texts | st.none()})
odd_entry = st.fixed_dictionaries({}, optional={"instance_type": texts, "alias": texts, "arch": texts, "aliass": texts})
entries = st.lists(entry, max_size=2) | st.lists(entry | odd_entry | texts, max_size=2)
local = st.fixed_dictionaries(
    {},
    optional={
        "slots": numbers,
        "isolation": st.sampled_from(["best", "process", "docker", "vm", 1]),
        "image": texts | counts,
    },
)
cloud = st.fixed_dictionaries(
    {},
    optional={
        "provisioner": st.sampled_from(["aws-ec2", "aws-ecs", "local", None]),
        "regions": st.sampled_from([[], ["eu-north-1"], ["eu-north-1", "eu-north-1"], ["EU"], "eu-north-1", None]),
        "market": st.sampled_from(["spot", "on-demand", "free", None]),
        "slots": numbers | st.sampled_from(["core", "vcpu", "thread"]),
        "image": texts | st.none(),
        "disk_gb": numbers | st.sampled_from([7, 8, 16_384, 16_385]),
        "max_lifetime_s": numbers | st.sampled_from([299, 300, 2_592_000, 2_592_001]),
        "order": st.sampled_from(["as-listed", "cheapest-first", "random", None]),
        "region": texts,
    },
)
of_provider = st.sampled_from(["local", "aws", "hetzner"]).flatmap(
    lambda name: st.fixed_dictionaries({name: (local if name == "local" else cloud) | st.none()})
)
provision = of_provider | junk
costs: st.SearchStrategy[Any] = st.sampled_from([None, 0, 0.01, 5, -1, "5", True, 1_000_000, 1_000_001, 10**400])
whole_tasks = st.sampled_from([1, 2, 2.0, 0, -1, None])
per = st.fixed_dictionaries({"tasks": whole_tasks}, optional={"instances": numbers, "task": counts}) | junk
lists = st.lists(st.sampled_from(["a", "interp", "nbody", "-x", "A", "a,b", "a\n", 1]), max_size=2)
some_options = st.dictionaries(
    st.sampled_from(["argv", "steps", "variants", "benchmarks", "timeout_s", "ruby_version", "commit", "n"]),
    lists | texts | counts | st.none(),
    max_size=2,
)
subject = st.builds(
    lambda name, image, own: own | {"name": name} | image,
    texts,
    st.just({}) | texts.map(lambda image: {"image": image}),
    some_options,
)
# No lists: a provider may be called so, which the schema wants below `providers`.
targets: st.SearchStrategy[Any] = st.sampled_from(
    ["1%", "0.1%", "0.09%", "50.0 %", "50.1%", "01%", "1 %\n", "%", "", {}]
) | st.sampled_from([0.001, 0.0009, 0.5, 0.51, 0, 1, -1, True, None, 10**400])
budgets: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, 1, 9, 10, 12.0, 12.5, True, {}, 1000, 1001, 2_592_000, 2_592_001]
)
precision = {"target_precision": targets, "max_tasks": budgets, "max_time_s": budgets}
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    **precision,
    "workload": texts | st.none() | st.just(3) | st.sampled_from(["command", "pyperformance", "mock"]),
    "subjects": st.lists(subject, max_size=1) | junk,
    "order": st.sampled_from(["interleaved", "abba", "grouped", "random", None, 1]),
    "noise_floor": st.sampled_from([True, False, None, "yes", 1]),
    "shards": st.sampled_from([0, 1, None, "x"]),
    "providers": st.dictionaries(st.sampled_from(["hetzner", "order", "a b"]), entries, max_size=1) | junk,
    "ruby_version": junk,
    "workload_options": some_options | junk,
    "metadata": junk,
    "run_id": texts | st.none() | st.booleans(),
    "per_instance_type": per,
    "lease_s": numbers,
    "max_attempts": numbers,
    "deadline_s": numbers,
    "provision": provision,
    "max_cost": costs,
    "$schema": junk,
    "local": entries | junk,
    "aws": entries | junk,
    "hetzner": entries | junk,
    "a b": entries,
    "mock": entries | junk,
    "api_key": junk,
    "arch": entries,
    "lease": numbers,
}  # fmt: skip
changes = st.lists(st.sampled_from(sorted(FIELDS)), max_size=2, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: FIELDS[name] for name in names})
) | st.fixed_dictionaries({name: FIELDS[name] for name in ("workload", "workload_options", "subjects")})
# Fewer tasks than are done in any case are worth a warning, and a warning excuses the schema.
sequential = st.fixed_dictionaries(
    {"per_instance_type": st.just({"tasks": limits.MIN_SEQUENTIAL_TASKS})}, optional=precision
)


@given(changes | sequential, st.sets(st.sampled_from(sorted(GOOD)), max_size=1))
def test_schema_and_load_agree(load_json: Load, change: dict[str, Any], dropped: set[str]) -> None:
    config = {key: value for key, value in (GOOD | change).items() if key not in dropped - change.keys()}
    accepted, loaded = VALIDATOR.is_valid(config), load_json(config)
    if accepted:
        assert loaded, "the schema takes what cannot be run"
    elif loaded:
        assert loaded.warnings, "the schema refuses what runs without a warning"


Place = Callable[[Any], dict[str, Any]]
PER, LOCAL = {"tasks": 1}, {"instance_type": "a"}
MACHINES = {"aws": [{"instance_type": "c8g.medium"}]}
SPANS: list[tuple[Place, int, int]] = [
    (lambda count: {"lease_s": count}, limits.MIN_LEASE_S, limits.MAX_LEASE_S),
    (lambda count: {"max_attempts": count}, 1, limits.MAX_ATTEMPTS),
    (lambda count: {"deadline_s": count}, limits.MIN_DEADLINE_S, limits.MAX_DEADLINE_S),
    (
        lambda count: {"target_precision": "1%", "max_tasks": count},
        limits.MIN_SEQUENTIAL_TASKS,
        limits.MAX_SEQUENTIAL_TASKS,
    ),
    (
        lambda count: {"target_precision": 0.01, "max_tasks": 50, "max_time_s": count},
        limits.MIN_DEADLINE_S,
        limits.MAX_DEADLINE_S,
    ),
    (lambda count: {"per_instance_type": {"tasks": count}}, 1, limits.MAX_TASKS),
    (lambda count: {"per_instance_type": PER | {"instances": count}}, 1, fields.MAX_INSTANCES),
    (lambda count: {"provision": {"local": {"slots": count}}}, 1, provisions.MAX_SLOTS),
    (lambda count: MACHINES | {"provision": {"aws": {"slots": count}}}, 1, provisioning.MAX_SLOTS),
    (lambda count: MACHINES | {"provision": {"aws": {"disk_gb": count}}}, 8, 16_384),
    (lambda count: MACHINES | {"provision": {"aws": {"max_lifetime_s": count}}}, 300, 2_592_000),
    (lambda length: {"ruby_version": "x" * length}, 1, limits.MAX_LABEL_CHARS),
    (lambda length: {"workload": "x" * length}, 1, limits.MAX_LABEL_CHARS),
    (lambda length: {"run_id": "x" * length}, 1, 128),
    (lambda length: {"local": [{"instance_type": "x" * length}]}, 1, limits.MAX_TYPE_CHARS),
    (lambda length: {"local": [LOCAL | {"alias": "x" * length}]}, 1, limits.MAX_TYPE_CHARS),
    (lambda length: {"local": ["x" * length]}, 1, limits.MAX_TYPE_CHARS),
    (lambda length: {"x" * length: [LOCAL]}, 1, limits.MAX_LABEL_CHARS),
    (lambda length: {"provision": {"local": {"image": "x" * length}}}, 1, 255),
]


@each_case(("place", "least", "most"), SPANS)
def test_both_end_at_the_same_numbers(load_json: Load, place: Place, least: int, most: int) -> None:
    for value in (least, most):
        assert load_json(GOOD | place(value)), value
        assert VALIDATOR.is_valid(GOOD | place(value)), value
    for value in (least - 1, most + 1):
        if value >= 0:
            assert load_json(GOOD | place(value)) is None, value
            assert not VALIDATOR.is_valid(GOOD | place(value)), value


@each_case(
    ("change", "agree"),
    [
        ({"lease_s": "30"}, False),
        ({"run_id": 17}, False),
        ({"per_instance_type": {"tasks": 2.5}}, False),
        ({"lease_s": 30, "run_id": "17", "per_instance_type": {"tasks": 2, "instances": 3}}, True),
    ],
)
def test_what_only_the_api_is_lenient_about(load_json: Load, change: dict[str, Any], agree: bool) -> None:
    assert load_json(GOOD | change)
    assert VALIDATOR.is_valid(GOOD | change) == agree


@each_case(
    "change",
    [
        {"per_instance_type": {"tasks": limits.MAX_TASKS}, "aws": [{"instance_type": "a"}]},
        {"metadata": {"x": "y" * limits.MAX_METADATA_BYTES}},
        {"workload_options": {"path": "y" * limits.MAX_OPTIONS_BYTES}},
        {"subjects": [{"name": "a"}, {"name": "a"}]},
        {"shards": 2},
        {"local": [{"instance_type": "\N{GRINNING FACE}" * 128}]},
        {"local": [{"instance_type": f"t{i}"} for i in range(limits.MAX_GROUPS + 1)]},
        {
            "aws": [{"instance_type": name} for name in "ab"],
            "provision": {"aws": {}},
            "per_instance_type": {"tasks": 1, "instances": 501},
        },
    ],
)
def test_what_no_schema_can_say_is_refused_by_load(load_json: Load, change: dict[str, Any]) -> None:
    assert VALIDATOR.is_valid(GOOD | change)
    assert load_json(GOOD | change) is None
