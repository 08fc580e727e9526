"""What `fleet run --wait`, `fleet wait` and `fleet results` do alike with the results of a run."""

import sys
from pathlib import Path
from typing import NoReturn

import typer
from benchfleet_contract.fleets.results import FleetBenchmarkResults

from benchfleet.cli.fleet.connecting import wait_for
from benchfleet.cli.fleet.progress import progress
from benchfleet.fleet import following
from benchfleet.fleet.comparing import read_results
from benchfleet.fleet.flows import Flows
from benchfleet.fleet.verdict import Thresholds, verdict
from benchfleet.local.files import replace_whole


def brought(
    flows: Flows, run_id: str, folder: Path, *, timeout_s: float | None, poll_s: float, quiet: bool = False
) -> FleetBenchmarkResults:
    """Waits for the run's end and brings its artifacts, however it ended. Raises RunFailed for one without results."""
    with progress() as told:
        run = wait_for(
            flows.collect(
                run_id, folder, timeout_ms=None if timeout_s is None else timeout_s * 1000,
                poll_interval_ms=poll_s * 1000, told=(lambda run: None) if quiet else told,
            )
        )  # fmt: skip
    if not run.results_ready:
        raise following.failure(run)
    return read_results(folder)


def judged(results: FleetBenchmarkResults, thresholds: Thresholds, junit: Path | None) -> int:
    """The exit code; what speaks against 0 is told on stderr, and the tests are written as JUnit XML."""
    if junit is not None:
        from benchfleet.fleet.junit import as_junit

        junit.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(junit, as_junit(results))
    found = verdict(results, thresholds)
    if found.words:
        print(f"benchfleet: {found.words}", file=sys.stderr)
    return found.code


def end(code: int) -> NoReturn:
    raise typer.Exit(code)
