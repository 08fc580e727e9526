"""A fleet from its folder, two fleets compared, and answers scored again."""

from pathlib import Path
from typing import Any

import pytest
from benchfleet.fleet.aggregating import read_folder, write
from benchfleet.fleet.comparing import compare, read_results
from benchfleet.fleet.errors import FolderError
from benchfleet.fleet.rescoring import rescore
from benchfleet_contract.fleets.assertions import Rubric, grade_key
from benchfleet_contract.fleets.outcomes import Grade
from benchfleet_contract.fleets.plan import FleetPlan, ProviderSettings, Shard, Target, TestRequest
from benchfleet_contract.fleets.results import FleetBenchmarkResults, Score
from benchfleet_results.fleets.aggregate import aggregate
from benchfleet_results.fleets.artifacts import as_json, own

from tests.unit.fleet_results import AT, a_benchmark, a_test, bare


def _fleet(*, slower: float = 0, **more: Any) -> FleetBenchmarkResults:
    made = [
        a_benchmark(f"r{n}", "openai_m", [a_test("t", cost_usd=0.1, e2el_ms=100 + n + slower * (n + 1), **more)])
        for n in (2, 1, 3)
    ]
    for place, one in enumerate(made, start=1):
        one.results = own(one)
        one.results.fleet_id, one.results.run_id, one.results.position = "fleet", "fleet-1", place
    return aggregate("fleet", made, timestamp=AT, run_id="fleet-1", status="completed")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_gives_every_file_again_byte_by_byte(tmp_path: Path) -> None:
    write(_fleet(), tmp_path / "one")
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file() and path.name != "results.json":
            path.unlink()
    write(read_folder(tmp_path / "one"), tmp_path / "two")
    write(_fleet(), tmp_path / "three")
    assert _files(tmp_path / "two") == _files(tmp_path / "three")


def test_results_of_others_are_placed_by_their_folder(tmp_path: Path) -> None:
    for place in ("a/x", "b/x"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "results.json").write_bytes(as_json(bare([a_test(tokens=(1000, 0))])))
    found = read_folder(tmp_path, legacy_prices=True)
    assert [(one.repository_id, one.target) for one in found.repository_results] == [("a", "x"), ("b", "x")]
    assert found.fleet_id == tmp_path.name
    assert found.fleet_summary.total_cost == pytest.approx(0.06)


def test_a_folder_without_results_or_with_broken_ones_is_told(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"no results\.json below"):
        read_folder(tmp_path)
    (tmp_path / "results.json").write_text('{"dataset_name": "x"}')
    with pytest.raises(FolderError, match="provider_name"):
        read_folder(tmp_path)
    (tmp_path / "fleet-results.json").write_text("[]")
    with pytest.raises(FolderError, match="not the results of a fleet"):
        read_results(tmp_path)


def test_two_runs_are_compared_target_by_target(tmp_path: Path) -> None:
    write(_fleet(), tmp_path)
    found = {one.measure: one for one in compare(_fleet(slower=10), read_results(tmp_path))}
    assert (found["e2el_ms"].first, found["e2el_ms"].second, found["e2el_ms"].tests) == (
        "openai_m",
        "openai_m (old)",
        3,
    )
    assert found["e2el_ms"].difference == pytest.approx(30)
    assert found["success"].difference == 0


def _plan(**test: Any) -> FleetPlan:
    request = {"key": "t", "test_id": "t", "prompt": "2+2", **test}
    shards = [
        Shard(
            number=n,
            repository_id=f"r{n}",
            repository_name="r",
            dataset_name="d",
            target=Target(spec="openai:m", provider="openai", model="m", name="openai_m"),
            provider=ProviderSettings(type="openai"),
            tests=[TestRequest.model_validate(request)],
        )
        for n in (1, 2)
    ]
    return FleetPlan(
        fleet_id="fleet",
        dialect="simple",
        repositories=[],
        targets=[],
        shards=shards,
        request_count=2,
        manifest_sha256="0",
    )


def test_saved_answers_are_scored_again_without_a_call() -> None:
    found = rescore(_fleet(), _plan(expected="Four"))
    quality = found.results.fleet_summary.quality
    assert quality is not None
    assert (quality.scored, quality.passed) == (2, 2)
    assert found.unknown == ["r3/t"]
    assert rescore(found.results, _plan()).results.fleet_summary.quality is None


def test_what_a_model_said_of_an_answer_is_kept() -> None:
    said = Score(type="llm-rubric", passed=True, score=0.75)
    fleet = _fleet(scores=[said], passed=True, score=0.75)
    found = rescore(fleet, _plan(assertions=[{"type": "llm-rubric", "value": "kind?", "weight": 2}]))
    test = found.results.repository_results[0].results.results[0]
    assert (test.score, test.scores and test.scores[0].weight) == (0.75, 2)


def test_python_runs_only_where_it_is_allowed() -> None:
    plan = _plan(assertions=[{"type": "python", "value": "mine:check"}])
    assert rescore(_fleet(), plan).results.repository_results[0].results.results[0].passed is None
    found = rescore(_fleet(), plan, run_python=lambda one, answer, test: Grade(score=float(answer == "four")))
    assert found.results.repository_results[0].results.results[0].passed is True
    assert found.processes == []


def test_a_score_that_only_a_model_can_give_is_named_and_one_by_another_question_is_not_taken() -> None:
    """Scores that say by what they were given are kept only for the same rubric, also where it is turned around."""
    rubric = {"type": "llm-rubric", "value": "kind?"}
    key = grade_key(Rubric.model_validate(rubric), None)
    fleet = _fleet(scores=[Score(type="llm-rubric", passed=True, score=0.75, grade=key)])
    found = rescore(fleet, _plan(assertions=[{**rubric, "value": "polite?"}]))
    assert found.calls == ["r2/openai_m/t", "r1/openai_m/t"]
    assert found.results.repository_results[0].results.results[0].passed is None
    turned = rescore(fleet, _plan(assertions=[{**rubric, "type": "not-llm-rubric"}]))
    assert (turned.calls, turned.results.repository_results[0].results.results[0].score) == ([], 0.25)
    assert rescore(_fleet(), _plan(assertions=[{"type": "python", "value": "a:b"}])).processes == found.calls
