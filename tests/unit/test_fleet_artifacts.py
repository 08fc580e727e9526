"""The promised files, their columns, and that no name of a manifest does harm in them."""

import csv
import io
import json

from benchfleet_contract.fleets.manifest import read_fleet, references
from benchfleet_results.fleets.aggregate import aggregate
from benchfleet_results.fleets.artifacts import artifacts, expected
from benchfleet_results.fleets.benchmarks import benchmark, placed
from benchfleet_results.fleets.places import part

from chalicelib.domain.fleet_plan import expected_artifacts
from tests.each_case import each_case
from tests.unit.fleet_results import AT, a_benchmark, a_test

COLUMNS = (
    "fleet_id,timestamp,total_repositories,total_tests,total_succeeded,total_failed,total_timeout,total_skipped,"
    "success_rate,avg_duration_ms,p50_duration_ms,p95_duration_ms,p99_duration_ms,min_duration_ms,max_duration_ms,"
    "total_tokens,avg_tokens_per_request,total_cost,avg_cost_per_repository,avg_tests_per_repository"
)


def _files(
    name: str = "Repository 1", fleet: str = "fleet", *, scenarios: tuple[str | None, ...] = (None,)
) -> dict[str, bytes]:
    tests = [a_test("a", cost_usd=0.25, prompt="<b>2+2</b>"), a_test("../b", "failure", category="=1+1", ms=200)]
    made = [a_benchmark("one", "openai_a", tests, scenario=scenario, name=name) for scenario in scenarios]
    return dict(artifacts(aggregate(fleet, made, timestamp=AT), formats=("json", "csv", "html", "yaml")))


def test_every_promised_path_is_written_and_the_fleets_results_last() -> None:
    files = _files()
    made = [a_benchmark("one", "openai_a", [])]
    assert expected(made) == [
        "fleet-results.json", "fleet-summary.csv", "one/openai_a/results.json", "one/openai_a/summary.csv",
    ]  # fmt: skip
    assert set(expected(made)) <= files.keys()
    assert list(files)[-1] == "fleet-results.json"
    assert "one/openai_a/responses/a.json" in files


def test_scenarios_are_a_level_only_where_a_repository_has_several() -> None:
    assert "one/openai_a/results.json" in _files(scenarios=("s",))
    assert {"one/openai_a/s/results.json", "one/openai_a/t/summary.csv"} <= _files(scenarios=("s", "t")).keys()


def test_the_fleets_summary_has_the_promised_columns_and_decimals() -> None:
    text = _files()["fleet-summary.csv"].decode()
    assert text == (
        f"{COLUMNS}\nfleet,2026-01-02T03:04:05+00:00,1,2,1,1,0,0,0.5000,150.00,200.00,200.00,200.00,100,200,15,15.00,"
        "0.250000,0.250000,2.00\n"
    )


def test_the_other_tables_have_their_columns() -> None:
    files = _files()
    assert files["csv/repositories.csv"].decode().splitlines()[1] == (
        "one,Repository 1,openai,2,1,1,0,0,0.5000,150.00,200.00,200.00,200.00,15,0.250000"
    )
    assert files["csv/providers.csv"].decode().splitlines()[1] == "openai,1,2,1,1,0.5000,15,0.250000"
    assert files["csv/categories.csv"].decode().splitlines() == [
        "category_name,total_tests,total_succeeded,total_failed,success_rate", "'=1+1,1,0,1,0.0000",
    ]  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(files["one/openai_a/tests.csv"].decode())))
    assert len(rows[0]) == 14
    assert (rows[0]["response_length"], rows[1]["response_length"], rows[1]["error"]) == ("4", "", "refused")


def test_no_cell_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(_files("=cmd|' /C calc'!A0", "@fleet")["csv/repositories.csv"].decode())))
    assert rows[1][1].startswith("'=")
    assert _files(fleet="@fleet")["fleet-summary.csv"].decode().splitlines()[1].startswith("'@fleet")


def test_the_page_escapes_what_others_wrote() -> None:
    page = _files("<script>alert(1)</script>", "<img src=x>")["csv/executive-report.html"].decode()
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;2+2&lt;/b&gt;" in page


def test_no_test_id_leads_out_of_its_folder() -> None:
    assert part("../../etc") == "_._.._etc"
    assert not any(".." in path.split("/") for path in _files())
    assert part("..") == "_."
    assert part("") == "_"


def test_the_deterministic_file_sorts_keys_at_every_level() -> None:
    text = _files()["csv/deterministic.json"].decode()
    assert json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == text
    assert json.loads(text)["timestamp"].endswith("+00:00")


def test_without_reports_there_are_no_pages_for_people() -> None:
    results = aggregate("f", [a_benchmark("r", "openai_m", [a_test()])], timestamp=AT)
    with_pages, without = ({path for path, _ in artifacts(results, reports=wanted)} for wanted in (True, False))
    assert with_pages - without == {"csv/executive-report.html", "report.html"}


def _page(right: list[list[bool]], *, target: str = "p_m") -> str:
    """Of one repository a list of answers that are right or wrong."""
    made = [
        a_benchmark(f"r{number}", target, [a_test(f"t{each}", passed=one, score=float(one)) for each, one in enumerate(tests)])
        for number, tests in enumerate(right)
    ]  # fmt: skip
    return dict(artifacts(aggregate("f", made, timestamp=AT), formats=("html",)))["report.html"].decode()


def test_the_page_shows_no_share_beyond_what_a_share_can_be() -> None:
    """Two repositories that differ have an interval wider than everything."""
    page = _page([[True, True], [False, False]])
    assert "0.50 (0.00 … 1.00)" in page


def test_the_page_tells_calls_from_answers_and_names_no_best_where_all_are_alike() -> None:
    page = _page([[True, False]])
    assert "2 of 2 calls succeeded, 1 of 2 answers right" in " ".join(page.split())
    assert "Best and worst" not in page


def test_no_two_tests_share_a_file() -> None:
    """Ids that differ in what no file can have, in their ends only, or as a repeat of another."""
    ids = ["a/b", "a_b", "a:b", "x" * 200 + "1", "x" * 200 + "2", "..", "t", "t_1", "t~1", "t#1"]
    tests = [a_test(one) for one in ids] + [a_test("t", repeat=number) for number in (1, 2)]
    made = aggregate("f", [a_benchmark("one", "openai_a", tests)], timestamp=AT)
    paths = [path for path, _ in artifacts(made) if "/responses/" in path]
    assert len(paths) == len(set(paths)) == len(tests)
    assert {"one/openai_a/responses/a_b.json", "one/openai_a/responses/t~2.json"} <= set(paths)
    assert max(len(path.rpartition("/")[2]) for path in paths) <= 135


VERSIONED = {
    "version": "1.0", "fleet_id": "f", "repositories": [
        {"repo_id": "one", "adapter": "native", "scenarios": ["s"]},
        {"repo_id": "two", "adapter": "native", "scenarios": ["s", "t"]},
    ],
    "providers": ["openai:a/b", "ollama:llama2:13b"], "scenario_profiles": {"s": {"dataset": "d"}, "t": {"dataset": "d"}},
    "output": {"base_dir": "out"},
}  # fmt: skip
SIMPLE = {
    "fleet_id": "f", "providers": ["openai:" + "m" * 90, "groq:llama3"],
    "repositories": [{"id": name, "name": name, "dataset_path": "d"} for name in ("one", "Two.2")],
}  # fmt: skip


@each_case("manifest", [SIMPLE, VERSIONED])
def test_the_paths_that_are_promised_before_a_run_are_those_of_its_results(manifest: dict[str, object]) -> None:
    """The control plane promises by the plan, the aggregator writes by the results."""
    dataset = {"name": "d", "version": "1.0.0", "test_cases": [{"id": "t", "prompt": "p"}]}
    plan = read_fleet(manifest, {reference: dataset for reference, _ in references(manifest)}).plan
    assert plan is not None
    about = {"fleet_id": "f", "run_id": "f-1", "started_at": AT, "completed_at": AT}
    made = [placed(benchmark(shard, {}, total_duration_ms=0, **about)) for shard in plan.shards]
    written = [path for path, _ in artifacts(aggregate("f", made, timestamp=AT))]
    assert expected_artifacts(plan) == expected(made)
    assert set(expected_artifacts(plan)) <= set(written)
