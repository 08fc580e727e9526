"""Latency against load in every form of the report."""

import io
from pathlib import Path

import pytest
from benchfleet.cli.load_pictures import bar, heights, pictures
from benchfleet.http.folder import ResultsFolder
from benchfleet.report.analysis import analyse
from benchfleet.report.model.report import Report
from benchfleet.report.page import render
from benchfleet.report.reading import read_runs
from benchfleet_contract.http_results import AtRate, HttpResult, Percentiles, Resources, WorkloadResult
from rich.console import Console

from runner_image.workloads.http.outputs import output_of

WHEN = "2026-01-02T03:04:05Z"
FRACTIONS = (0.25, 0.75)


def at_rate(fraction: float, rate: float, ms: float) -> AtRate:
    told = Percentiles(count=9, p50=ms, p99=4 * ms)
    return AtRate(
        tool="open-loop", fraction=fraction, rate=fraction * rate, achieved=None, connections=4, duration_s=1, response=told,
        service=told, dispatch_lag=told, intended=9, sent=9, completed=9, ok=9,
    )  # fmt: skip


def start(name: str, repeat: int, rate: float) -> HttpResult:
    """Latency in ms is 1,000 over the rate, and twice that at three quarters of it."""
    rate *= 1 + 0.01 * repeat
    latency = [at_rate(fraction, rate, 1000 / rate * (1 if fraction < 0.5 else 2)) for fraction in FRACTIONS]
    cell = WorkloadResult(
        name="json", suite="raw", status="measured", best_rps=rate, requests_per_cpu_s=rate, latency=latency,
        resources=Resources(memory_peak_bytes=repeat * 2**20),
    )  # fmt: skip
    return HttpResult(
        framework=name, subject=name, suite="raw", repeat=repeat, started_at=WHEN, workloads=[cell], startup_s=0.5
    )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = ResultsFolder.create(tmp_path_factory.mktemp("load") / "run", {}, machine={})
    for repeat in (1, 2, 3):
        for name, rate in (("slow", 1000.0), ("fast", 4000.0)):
            found = start(name, repeat, rate)
            folder.add(found, output_of(found), started_at=WHEN, ended_at=WHEN)
    folder.finish()
    return analyse(read_runs([Path(folder.folder)]))


def test_points_stand_at_fractions_of_the_saturation_rate_with_their_intervals(report: Report) -> None:
    fast, slow = report.load
    assert [(curve.label, curve.benchmark, curve.unit) for curve in report.load] == [
        ("fast", "json", "ms"), ("slow", "json", "ms"),
    ]  # fmt: skip
    assert [point.fraction for point in slow.points] == list(FRACTIONS)
    assert slow.points[1].rate == pytest.approx(0.75 * slow.saturation)
    assert slow.points[1].p50 == pytest.approx(2 * (slow.points[0].p50 or 0))
    assert fast.points[0].p99 == pytest.approx(4 * 1000 / fast.saturation, rel=0.01)
    low, high = fast.points[0].p99_interval or (0, 0)
    assert low < (fast.points[0].p99 or 0) < high


def test_boards_begin_with_rates_and_loads_are_nothing_to_choose_among(report: Report) -> None:
    assert [board.metric for board in report.boards][:2] == ["throughput", "throughput_per_cpu"]
    assert report.boards[0].title == "throughput"
    assert report.variants == []
    assert {table.dimension for table in report.factors} == {"subject"}


@pytest.mark.system
def test_the_page_draws_a_chart_for_each_benchmark_and_tells_the_numbers(report: Report) -> None:
    page = render(report)
    assert page.count('aria-labelledby="chart3000') == 2, "one for screens, one for phones"
    assert "Latency of json against load, 2 lines" in page
    assert '<a href="#load">Latency against load</a>' in page


def test_the_terminal_has_bars_and_heights(report: Report) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=120)
    for table in pictures(report):
        console.print(table)
    text = shown.getvalue()
    for title in ("Requests a second", "Time to ready", "Memory under load", "Latency against load, json"):
        assert title in text
    assert "p99 at 75%" in text


def test_bars_are_sure_up_to_the_low_end_of_their_interval() -> None:
    assert bar(50.0, (25.0, 75.0), 100.0) == "█" * 8 + "░" * 16
    assert bar(50.0, None, 100.0) == "█" * 16
    assert bar(50.0, (-10.0, 500.0), 100.0) == "░" * 32
    assert bar(None, None, 100.0) == ""
    assert bar(0.1, None, 100.0) == "▏"


def test_heights_share_one_logarithmic_scale(report: Report) -> None:
    every = [v for curve in report.load for point in curve.points for v in (point.p50, point.p99) if v]
    assert heights([min(every), None, max(every)], report.load) == "▁ █"
