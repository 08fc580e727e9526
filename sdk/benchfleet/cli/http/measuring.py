"""What `run` and `compare` do alike: measure, print, end."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import typer
from benchfleet_contract.http_results import HttpResult, WorkloadResult
from benchfleet_contract.workloads.http import HttpOptions
from rich.table import Table

from benchfleet.cli.documents.http import HttpMeasured
from benchfleet.cli.output import print_table
from benchfleet.exceptions import UsageError
from benchfleet.http.comparison import Comparison, exit_code
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.protocol import WorkloadError


def registry_of(own: Path | None) -> Registry:
    """Raises UsageError with all that is wrong with the file."""
    try:
        return Registry.load(own)
    except WorkloadError as error:
        raise UsageError(str(error)) from error


def measure(
    subjects: Mapping[str, HttpOptions],
    *,
    repeats: int,
    output: Path | None,
    resume: bool,
    registry: Registry,
    as_json: bool,
) -> None:
    """Raises typer.Exit with the exit code of what was measured: 0, 4 or 5."""
    folder = output or Path("results") / f"http-{datetime.now(UTC).strftime('%Y%m%d-%H%M%S')}"
    comparison = Comparison(subjects, repeats, folder, registry, lambda line: print(line, file=sys.stderr, flush=True))
    results = comparison.measured(resume=resume)
    if as_json:
        print(HttpMeasured(folder=str(folder), results=results).model_dump_json(indent=2))
    else:
        print_table(_table(results))
        print(f"Results: {folder}/ (`benchfleet report {folder}` compares, with --html as a page)")
    if code := exit_code(results):
        raise typer.Exit(code)


def _table(results: list[HttpResult]) -> Table:
    table = Table("framework", "start", "workload", "req/s", "req/CPU s", "p99 ms", "status")
    for one in results:
        if one.failure:
            table.add_row(one.subject, str(one.repeat), "", "", "", "", f"{one.failure.kind}: {one.failure.message}")
        for cell in one.workloads:
            p99 = cell.latency[0].response.p99 if cell.latency and cell.latency[0].validity.ok else None
            numbers = (_number(cell.best_rps), _number(cell.requests_per_cpu_s), _number(p99, 2))
            table.add_row(one.subject, str(one.repeat), cell.name, *numbers, _status(cell))
    return table


def _status(cell: WorkloadResult) -> str:
    rates = [f"at {rate.fraction:.0%}: {reason}" for rate in cell.latency for reason in rate.validity.reasons]
    return "; ".join([cell.status, *cell.reasons, *rates])


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
