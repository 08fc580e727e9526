"""The end of a comparison: each start, the verdict with intervals, what is missing, and the page."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchfleet_contract.http_results import HttpResult, WorkloadResult
from rich.markup import escape
from rich.table import Table

from benchfleet.cli.output import print_table
from benchfleet.cli.sentences import warn
from benchfleet.exceptions import BenchfleetError, RunFailed
from benchfleet.http.missing import ceilings, lines, notes
from benchfleet.local.files import replace_whole

if TYPE_CHECKING:
    from benchfleet.report.model.report import Report

PAGE = "report.html"
_MOST_ROWS = 40


def print_end(folder: Path, results: Sequence[HttpResult], *, baseline: Path | None = None) -> None:
    """Raises RunFailed where something is worse than the baseline, or could not be compared with it."""
    from benchfleet.cli.report import judge

    print_table(starts(results))
    print()
    try:
        report = reported([folder], baseline)
    except BenchfleetError as error:
        warn(f"no verdict: {error}")
        for line in (*lines(results), *notes(results)):
            print(line)
        if baseline is not None:
            raise RunFailed(f"nothing could be compared with {baseline}: {error}") from error
        return
    _print_verdict(report, compares=baseline is not None)
    doubts = [*ceilings(results), *notes(results)]
    for line in (*lines(results), *doubts):
        print(line)
    page = folder / PAGE
    _write(report.model_copy(update={"warnings": [*report.warnings, *doubts]}), page)
    print(f"Results: {folder}/, as a page: {page}")
    if baseline is not None:
        judge(report)


def judged(folder: Path, baseline: Path) -> None:
    """Raises RunFailed with every reason why the comparison with the baseline does not pass."""
    from benchfleet.cli.report import judge

    judge(reported([folder], baseline))


def reported(folders: Sequence[Path], baseline: Path | None) -> "Report":
    """Raises UsageError for what is no folder of results."""
    from benchfleet.report.analysis import Options, analyse
    from benchfleet.report.gate import gated, least_compared
    from benchfleet.report.reading import read_runs

    dataset = read_runs([*folders, *([baseline] if baseline else [])])
    before = next((one.run_id for one in dataset.runs if baseline and one.folder == baseline.resolve()), None)
    return gated(analyse(dataset, Options(baseline=before)), least=least_compared("100%"), allow_failed=False)


def _print_verdict(report: "Report", *, compares: bool) -> None:
    from benchfleet.cli.report_tables import outcome, tables
    from benchfleet.cli.report_warnings import print_warnings

    print_warnings(report)
    for table in tables(report) if compares else outcome(report):
        print_table(table)
        print()


def _write(report: "Report", page: Path) -> None:
    from benchfleet.report.page import render

    replace_whole(page.resolve(), render(report).encode())


def starts(results: Sequence[HttpResult]) -> Table:
    """A row for each workload of each start; many of them are left to the report."""
    table = Table("framework", "start", "workload", "req/s", "req/CPU s", "p99 ms", "status")
    rows = [row for one in results for row in _rows(one)]
    for row in rows[:_MOST_ROWS]:
        table.add_row(*map(escape, row))
    if len(rows) > _MOST_ROWS:
        table.caption = f"and {len(rows) - _MOST_ROWS} more: --json has them all"
    return table


def _rows(one: HttpResult) -> Sequence[tuple[str, ...]]:
    who = (one.subject, str(one.repeat))
    failed = [(*who, "", "", "", "", f"{one.failure.kind}: {one.failure.message}")] if one.failure else []
    return failed + [(*who, cell.name, *_numbers(cell), _status(cell)) for cell in one.workloads]


def _numbers(cell: WorkloadResult) -> tuple[str, str, str]:
    p99 = cell.latency[-1].response.p99 if cell.latency and cell.latency[-1].validity.ok else None
    return _number(cell.best_rps), _number(cell.requests_per_cpu_s), _number(p99, 2)


def _status(cell: WorkloadResult) -> str:
    rates = [f"at {rate.fraction:.0%}: {reason}" for rate in cell.latency for reason in rate.validity.reasons]
    return "; ".join([cell.status, *cell.reasons, *rates])


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
