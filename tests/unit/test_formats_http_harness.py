"""Result files of the HTTP harness that was before: numbers under names of their own, and what makes them doubtful."""

import json
from pathlib import Path

import pytest
from benchfleet_results.formats import http_harness
from benchfleet_results.formats.found import Found
from benchfleet_results.formats.registry import read
from benchfleet_results.formats.source import FormatError, Source

from tests.each_case import each_case

FILES = Path(__file__).parents[1] / "data" / "imports" / "http-harness"


def found(name: str) -> Found:
    path = FILES / f"{name}.json"
    chosen, told = read(Source(path.name, path.read_bytes()))
    assert chosen == "http-harness"
    return told


def values(told: Found) -> dict[tuple[str, str, str], list[float]]:
    return {(one.variant, one.benchmark, one.metric): one.samples for one in told.output().measurements}


def test_a_run_gives_its_numbers_under_names_that_are_not_ours() -> None:
    told = found("run")
    cell = values(told)
    assert cell["fastapi", "path-simple", "reported_throughput"] == [3379.0]
    assert cell["fastapi", "path-simple", "reported_latency_p99"] == [9.4]
    assert cell["fastapi", "path-simple", "reported_memory"] == [64.0 * 1024 * 1024]
    assert cell["fastapi", "path-simple", "reported_start_up"] == [1042.0]
    assert all(metric.startswith("reported_") for _, _, metric in cell)
    assert {http_harness.CLOSED_LOOP, http_harness.ANY_STATUS, http_harness.ONE_RUN, http_harness.BUILD} <= {
        *told.notes
    }


def test_a_profile_tells_sizes_that_were_never_sent_zeros_and_failed_requests() -> None:
    told = found("profile")
    assert ("fastapi", "json-large", "reported_latency_p99") in values(told)
    assert ("fastapi", "path-simple", "reported_latency_p99") not in values(told)
    notes = "\n".join(told.notes)
    assert "json-large is declared to send 15360 bytes, and sent 154" in notes
    assert "fastapi, path-simple: latency_p99 of 0 means unknown there" in notes
    assert "fastapi, json-large: 7 requests failed on the way" in notes
    assert "was profiled while it was measured" in notes
    assert (told.about.cpu_model, told.about.host) == ("AMD EPYC 7763", "runner-1")


def test_a_comparison_s_frameworks_are_variants_and_one_without_requests_has_failed() -> None:
    told = found("compare")
    assert {variant for variant, _, _ in values(told)} == {"fastapi"}
    assert [(lost.variant, lost.reason) for lost in told.failures] == [("robyn", "the file has no request of it")]
    assert any("placeholders" in note for note in told.notes)


def test_an_aggregate_says_that_machines_differ_and_keeps_what_can_be_read() -> None:
    told = found("aggregated")
    assert {variant for variant, _, _ in values(told)} == {"fastapi"}
    assert [lost.benchmark for lost in told.failures] == ["robyn"]
    assert http_harness.OTHER_MACHINES in told.notes


def test_a_consolidated_file_has_means_and_says_which_runs_were_mixed() -> None:
    told = found("consolidated")
    assert values(told) == {("fastapi", "path-simple", "reported_throughput"): [3300.0]}
    assert "runs of different duration_secs were put together in it" in told.notes
    assert not any("concurrency" in note for note in told.notes)


def test_a_run_that_failed_is_a_failure_and_no_number() -> None:
    document = json.loads((FILES / "run.json").read_text())
    document.update(success=False, error="Server not healthy after 30 attempts")
    with pytest.raises(FormatError, match="Server not healthy"):
        read(Source("run.json", json.dumps(document).encode()))


@each_case("change", [{"throughput": 3}, {"framework": "f", "throughput": {"requests_per_sec": "many"}}])
def test_odd_values_are_told_with_their_place(change: dict[str, object]) -> None:
    document = json.loads((FILES / "run.json").read_text()) | change
    with pytest.raises(FormatError) as told:
        read(Source("run.json", json.dumps(document).encode()))
    assert told.value.problems[0].field.startswith("throughput")
