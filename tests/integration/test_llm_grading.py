"""Grades by patterns, functions and models: made after the answers, kept one by one, paid once, and told where they fail."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from benchfleet.fleet.scorers import run_python
from benchfleet_contract.fleets.outcomes import Outcome, best
from benchfleet_contract.fleets.plan import ProviderSettings, Shard, Target
from benchfleet_contract.fleets.results import BenchmarkResults, Score, TestResult
from benchfleet_contract.fleets.settings import Judge

from runner_image.errors import TaskError
from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.llm.custom import CustomAsk, custom_grades
from tests.integration.fleet_shards import PRICE, FakeControlPlane, executed, shard
from tests.providers import Behaviour, Providers, Rule, serving

JUDGE = Target(spec="judge:j", provider="judge", model="j", name="judge_j")
RUBRIC = {"type": "llm-rubric", "value": "Is it kind?"}
KIND = Behaviour(pieces=('Sure! {"score": 0.8,', ' "reason": "kind enough"}'), completion_tokens=20)


def asserted(url: str, prompts: Sequence[str], *assertions: dict[str, Any], **changes: Any) -> Shard:
    made = shard(url, prompts, provider={"price": PRICE}, **changes)
    settings = ProviderSettings(type="openai-compatible", base_url=f"{url}/v1", price=PRICE, api_key_env="JUDGE_KEY")
    judge = Judge(target=JUDGE.spec).model_dump()
    tests = [test.model_copy(update={"assertions": list(assertions)}) for test in made.tests]
    return made.model_copy(update={"tests": tests, "judge": judge, "judge_target": JUDGE, "judge_provider": settings})


def worked(control: FakeControlPlane, folder: Path, **more: Any) -> list[TestResult]:
    executed(control, folder, environment={"JUDGE_KEY": "key"}, **more)
    return BenchmarkResults.model_validate_json((folder / "shard.json").read_bytes()).results


def only(result: TestResult) -> Score:
    assert result.scores
    (score,) = result.scores
    return score


def test_a_judge_grades_with_money_of_its_own_and_after_the_answers(tmp_path: Path) -> None:
    with serving(Providers(Behaviour(tokens=3), rules=[Rule(KIND, model="j")])) as providers:
        control = FakeControlPlane(asserted(providers.url, ["a", "b"], RUBRIC, RUBRIC), budget_usd=10.0)
        results = worked(control, tmp_path)
    assert results[0].scores
    score, same = results[0].scores
    assert score == same
    assert (score.score, score.passed, score.reason, score.tokens) == (0.8, True, "kind enough", 27)
    assert results[0].cost_usd == pytest.approx(0.013)
    assert score.cost_usd == pytest.approx(0.047)
    summary = BenchmarkResults.model_validate_json((tmp_path / "shard.json").read_bytes()).summary
    assert summary.judging
    assert summary.total_cost == pytest.approx(0.026)
    assert summary.judging.cost_usd == pytest.approx(0.094)
    assert (summary.judging.answers, summary.judging.failed, summary.judging.tokens) == (
        2,
        0,
        54,
    )  # the same question is asked once
    assert [asked.model for asked in providers.asked] == ["m", "m", "j", "j"]
    told = json.loads(providers.asked[2].prompt)
    assert (told["question"], told["answer"], told["rubric"]) in [(p, " w0 w1 w2", "Is it kind?") for p in "ab"]
    assert control.spent_usd == pytest.approx(2 * (0.013 + 0.047))
    assert [one.target for one in control.asked if one.want] == ["loop:m", "judge:j"]
    sequences = [one.sequence for one in control.asked]
    assert sequences == list(
        range(1, len(sequences) + 1)
    )  # the control plane takes a repeated one for the same request


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (Behaviour(pieces=("I like it.",)), "no score from 0 to 1"),
        (Behaviour(pieces=('{"score": 8}',)), "no score from 0 to 1"),
        (Behaviour(pieces=('{"score": true}',)), "no score from 0 to 1"),
        (Behaviour(status=400, message="what?"), "did not answer: invalid_request"),
    ],
)
def test_a_judge_that_says_nothing_of_use_is_told_and_is_no_zero(
    tmp_path: Path, behaviour: Behaviour, words: str
) -> None:
    with serving(Providers(rules=[Rule(behaviour, model="j")])) as providers:
        (result,) = worked(FakeControlPlane(asserted(providers.url, ["a"], RUBRIC)), tmp_path)
    assert (result.passed, result.score, only(result).score) == (None, None, None)
    assert words in (only(result).error or "")


def test_a_judge_that_there_is_no_money_for_leaves_answers_that_are_neither_right_nor_wrong(tmp_path: Path) -> None:
    with serving(Providers(Behaviour(tokens=3), rules=[Rule(KIND, model="j")])) as providers:
        control = FakeControlPlane(asserted(providers.url, ["a"], RUBRIC), budget_usd=0.2)
        (result,) = worked(control, tmp_path)
    assert (result.status, result.passed, only(result).error) == (
        "success", None, "not judged: the run could go beyond max_cost",
    )  # fmt: skip
    assert [asked.model for asked in providers.asked] == ["m"]


def test_a_judge_without_its_key_ends_the_task_before_anything_is_paid(tmp_path: Path) -> None:
    with serving() as providers, pytest.raises(TaskError, match="JUDGE_KEY"):
        executed(FakeControlPlane(asserted(providers.url, ["a"], RUBRIC)), tmp_path)
    assert providers.asked == []


def test_a_shard_that_is_taken_up_again_pays_for_no_grade_twice(tmp_path: Path) -> None:
    """The journal of an attempt that died after one grade of two; a call that failed is wrong without one."""
    with serving(
        Providers(Behaviour(tokens=3), rules=[Rule(Behaviour(status=400), prompt="bad"), Rule(KIND, model="j")])
    ) as providers:
        control = FakeControlPlane(asserted(providers.url, ["a", "b", "bad"], RUBRIC, {"type": "regex", "value": "w1"}))
        first, second = (tmp_path / str(number) for number in (1, 2))
        first.mkdir()
        second.mkdir()
        before = worked(control, first)
        grades = [one for one in control.kept if one.grading]
        lost = next(one for one in grades if any(grade.tokens for grade in one.grades.values()))
        control.kept.remove(lost)
        after = worked(control, second, attempt=2)
    assert [asked.model for asked in providers.asked] == ["m", "m", "m", "j", "j", "j"]
    assert [(one.passed, one.score) for one in before] == [(one.passed, one.score) for one in after]
    assert [(one.passed, one.score) for one in after] == [
        (True, pytest.approx(0.9)),
        (True, pytest.approx(0.9)),
        (False, 0.0),
    ]
    assert len(best(control.kept)) == 3


def test_patterns_and_schemas_are_graded_here_and_kept_for_who_has_not_the_packages(tmp_path: Path) -> None:
    with serving(Providers(Behaviour(pieces=('{"n": 1}',)))) as providers:
        schema = {"type": "is-json", "value": {"required": ["n"]}}
        work = asserted(providers.url, ["a"], {"type": "not-regex", "value": r"\d"}, schema)
        control = FakeControlPlane(work)
        (result,) = worked(control, tmp_path)
    assert [(one.type, one.passed) for one in result.scores or ()] == [("not-regex", False), ("is-json", True)]
    kept: Outcome = best(control.kept)["t1"]
    assert sorted(grade.score or 0.0 for grade in kept.grades.values()) == [1.0, 1.0]


SCORERS = """
import os, sys, time

def right(answer, test):
    return {"score": 0.75, "reason": f"{test['prompt']}: {answer}"}

def asks(answer, test):
    return answer == "yes"

def breaks(answer, test):
    raise KeyError("oops")

def ends(answer, test):
    print("last words"); sys.stdout.flush(); os._exit(3)

def hangs(answer, test):
    time.sleep(60)

def keys(answer, test):
    return "OPENAI_API_KEY" not in os.environ

def odd(answer, test):
    return "fine"
"""


def test_functions_of_the_users_run_in_the_slot_and_their_failures_are_errors_of_their_scores(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "mine.py").write_text(SCORERS)
    names = ["right", "asks", "breaks", "ends", "hangs", "odd", "missing", "right"]
    asked = [CustomAsk(f"mine:{name}", "yes", {"prompt": "Hi"}) for name in names]
    isolation = ProcessIsolation({"PYTHONPATH": str(tmp_path / "code"), "PATH": "/usr/bin:/bin"})
    with isolation.open(tmp_path, stop=Stop()) as slot:
        grades = custom_grades(slot, tmp_path, asked, each_s=1.0)
    assert [grade.score for grade in grades] == [0.75, 1.0, None, None, None, None, None, 0.75]
    assert grades[0].reason == "Hi: yes"
    errors = [grade.error or "" for grade in grades]
    wanted = [
        "",
        "",
        "KeyError: 'oops'",
        "exit code 3: last words",
        "took more than 1 s",
        "a number from 0 to 1",
        "missing",
        "",
    ]
    assert all(words in error for words, error in zip(wanted, errors, strict=True)), errors


def test_a_function_decides_in_a_shard(tmp_path: Path) -> None:
    """Where no such module is, the score says so; the answer is neither right nor wrong."""
    with serving() as providers:
        work = asserted(providers.url, ["a"], {"type": "python", "value": "no_such_module:check"})
        (result,) = worked(FakeControlPlane(work), tmp_path)
    assert result.passed is None
    assert "No module named 'no_such_module'" in (only(result).error or "")


def test_saved_answers_are_scored_again_by_a_function_on_this_computer(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SCORERS)
    environ = {"PYTHONPATH": str(tmp_path), "OPENAI_API_KEY": "secret"}
    said = [
        run_python({"value": f"mine:{name}"}, "yes", {"prompt": "Hi"}, environ=environ)
        for name in ("right", "ends", "keys")
    ]
    assert [grade.score for grade in said] == [0.75, None, 1.0]
    assert "exit code 3" in (said[1].error or "")
