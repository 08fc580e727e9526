"""What `fleet run --wait`, `fleet wait` and `fleet results` do alike with the results of a run."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import typer
from benchfleet_contract.fleets.plan import Defaults
from benchfleet_contract.fleets.results import FleetBenchmarkResults
from benchfleet_contract.fleets.runs import FleetRunDetail

from benchfleet.cli.fleet.connecting import wait_for
from benchfleet.cli.fleet.progress import progress
from benchfleet.cli.sentences import warn
from benchfleet.client import Client
from benchfleet.exceptions import BenchfleetError, RunFailed
from benchfleet.fleet import following
from benchfleet.fleet.alone import AloneState, connection_of, is_at_work
from benchfleet.fleet.client import flows_over
from benchfleet.fleet.comparing import read_results
from benchfleet.fleet.detaching import LOG
from benchfleet.fleet.errors import WaitTimeout
from benchfleet.fleet.flows import Flows
from benchfleet.fleet.folder import RESULTS
from benchfleet.fleet.verdict import Thresholds, verdict
from benchfleet.local.files import replace_whole

_STOPPING_S = 60.0  # how long a stopped run may take to make its results


def brought(
    flows: Flows, run_id: str, folder: Path, *, timeout_s: float | None, poll_s: float, quiet: bool = False
) -> FleetBenchmarkResults:
    """Waits for the run's end and brings its artifacts, however it ended. Raises RunFailed for one without results."""
    with progress() as told:
        run = wait_for(
            flows.collect(
                run_id, folder, timeout_ms=None if timeout_s is None else timeout_s * 1000,
                pace=following.every(poll_s * 1000), told=(lambda run: None) if quiet else told,
            )
        )  # fmt: skip
    if not run.results_ready:
        raise following.failure(run)
    return read_results(folder)


def brought_here(
    state: AloneState, *, timeout_s: float | None, poll_s: float, quiet: bool = False
) -> FleetBenchmarkResults:
    """Likewise, of a run whose control plane is on this machine: its collector brings the artifacts and ends it.

    Ctrl-C stops the run and waits a moment for what there is of it. Raises WaitTimeout, RunFailed.
    """
    folder = Path(state.folder)
    with progress() as told:
        try:
            _until_here(state, timeout_s, poll_s, (lambda run: None) if quiet else told)
        except KeyboardInterrupt:
            _stop(state)
            raise
    return read_results(folder)


def _until_here(state: AloneState, timeout_s: float | None, poll_s: float, told: following.Told) -> None:
    """Until the collector has ended: then nothing of the run is left at work on this machine."""
    end = None if timeout_s is None else time.monotonic() + timeout_s
    while is_at_work(state.run_id):
        with suppress(BenchfleetError):
            told(_seen(state))
        if end is not None and time.monotonic() > end:
            raise WaitTimeout(f"fleet run {state.run_id} has not ended after {timeout_s:g} s; it goes on")
        time.sleep(min(poll_s, 1.0))
    if not (Path(state.folder) / RESULTS).is_file():
        raise RunFailed(f"fleet run {state.run_id} ended without results; see {Path(state.folder) / LOG}")


def _seen(state: AloneState) -> FleetRunDetail:
    """Raises BenchfleetError: it may be about to end."""
    found = connection_of(state)
    if found is None:
        raise BenchfleetError("its control plane has ended")
    with Client(found.api_url, key=found.key, repeats=False) as client:
        return wait_for(flows_over(client, None, Defaults(), None).status(state.run_id))


def _stop(state: AloneState) -> None:
    print(f"Stopping run {state.run_id}; its artifacts come to {state.folder}/", file=sys.stderr)
    with suppress(BenchfleetError):
        if found := connection_of(state):
            with Client(found.api_url, key=found.key) as client:
                wait_for(flows_over(client, None, Defaults(), None).cancel(state.run_id))
        _until_here(state, _STOPPING_S, 0.2, lambda run: None)


def judged(results: FleetBenchmarkResults, thresholds: Thresholds, junit: Path | None) -> int:
    """The exit code; what speaks against 0 is told on stderr, and the tests are written as JUnit XML."""
    if junit is not None:
        from benchfleet.fleet.junit import as_junit

        junit.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(junit, as_junit(results))
    found = verdict(results, thresholds)
    if found.words:
        warn(found.words)
    return found.code


def end(code: int) -> NoReturn:
    raise typer.Exit(code)
