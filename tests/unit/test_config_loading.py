"""A config file becomes a run to make, or the list of everything that is wrong with it."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from benchfleet import exit_codes
from benchfleet.config import InvalidConfig, LocalProvision, load
from benchfleet.exceptions import ConfigError, UsageError
from benchfleet_contract.limits import MAX_BODY_BYTES
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

GOOD: dict[str, Any] = {
    "ruby_version": "3.4.7",
    "per_instance_type": {"tasks": 2, "instances": 3},
    "local": [{"instance_type": "docker", "alias": "box"}],
    "aws": [{"instance_type": "c8g.medium"}, "c7g.medium"],
    "hetzner": [{"instance_type": "cax11"}],
}


def written(folder: Path, text: str | bytes | dict[str, Any], name: str = "config.json") -> Path:
    path = folder / name
    data = json.dumps(text, indent=1) if isinstance(text, dict) else text
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def problems(folder: Path, text: str | bytes | dict[str, Any], name: str = "config.json") -> list[str]:
    """Its lines after the first, without the folder."""
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text, name))
    assert caught.value.exit_code == exit_codes.INVALID_CONFIG
    return str(caught.value).replace(f"{folder}/", "").splitlines()[1:]


def test_a_good_config(tmp_path: Path) -> None:
    sent: dict[str, Any] = {"provision": {"aws": {"regions": ["eu-west-1"]}}, "max_cost": 5}
    provision = {"local": {"slots": 2}} | sent["provision"]
    path = written(tmp_path, GOOD | sent | {"$schema": "./x.json", "provision": provision})
    config = load(path)
    assert config.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (config.path, config.body, config.instances, config.warnings) == (path, GOOD | sent, 3, ())
    assert config.providers == ("aws", "local", "hetzner")
    assert len(config.request.instances) * config.request.tasks_per_instance == 8
    assert config.provision.local == LocalProvision("best", 2, "benchfleet-runner:latest")
    assert config.provision.others == sent["provision"]
    assert (config.request.provision["aws"].provisioner, config.request.instances_each) == ("aws-ec2", 3)


def test_yaml_and_json_mean_the_same_and_differ_in_their_hash(tmp_path: Path) -> None:
    text = "ruby_version: '3.4.7'\nper_instance_type: {tasks: 2}\nlocal:\n- instance_type: a\n"
    one, other = load(written(tmp_path, text, "c.yaml")), load(written(tmp_path, text + "# more\n", "d.yml"))
    same = load(written(tmp_path, one.body))
    assert one.body == other.body == same.body
    assert len({one.sha256, other.sha256, same.sha256}) == 3
    assert (one.instances, one.provision.local) == (1, LocalProvision())


BAD = """\
# a config
ruby_version: 3.10
per_instance_type: {tasks: 0, instances: many, insts: 2}
api_key: sekrit
mock: true
leas_s: 12
lease_s: 1e9
local:
  - instance_type: 12
    arch: arm
  - alias: box
aws: {instances: [x]}
hetzner: [cax11]
provision:
  local: {isolation: vm, slot: 3, image: -rf}
  gcp: 1
"""


def test_everything_that_is_wrong_is_told_at_once_with_its_place_and_the_remedy(tmp_path: Path) -> None:
    lines = problems(tmp_path, BAD, "c.yaml")
    found = [line for line in lines if "ignored" not in line]
    assert [line.split(": ")[:2] for line in found] == [
        ["c.yaml:2:15", "ruby_version"],
        ["c.yaml:3:28", "per_instance_type.tasks"],
        ["c.yaml:3:42", "per_instance_type.instances"],
        ["c.yaml:4:1", "api_key"],
        ["c.yaml:7:10", "lease_s"],
        ["c.yaml:9:20", "local[0].instance_type"],
        ["c.yaml:11:5", "local[1].instance_type"],
        ["c.yaml:12:6", "aws"],
        ["c.yaml:13:11", "hetzner[0]"],
        ["c.yaml:15:22", "provision.local.isolation"],
        ["c.yaml:15:42", "provision.local.image"],
        ["c.yaml:16:8", "provision.gcp"],
    ]
    assert found[0].endswith('(found 3.10); quote it: "3.10"')
    assert found[5].endswith('(found 12); quote it: "12"')
    assert "`benchfleet login`" in found[3]
    assert "sekrit" not in "".join(lines)


def test_what_may_be_a_slip_is_told_beside_the_problems(tmp_path: Path) -> None:
    lines = [line for line in problems(tmp_path, BAD, "c.yaml") if "ignored" in line]
    assert lines == [
        "c.yaml:3:48: warning: per_instance_type.insts: unknown field, ignored; did you mean instances?",
        'c.yaml:5:1: warning: mock: ignored: "workload": "mock" runs without measuring anything',
        "c.yaml:6:1: warning: leas_s: unknown field, ignored; did you mean lease_s?",
        "c.yaml:10:5: warning: local[0].arch: ignored: the instance type says it, and each result tells what it ran on",
        "c.yaml:15:26: warning: provision.local.slot: unknown field, ignored; did you mean slots?",
        "c.yaml:16:8: warning: provision.gcp: ignored: the run has no instances of gcp",
    ]


def test_the_errors_problems_are_for_programs(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig) as caught:
        load(written(tmp_path, GOOD | {"lease_s": 0, "max_attempts": "x"}))
    assert [(found.field, found.value) for found in caught.value.problems] == [
        ("lease_s", "0"),
        ("max_attempts", '"x"'),
    ]


@each_case("name", ["local_orchestrator", "skip_infra", "mock", "debug", "arch", "leese_s", "$comment"])
def test_what_is_ignored_is_neither_sent_nor_silent(tmp_path: Path, name: str) -> None:
    config = load(written(tmp_path, GOOD | {name: True}))
    assert config.body == GOOD
    assert len(config.warnings) == 1
    assert f": {name}: " in config.warnings[0]


@each_case("name", ["api_key", "apiKey", "api-key"])
def test_a_key_is_refused_and_not_repeated(tmp_path: Path, name: str) -> None:
    (line,) = problems(tmp_path, GOOD | {name: "sekrit"})
    assert f": {name}: keys do not belong in configs" in line
    assert "sekrit" not in line


@each_case("value", [0, -1, 1.5, "2", True, [], None, 1001])
def test_instances_is_a_positive_whole_number(tmp_path: Path, value: Any) -> None:
    (line,) = problems(tmp_path, GOOD | {"per_instance_type": {"tasks": 1, "instances": value}})
    assert "config.json:5:16: per_instance_type.instances: must be a whole number from 1 to 1000" in line


@each_case(
    ("value", "field"),
    [
        ([], "provision"),
        ({"local": []}, "provision.local"),
        ({"local": {"slots": 0}}, "provision.local.slots"),
        ({"local": {"isolation": []}}, "provision.local.isolation"),
        ({"local": {"image": ""}}, "provision.local.image"),
        ({"aws": []}, "provision.aws"),
        ({"hetzner": {}}, "provision.hetzner.provisioner"),
    ],
)
def test_provision_is_checked(tmp_path: Path, value: Any, field: str) -> None:
    (line,) = problems(tmp_path, GOOD | {"provision": value})
    assert f": {field}: " in line


def test_only_keeps_the_named_providers(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD))
    chosen = config.only(["local", "hetzner"])
    assert chosen.providers == ("local", "hetzner")
    assert chosen.body == {key: value for key, value in GOOD.items() if key != "aws"}
    assert len(chosen.request.instances) * chosen.request.tasks_per_instance == 4
    assert (chosen.sha256, chosen.instances) == (config.sha256, 3)
    assert config.body == GOOD


@each_case(("wanted", "words"), [(["gcp", "local"], "no provider gcp in"), ([], "no provider chosen in")])
def test_a_provider_that_is_not_there_is_refused_with_those_that_are(
    tmp_path: Path, wanted: list[str], words: str
) -> None:
    with pytest.raises(UsageError, match=rf"{words} .*config\.json; it has aws, local, hetzner"):
        load(written(tmp_path, GOOD)).only(wanted)


@each_case(
    ("text", "words"),
    [
        ("[]", ":1:1: a config must be an object"),
        ("3", ":1:1: a config must be an object"),
        ('{"ruby_version": "3",\n"ruby_version": "4"}', ":2:1: ruby_version: this key is there twice, first in line 1"),
        ('{"a": 1e999}', ":1:7: a: the number is too large"),
        ('{"a": {"b": "\\ud800"}}', ":1:13: a.b: the text holds half a surrogate pair"),
        ('{"\\ud800": 1}', ":1:12: ?: the text holds half a surrogate pair"),
        ('{"ruby_version": "3",}', ":1:22: not JSON"),
    ],
)
def test_what_is_no_config_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    assert any(line.startswith(f"config.json{words}") for line in problems(tmp_path, text))


def refusal(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_what_is_no_readable_file_is_told_in_a_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "folder.yaml").mkdir()
    assert "No such file" in refusal(tmp_path / "missing.json")
    assert "not a regular file" in refusal(tmp_path / "folder.yaml")
    assert "not a regular file" in refusal(tmp_path / "pipe.json")
    assert "ends in .json, .yaml, .yml" in refusal(written(tmp_path, "{}", "config.toml"))
    assert "binary" in refusal(written(tmp_path, b"\x7fELF\x00\x01"))
    assert "config.json:2: not UTF-8" in refusal(written(tmp_path, b'{\n"a": "\xff"}'))
    assert "cannot read" in refusal(tmp_path / f"{'x' * 300}.json")
    assert "no file can have the name" in refusal(tmp_path / "a\0b.json")


def test_a_file_is_read_up_to_the_apis_own_limit(tmp_path: Path) -> None:
    text = json.dumps(GOOD)
    assert load(written(tmp_path, text + " " * (MAX_BODY_BYTES - len(text)))).body == GOOD
    assert "too large" in refusal(written(tmp_path, text + " " * (MAX_BODY_BYTES - len(text) + 1)))


def test_a_byte_order_mark_and_tabs_are_no_problem(tmp_path: Path) -> None:
    assert load(written(tmp_path, "\N{ZERO WIDTH NO-BREAK SPACE}" + json.dumps(GOOD, indent="\t"))).body == GOOD


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([*GOOD, "provision", "lease_s", "metadata", "mock", "api_key", "azure"]) | st.text(max_size=6)


@given(change=st.dictionaries(names, json_values, max_size=4))
def test_any_document_is_loaded_or_refused_with_places(
    tmp_path_factory: pytest.TempPathFactory, change: dict[str, Any]
) -> None:
    path = written(tmp_path_factory.getbasetemp(), json.dumps(GOOD | change, indent=1), "any.json")
    refused = None
    try:
        assert load(path).request.instances
    except InvalidConfig as error:
        refused = error
    if refused:
        lines = path.read_text(encoding="utf-8").splitlines()
        assert all(found.remedy and 1 <= found.mark.line <= len(lines) for found in refused.findings)


def test_garbage_does_not_fill_the_screen(tmp_path: Path) -> None:
    text = '{"a": 1, %s "b": 2}' % ('"a": 1,' * 1_000)
    told = problems(tmp_path, text)
    assert told[50].startswith("… and 9")
    assert [line.split(": ")[1:3] for line in told[51:]] == [["warning", "a"], ["warning", "b"]]


def test_names_do_not_steer_the_terminal(tmp_path: Path) -> None:
    told = problems(tmp_path, {"\x1b[31mred\nline": 1})
    assert any(line.endswith("redline: unknown field, ignored") or "red line: unknown" in line for line in told)
    assert "\x1b" not in "".join(told)


OPTIONS = """\
workload: pyperformance
workload_options:
  benchmarks: [nbody, 2]
  version: 1.14
  efort: fast
subjects:
  - {name: a, effort: quick}
  - {name: 3.4}
per_instance_type: {tasks: 1}
local: [box]
"""


def test_options_are_checked_with_file_and_line_and_what_was_probably_meant(tmp_path: Path) -> None:
    told = problems(tmp_path, OPTIONS, "c.yaml")
    assert [line.split("; ")[0] + "; " + line.split("; ")[-1] for line in told] == [
        "c.yaml:3:23: workload_options.benchmarks[1]: Option benchmarks must be a valid string "
        '(workload_options.benchmarks[1]) (found 2); quote it: "2"',
        "c.yaml:4:12: workload_options.version: Option version must be a valid string (workload_options.version) "
        '(found 1.14); quote it: "1.14"',
        "c.yaml:5:10: workload_options.efort: Option efort is unknown (workload_options.efort) "
        '(found "fast"); did you mean effort?',
        "c.yaml:7:23: subjects[0].effort: Option effort must be 'single', 'fast', 'normal' or 'rigorous' "
        '(subjects[0].effort) (found "quick"); leave it out for "normal"',
        'c.yaml:8:12: subjects[1].name: Subject name is invalid (subjects[1].name) (found 3.4); quote it: "3.4"',
    ]


def test_options_of_another_workload_pass_with_a_warning(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD | {"workload": "theirs", "workload_options": {"any": 1}}))
    assert config.body["workload_options"] == {"any": 1}
    assert len(config.warnings) == 1


def test_subjects_order_shards_and_providers_are_sent(tmp_path: Path) -> None:
    more: dict[str, Any] = {
        "subjects": [{"name": "a"}, {"name": "b", "once": True}], "order": "grouped", "shards": 1,
        "providers": {"order": [{"instance_type": "x", "arch": "arm64"}]},
        "provision": {"order": {"provisioner": "aws-ecs"}},
    }  # fmt: skip
    config = load(written(tmp_path, GOOD | more))
    assert config.body == GOOD | more
    assert config.providers == ("aws", "local", "hetzner", "order")
    assert ["providers.order[0].arch: ignored" in warning for warning in config.warnings] == [True]
    kept = config.only(["order"])
    assert ({*GOOD, *more} - {*kept.body}, kept.providers) == ({"local", "aws", "hetzner"}, ("order",))
    alone = config.only(["aws"])
    assert (alone.body["providers"], alone.body["provision"], alone.request.provision) == ({}, {}, {})


def test_runners_of_this_machine_are_nothing_that_the_api_is_told_of(tmp_path: Path) -> None:
    config = load(written(tmp_path, GOOD | {"provision": {"local": {"slots": 2}}}))
    assert (config.body, config.warnings) == (GOOD, ())
