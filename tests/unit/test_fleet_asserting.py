"""Assertions are looked at when a manifest is read: all that is wrong with them is told, with its path."""

from typing import Any

from benchfleet_contract.fleets.manifest import FleetReading, read_fleet

from tests.each_case import each_case

JUDGE = {"target": "openai:gpt-4o"}


def reading(
    test: list[Any] | None = None,
    *,
    dataset: list[Any] | None = None,
    manifest: list[Any] | None = None,
    **settings: Any,
) -> FleetReading:
    cases = [{"id": "a", "prompt": "Hi", "expected": "x", "assertions": test or []}, {"id": "b", "prompt": "Hi"}]
    document = {"name": "D", "version": "1", "test_cases": cases, "assertions": dataset or []}
    fleet = {
        "fleet_id": "f", "repositories": [{"id": "r", "name": "R", "dataset_path": "d"}], "providers": ["openai:gpt-4o"],
        "settings": {"assertions": manifest or [], **settings},
    }  # fmt: skip
    return read_fleet(fleet, {"d": document})


@each_case(
    ("assertion", "path", "words"),
    [
        ({"value": "x"}, "type", "is missing"),
        ({"type": "contians", "value": "x"}, "type", "is no type of assertions"),
        ({"type": "contains"}, "value", "required"),
        ({"type": "contains", "value": 4}, "value", "string"),
        ({"type": "contains", "value": "x", "weight": -1}, "weight", "greater than or equal"),
        ({"type": "contains", "value": "x", "wieght": 1}, "wieght", "not permitted"),
        ({"type": "not-regex", "value": "("}, "value", "is no regular expression"),
        ({"type": "regex", "value": "x" * 2001}, "value", "2000"),
        ({"type": "is-json", "value": {"type": "objekt"}}, "value.type", "not valid"),
        (
            {"type": "is-json", "value": {"properties": {"a": {"pattern": "("}}}},
            "value.properties.a.pattern",
            "no regular",
        ),
        ({"type": "is-json", "value": {"items": {"$ref": "http://x/y"}}}, "value.items.$ref", "nothing is fetched"),
        ({"type": "python", "value": "os.system"}, "value", "pattern"),
        ({"type": "llm-rubric", "value": "polite?"}, "", "none is named"),
        ({"type": "cost", "value": -1}, "value", "greater than or equal"),
        ({"type": "threshold", "value": 2}, "value", "less than or equal"),
    ],
)
def test_what_is_wrong_with_an_assertion_is_told_with_its_path(assertion: Any, path: str, words: str) -> None:
    (fault,) = reading([{"type": "contains", "value": "y"}, assertion]).problems
    place = 'datasets["d"].test_cases[0].assertions[1]'
    assert fault.field == (f"{place}.{path}" if path else place)
    assert words in fault.message
    assert fault.remedy


def test_all_problems_are_told_at_once_wherever_they_stand() -> None:
    wrong = {"type": "regex", "value": "["}
    found = reading([wrong, {"type": "nope"}], dataset=[wrong], manifest=[wrong, {"type": "llm-rubric"}]).problems
    assert [fault.field for fault in found] == [
        "settings.assertions[0].value",
        "settings.assertions[1]",
        'datasets["d"].assertions[0].value',
        'datasets["d"].test_cases[0].assertions[0].value',
        'datasets["d"].test_cases[0].assertions[1].type',
    ]


def test_a_type_that_is_nearly_one_is_suggested() -> None:
    assert reading([{"type": "icontain", "value": "x"}]).problems[0].remedy == "did you mean icontains?"


def test_what_meets_in_a_test_is_looked_at_together() -> None:
    threshold = {"type": "threshold", "value": 0.5}
    assert [fault.field for fault in reading([threshold], manifest=[threshold]).problems] == ["settings.assertions[0]"]
    (fault,) = reading(dataset=[{"type": "similarity"}]).problems
    assert (fault.field, fault.message) == ('datasets["d"].assertions[0]', "has nothing to compare with in test b")


def test_patterns_of_the_engine_that_runs_them_are_taken() -> None:
    assert reading([{"type": "regex", "value": r"\p{Lu}+(?<=\w++)"}]).problems == []


def test_a_judges_own_rubric_is_taken_where_an_assertion_has_none_and_for_every_other_test() -> None:
    found = reading([{"type": "not-llm-rubric", "weight": 2}], judge={**JUDGE, "rubric": "Is it kind?"})
    assert found.plan is not None
    assert [test.assertions for test in found.plan.shards[0].tests] == [
        [{"type": "not-llm-rubric", "weight": 2, "value": "Is it kind?"}],
        [{"type": "llm-rubric", "value": "Is it kind?"}],
    ]
    assert "has no rubric" in reading([{"type": "llm-rubric"}], judge=JUDGE).problems[0].message


def test_a_judge_with_nothing_to_judge_is_warned_of() -> None:
    assert any("nothing to judge" in warning for warning in reading(judge=JUDGE).warnings)


@each_case("load", [{"sweep": {"concurrencies": [1, 2]}}, {"limits": {"ttft_ms": 9}}, {"mode": "open", "rate": 1}])
def test_a_cache_is_refused_where_answers_are_timed_under_a_load(load: dict[str, Any]) -> None:
    (fault,) = reading(cache=True, load=load).problems
    assert (fault.field, fault.message) == ("settings.cache", "gives answers that nobody times")
    assert reading(cache=True).problems == []
