"""Reading a `POST /runs` body: never an exception, and everything that is wrong at once."""

from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.run_instances import KNOWN, NO_INSTANCES
from benchfleet_contract.run_options import options_of, ruby_version_of
from benchfleet_contract.run_request import read_run_request
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.plan import plan_of
from tests.each_case import each_case

GOOD: dict[str, Any] = {
    "ruby_version": "3.4.7",
    "per_instance_type": {"tasks": 2},
    "local": [{"instance_type": "docker", "alias": "box"}],
}
numbers = st.integers() | st.floats()
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*sorted(KNOWN), "aws", "local", "mock", "tasks", "instance_type", "alias", "name", "argv"])
entries = st.dictionaries(st.sampled_from(["instance_type", "alias"]), json_values, max_size=2)
values = json_values | st.dictionaries(names, json_values, max_size=2) | st.lists(entries | json_values, max_size=3)
bodies = st.dictionaries(names | st.text(max_size=8), values, max_size=8)


@given(bodies, st.booleans())
def test_any_body_is_read_and_has_a_request_exactly_when_it_has_no_problems(body: dict[str, Any], good: bool) -> None:
    reading = read_run_request(GOOD | body if good else body)
    assert (reading.request is None) == bool(reading.problems)
    assert reading.words == [problem.message for problem in reading.problems]
    if reading.request:
        assert 1 <= plan_of(reading.request, seed="").task_count <= limits.MAX_TASKS


def test_a_plain_body_gets_the_defaults() -> None:
    request = read_run_request(GOOD).request
    assert request
    assert (request.workload, request.run_id, request.tasks_per_instance) == ("ruby-bench", None, 2)
    assert (request.lease_s, request.max_attempts, request.deadline_s) == (120, 1, 86_400)


def test_classic_providers_come_first_and_any_label_may_follow() -> None:
    body = {"box": [{"instance_type": "a"}], **GOOD, "aws": ["c8g.medium"]}
    request = read_run_request(body).request
    assert request
    assert [(i.provider, i.instance_type, i.alias) for i in request.instances] == [
        ("aws", "c8g.medium", "c8g.medium"),
        ("local", "docker", "box"),
        ("box", "a", None),
    ]


@each_case(
    ("change", "words"),
    [
        ({"ruby_version": None}, ["Ruby version can't be blank"]),
        (
            {"per_instance_type": {}},
            ["Tasks per instance type can't be blank", "Tasks per instance type is not a number"],
        ),
        ({"per_instance_type": {"tasks": "x"}}, ["Tasks per instance type is not a number"]),
        ({"per_instance_type": {"tasks": 0}}, ["Tasks per instance type must be greater than 0"]),
        ({"per_instance_type": {"tasks": 10**6}}, ["Run has too many tasks: 100001 of at most 100000"]),
        ({"run_id": ""}, ["External is invalid"]),
        ({"run_id": "a/b"}, ["External is invalid"]),
        ({"local": []}, [NO_INSTANCES]),
        ({"metadata": {"x": "y" * 20_000}}, ["Metadata is too large"]),
        ({"lease_s": 10**400}, ["Lease must be a whole number from 1 to 86400 seconds"]),
        ({"lease_s": 0.5}, ["Lease must be a whole number from 1 to 86400 seconds"]),
    ],
)
def test_the_words_of_each_problem(change: dict[str, Any], words: list[str]) -> None:
    assert read_run_request({**GOOD, **change}).words == words


SHAPE = "Provider must be a list of instances"
ENTRY = "Instance must be an object with an instance_type"


@each_case(
    ("change", "field", "value", "message", "remedy"),
    [
        ({"aws": {"instances": [{"instance_type": "a"}]}}, "aws", '{"instances": [{"instance_type": "a"}]}',
         f"{SHAPE} (aws)", 'into a list: "aws": [{"instance_type":'),
        ({"aws": "c8g"}, "aws", "c8g", f"{SHAPE} (aws)", '"aws": [{'),
        ({"azure": 3}, "azure", 3, f"{SHAPE} (azure)", '"azure": [{'),
        ({"local": False}, "local", False, f"{SHAPE} (local)", '"local": [{'),
        ({"aws": {}}, "aws", "{}", f"{SHAPE} (aws)", '"aws": [{'),
        ({"hetzner": {"instance_type": "cax11"}}, "hetzner", '{"instance_type": "cax11"}', f"{SHAPE} (hetzner)", "list"),
        ({"hetzner": ["cax11"]}, "hetzner[0]", "cax11", f"{ENTRY} (hetzner[0])", '{"instance_type": "cax11"}, or put'),
        ({"aws": [None]}, "aws[0]", None, f"{ENTRY} (aws[0])", "write {"),
        ({"aws": [["c8g"]]}, "aws[0]", '["c8g"]', f"{ENTRY} (aws[0])", "write {"),
        ({"aws": ["c8g", 12]}, "aws[1]", 12, f"{ENTRY} (aws[1])", "write {"),
        ({"box": [{"instance_type": "a"}, True]}, "box[1]", True, f"{ENTRY} (box[1])", "write {"),
        ({"per_instance_type": [1]}, "per_instance_type", "[1]", "Per instance type must be an object", '{"tasks": 3}'),
        ({"per_instance_type": 3}, "per_instance_type", 3, "Per instance type must be an object", '{"tasks": 3}'),
        ({"per_instance_type": "3"}, "per_instance_type", "3", "Per instance type must be an object", '{"tasks": 3}'),
        ({"aws": "x" * 9_000}, "aws", "x" * 200, f"{SHAPE} (aws)", '"aws": [{'),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_with_field_value_and_remedy(
    change: dict[str, Any], field: str, value: Any, message: str, remedy: str
) -> None:
    problem = next(found for found in read_run_request(GOOD | change).problems if found.message != NO_INSTANCES)
    assert (problem.field, problem.value, problem.message) == (field, value, message)
    assert remedy in problem.remedy


def test_a_plain_text_that_is_no_instance_type_is_told_once() -> None:
    assert read_run_request(GOOD | {"aws": ["\n"]}).words == ["Instance type is invalid (aws[0])"]


def test_a_bad_alias_is_told_beside_a_bad_instance_type() -> None:
    problems = read_run_request(GOOD | {"aws": [{"instance_type": 7, "alias": []}, "", {"alias": "\n"}]}).problems
    assert [(p.field, p.value) for p in problems] == [
        ("aws[0].instance_type", 7), ("aws[0].alias", "[]"), ("aws[1].instance_type", ""),
        ("aws[2].instance_type", None), ("aws[2].alias", "\n"),
    ]  # fmt: skip


def test_wrong_shapes_are_told_all_at_once_and_beside_the_rest() -> None:
    body = {"aws": {"instances": []}, "azure": "x", "hetzner": ["cax11"], "per_instance_type": [2], "lease_s": 0}
    fields = [problem.field for problem in read_run_request(GOOD | body).problems]
    assert fields == ["aws", "azure", "hetzner[0]", "per_instance_type", "lease_s"]


def test_what_may_be_no_provider_at_all_stays_a_warning() -> None:
    hint = "; a provider's list holds objects with an instance_type"
    odd: dict[str, Any] = {"aws": None, "a": [], "b": "c", "c": [1], "d": [None], "e": ["x", 1], "f": {"instances": []}}
    reading = read_run_request(GOOD | odd)
    assert reading.request
    assert reading.warnings == [
        "aws: null, read as no instances",
        *(f"{name}: unknown field, ignored" for name in "ab"),
        *(f"{name}: unknown field, ignored{hint}" for name in "cdef"),
    ]


def test_everything_wrong_is_told_at_once() -> None:
    body = {"per_instance_type": {"tasks": -1}, "local": [{"instance_type": ""}], "lease_s": 0, "run_id": "#"}
    fields = [problem.field for problem in read_run_request(body).problems]
    assert fields == ["local[0].instance_type", "ruby_version", "per_instance_type.tasks", "run_id", "lease_s"]


def test_every_unknown_field_is_warned_of() -> None:
    reading = read_run_request({**GOOD, "lease": 5, "mock": True})
    assert reading.request
    assert reading.warnings == ["lease: unknown field, ignored", "mock: unknown field, ignored"]


def test_a_type_that_no_key_could_hold_is_refused_before_anything_is_written() -> None:
    reading = read_run_request({**GOOD, "local": [{"instance_type": "\N{GRINNING FACE}" * 128}]})
    assert [problem.field for problem in reading.problems] == ["local[0].instance_type"]


def test_no_body_gets_an_answer_that_is_too_long_to_send() -> None:
    reading = read_run_request(GOOD | {"aws": [1] * 20_000, "lease_s": 0})
    assert len(reading.problems) == 1_001
    assert reading.words[-1] == "19001 more problems are not told"


COMMAND: dict[str, Any] = {
    "workload": "command",
    "per_instance_type": {"tasks": 3},
    "workload_options": {"argv": ["true"]},
    "local": ["box"],
}


def fields_of(body: dict[str, Any]) -> list[str]:
    return [problem.field for problem in read_run_request(body).problems]


def test_wrong_options_are_told_beside_everything_else_with_path_and_remedy() -> None:
    body = COMMAND | {"workload_options": {"argvv": ["true"], "repeats": "five"}, "lease_s": 0}
    assert [(found.field, found.remedy) for found in read_run_request(body).problems] == [
        ("workload_options.repeats", "leave it out for 1"),
        ("workload_options.argvv", "did you mean argv?"),
        ("workload_options.argv", 'such as ["python3", "-c", "pass"]'),
        ("lease_s", "leave it out for 120"),
    ]


def test_options_of_a_workload_that_is_not_known_pass_with_a_warning() -> None:
    reading = read_run_request(COMMAND | {"workload": "theirs", "workload_options": {"any": 1}})
    assert reading.request
    assert reading.request.workload_options == {"any": 1}
    assert [warning.partition(":")[0] for warning in reading.warnings] == ["workload"]


@each_case("options", [[], "x", {"argv": ["y" * 9_000]}])
def test_options_that_cannot_be_read_are_told_once(options: Any) -> None:
    assert fields_of(COMMAND | {"workload_options": options}) == ["workload_options"]


RUBIES = [
    {"name": "ruby-3.4", "ruby_version": "3.4.7", "image": "ruby:3.4.7"},
    {"name": "old+x", "ruby_version": "3.3"},
]
RUBY: dict[str, Any] = {"per_instance_type": {"tasks": 2}, "local": ["box"], "workload_options": {"once": True}}


def test_a_subject_has_a_name_an_image_and_options_of_its_own() -> None:
    request = read_run_request(RUBY | {"subjects": RUBIES, "order": "grouped"}).request
    assert request
    assert (request.ruby_version, request.order, request.shards) == (None, "grouped", 1)
    assert [(s.name, s.image, s.options) for s in request.subjects] == [
        ("ruby-3.4", "ruby:3.4.7", {"ruby_version": "3.4.7"}), ("old+x", None, {"ruby_version": "3.3"}),
    ]  # fmt: skip
    assert [options_of(request, subject) for subject in request.subjects] == [
        {"once": True, "ruby_version": "3.4.7"}, {"once": True, "ruby_version": "3.3"}
    ]  # fmt: skip


def test_a_run_without_subjects_is_as_it_was() -> None:
    nothings: list[dict[str, Any]] = [
        {},
        {"subjects": None},
        {"subjects": [], "order": None, "shards": None, "providers": None},
    ]
    for nothing in nothings:
        request = read_run_request(GOOD | nothing).request
        assert request
        assert (request.subjects, request.order, request.shards) == ([], "interleaved", 1)
        assert (request.workload_options, request.ruby_version) == ({}, "3.4.7")


def test_the_ruby_version_of_a_run_is_an_option_of_ruby_bench_alone() -> None:
    for body, options in ((GOOD, {"ruby_version": "3.4.7"}), (COMMAND | {"ruby_version": "3"}, {"argv": ["true"]})):
        request = read_run_request(body).request
        assert request
        assert options_of(request) == options
        assert ruby_version_of(request.workload, options_of(request), request.ruby_version) == request.ruby_version
    assert ruby_version_of("ruby-bench", {"ruby_version": "3.3"}, "3.4") == "3.3"
    assert ruby_version_of("theirs", {"ruby_version": "3.3"}, "3.4") == "3.4"


@each_case(
    ("change", "fields"),
    [
        ({"ruby_version": "3.4"}, []),
        ({}, ["ruby_version"]),
        ({"workload_options": {"ruby_version": "3.4"}}, []),
        ({"workload_options": {"ruby_version": "3.4"}, "ruby_version": "3.4"}, ["workload_options.ruby_version"]),
        ({"workload_options": {"ruby_version": None}}, ["ruby_version"]),
        ({"subjects": [{"name": "a", "ruby_version": "3.4"}]}, []),
        ({"subjects": [*RUBIES, {"name": "b"}]}, ["subjects[2].ruby_version"]),
        ({"subjects": [{"name": "b"}], "ruby_version": "3.4"}, []),
        ({"subjects": [*RUBIES, {"name": "b"}], "ruby_version": "3.4"}, []),
        ({"subjects": [{"name": "b", "ruby_version": 3.4}], "ruby_version": "3"}, ["subjects[0].ruby_version"]),
    ],
)
def test_ruby_bench_needs_a_ruby_version_for_every_task_said_once(change: dict[str, Any], fields: list[str]) -> None:
    assert fields_of(RUBY | change) == fields


@each_case(
    ("subjects", "fields"),
    [
        ({"name": "a"}, ["subjects"]),
        (3, ["subjects"]),
        (["a", None], ["subjects[0]", "subjects[1]"]),
        ([{}], ["subjects[0].name"]),
        ([{"name": "a"}, {"name": "b"}, {"name": "a"}], ["subjects[2].name"]),
        ([{"name": "a b"}, {"name": "x" * 65}, {"name": 7}], [f"subjects[{i}].name" for i in range(3)]),
        ([{"name": "a", "image": "-x"}, {"name": "b", "image": 3}], ["subjects[0].image", "subjects[1].image"]),
        ([{"name": "a", "image": None, "argvv": []}], ["subjects[0].argvv"]),
        ([{"name": "", "repeats": 0, "argv": []}], ["subjects[0].name", "subjects[0].repeats", "subjects[0].argv"]),
        ([{"name": "a", "argv": ["y" * 9_000]}], ["subjects[0]"]),
        ([{"name": f"s{i}"} for i in range(257)], ["subjects"]),
    ],
)
def test_everything_wrong_with_subjects_is_told_at_once(subjects: Any, fields: list[str]) -> None:
    assert sorted(fields_of(COMMAND | {"subjects": subjects})) == sorted(fields)


def test_what_a_workload_needs_may_stand_in_each_subject() -> None:
    two = [{"name": "a", "argv": ["a"]}, {"name": "b", "argv": ["b"]}]
    body = {key: value for key, value in COMMAND.items() if key != "workload_options"}
    assert fields_of(body | {"subjects": two}) == []
    assert fields_of(body | {"subjects": [*two, {"name": "c"}]}) == ["subjects[2].argv"]
    assert fields_of(body | {"subjects": two, "workload_options": {"warmup": -1}}) == ["workload_options.warmup"]


PYPERFORMANCE = COMMAND | {"workload": "pyperformance", "workload_options": {"benchmarks": ["a", "b", "c"]}}


@each_case(
    ("change", "words"),
    [
        ({"shards": 3}, []),
        ({"shards": "2"}, []),
        ({"shards": 4}, ["Shards cannot be made: benchmarks has 3 names, too few for 4 shards"]),
        ({"shards": 3, "subjects": [{"name": "x"}, {"name": "y", "benchmarks": ["a"]}]},
         ["Shards cannot be made: benchmarks has 1 name, too few for 3 shards (subjects[1])"]),
        ({"shards": 0}, ["Shards must be a whole number from 1 to 1000"]),
        ({"shards": {"of": 3}}, ["Shards must be a whole number from 1 to 1000"]),
        ({"order": "random"}, ["Order is invalid"]),
        ({"order": "abba"}, []),
        ({"order": ["grouped"]}, ["Order is invalid"]),
    ],
)  # fmt: skip
def test_shards_and_order(change: dict[str, Any], words: list[str]) -> None:
    assert read_run_request(PYPERFORMANCE | change).words == words


def test_subjects_and_shards_count_among_the_tasks_and_the_groups() -> None:
    two = [{"name": "a"}, {"name": "b"}]
    many = PYPERFORMANCE | {"per_instance_type": {"tasks": 20_000}, "subjects": two, "shards": 3}
    assert read_run_request(many).words == ["Run has too many tasks: 120000 of at most 100000"]
    types = COMMAND | {"local": [f"t{i}" for i in range(129)], "subjects": two}
    assert read_run_request(types).words == ["Run has too many instance types: 129 times 2 subjects of at most 256"]


def places(body: dict[str, Any]) -> list[tuple[str, str]]:
    request = read_run_request(body).request
    assert request
    return [(instance.provider, instance.instance_type) for instance in request.instances]


def test_a_noise_floor_measures_the_first_subject_again_under_a_second_name() -> None:
    request = read_run_request(RUBY | {"subjects": RUBIES, "noise_floor": True}).request
    assert request
    first, second, again = request.subjects
    assert (request.noise_floor, second.name, again.name) == (True, "old+x", "ruby-3.4+again")
    assert (again.image, again.options) == (first.image, first.options)


def test_a_noise_floor_of_work_without_subjects_measures_it_under_two_names() -> None:
    request = read_run_request(COMMAND | {"noise_floor": True}).request
    assert request
    assert [(s.name, s.options) for s in request.subjects] == [("command", {}), ("command+again", {})]


@each_case(
    ("change", "words"),
    [
        ({"noise_floor": False}, []), ({"noise_floor": None}, []),
        ({"noise_floor": "yes"}, ["Noise floor must be true or false"]),
        ({"noise_floor": 1}, ["Noise floor must be true or false"]),
        ({"noise_floor": True, "subjects": [{"name": "a" * 58}]}, []),
        ({"noise_floor": True, "subjects": [{"name": "a" * 59}]},
         ["The first subject's name is too long for a noise floor: " + "a" * 59]),
        ({"noise_floor": True, "subjects": [{"name": "a"}, {"name": "a+again"}]}, ["Subject name is taken: a+again"]),
    ],
)  # fmt: skip
def test_what_a_noise_floor_may_be(change: dict[str, Any], words: list[str]) -> None:
    assert read_run_request(COMMAND | change).words == words


def test_what_is_measured_twice_counts_twice() -> None:
    body = COMMAND | {"per_instance_type": {"tasks": limits.MAX_TASKS}, "noise_floor": True}
    assert read_run_request(body).words == [
        f"Run has too many tasks: {2 * limits.MAX_TASKS} of at most {limits.MAX_TASKS}"
    ]


LIST = [{"instance_type": "x"}]


def test_providers_may_stand_below_an_object_of_their_own() -> None:
    body = GOOD | {"providers": {"order": LIST, "aws": ["c8g"]}, "box": LIST}
    assert places(body) == [("aws", "c8g"), ("local", "docker"), ("box", "x"), ("order", "x")]


@each_case("name", ["subjects", "order", "shards", "noise_floor", "providers"])
def test_no_field_that_came_later_takes_a_provider_s_name_away(name: str) -> None:
    assert places(GOOD | {name: LIST}) == [("local", "docker"), (name, "x")]


def test_a_list_with_a_name_in_it_is_subjects() -> None:
    body = COMMAND | {"workload": "theirs", "subjects": [{"name": "a", "instance_type": "x"}]}
    assert places(body) == [("local", "box")]


@each_case(
    ("providers", "fields"),
    [
        ([], ["providers"]), ("aws", ["providers"]), ({"aws": None}, ["providers.aws"]), ({"a b": LIST}, ["providers.a b"]),
        ({"box": ["x", {}]}, ["providers.box[0]", "providers.box[1].instance_type"]),
        ({"local": LIST}, ["providers.local"]),
    ],
)  # fmt: skip
def test_wrong_providers_are_told_with_their_path(providers: Any, fields: list[str]) -> None:
    assert fields_of(GOOD | {"providers": providers}) == fields


def nested(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels - 1):
        found = [found]
    return found


@each_case(
    ("where", "body"),
    [
        ("metadata", lambda deep: {"metadata": {"a": deep}}),
        ("workload_options", lambda deep: {"workload_options": {"a": {"b": deep[0]}}}),
        ("subjects[0]", lambda deep: {"subjects": [{"name": "s", "a": deep}]}),
    ],
)
def test_what_is_nested_too_deeply_to_be_shown_is_refused(where: str, body: Any) -> None:
    good = GOOD | {"workload": "own"}
    assert not read_run_request(good | body(nested(limits.MAX_NESTING - 1))).problems
    for levels in (limits.MAX_NESTING, 900):
        assert [problem.field for problem in read_run_request(good | body(nested(levels))).problems] == [where]


@each_case(
    "options", [{"argv": ["a\0b"]}, {"argv": ["a"], "environment": {"A": "\0"}}]
    + [{"argv": ["a"], "environment": {name: "b"}} for name in ("", "A=B", "A\0")],
)  # fmt: skip
def test_a_command_that_no_machine_can_start_is_refused(options: dict[str, Any]) -> None:
    good = GOOD | {"workload": "command", "workload_options": {"argv": ["a", "b\n"], "environment": {"A": "=\n"}}}
    assert not read_run_request(good).problems
    assert read_run_request(good | {"workload_options": options}).problems
