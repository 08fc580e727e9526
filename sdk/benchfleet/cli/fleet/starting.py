"""Starts a run: at a control plane that is there, or on this machine with one of its own."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.plan import Defaults
from benchfleet_contract.fleets.results import FleetBenchmarkResults
from benchfleet_results.fleets.places import REPORT

from benchfleet.cli.documents.fleet import FleetRun
from benchfleet.cli.fleet.connecting import Connecting, flows, wait_for
from benchfleet.cli.fleet.ending import brought, brought_here
from benchfleet.cli.fleet.options import Format
from benchfleet.cli.fleet.shown import print_results
from benchfleet.cli.output import print_document
from benchfleet.cli.sentences import say, warn
from benchfleet.client import Client
from benchfleet.fleet.alone import MOST_SLOTS, AloneState, Bringing
from benchfleet.fleet.client import flows_over
from benchfleet.fleet.detaching import start_collector
from benchfleet.fleet.flows import Flows
from benchfleet.fleet.handle import Handle
from benchfleet.fleet.reading import read_input
from benchfleet.profiles.settings import Connection

LEASE_S = 30  # of a runner beside its control plane: no network makes it silent, so one that is, is dead
Begun = tuple[Handle, FleetBenchmarkResults | None]  # results where it was waited for


@dataclass(frozen=True)
class Starting:
    """What was asked for. `more`: fields of the request; `pace`: how many seconds to wait in all, and between two looks."""

    manifest: Path
    output: Path | None
    config: Path | None
    defaults: Defaults
    more: dict[str, Any]
    wait: bool
    pace: tuple[float | None, float]
    shown: Format

    @property
    def quiet(self) -> bool:
        return self.shown == "quiet"

    def there(self, connecting: Connecting, *, collect: bool) -> Begun:
        """At the control plane that is named. Raises BenchfleetError."""
        with flows(connecting, self.output, defaults=self.defaults, config=self.config) as client:
            handle = self._execute(client)
            if not self.wait:
                if collect:
                    session = client.session
                    found = Connection(str(session.base_url), session.key, None)
                    start_collector(handle.run_id, handle.artifact_base_dir, found)
                return handle, None
            timeout_s, poll_s = self.pace
            folder = handle.artifact_base_dir
            with _goes_on(handle.run_id):
                results = brought(client, handle.run_id, folder, timeout_s=timeout_s, poll_s=poll_s, quiet=self.quiet)
        return handle, self._told(results, folder)

    def here(self, slots: int | None) -> Begun:
        """On this machine alone. What is wrong with the manifest is told before anything is started. Raises BenchfleetError."""
        plan = read_input(self.manifest, defaults=self.defaults, config_path=self.config).plan
        if not self.quiet:
            print("Starting a control plane and a runner on this machine", file=sys.stderr)
        with Bringing() as bringing:
            handle, state = self._handed_over(bringing, slots or min(MOST_SLOTS, len(plan.shards), os.cpu_count() or 1))
        if not self.wait:
            return handle, None
        timeout_s, poll_s = self.pace
        results = brought_here(state, timeout_s=timeout_s, poll_s=poll_s, quiet=self.quiet)
        return handle, self._told(results, handle.artifact_base_dir)

    def _handed_over(self, bringing: Bringing, slots: int) -> tuple[Handle, AloneState]:
        found = bringing.connection
        with Client(found.api_url, key=found.key) as client:
            handle = self._execute(flows_over(client, self.output, self.defaults, self.config), lease_s=LEASE_S)
        return handle, bringing.hand_over(handle.run_id, handle.artifact_base_dir, slots=slots)

    def _execute(self, client: Flows, **more: Any) -> Handle:
        """Told at once, so that whoever reads knows the run before it has ended."""
        handle = wait_for(client.execute(self.manifest, **self.more, **more))
        if self.quiet:
            print(handle.run_id, flush=True)
        elif self.shown == "summary":
            _tell(handle)
        return handle

    def _told(self, results: FleetBenchmarkResults, folder: Path) -> FleetBenchmarkResults:
        if self.shown == "summary":
            print_results(results)
            print(f"\nArtifacts: {folder}/")
            if (folder / REPORT).is_file():
                print(f"Report: {folder / REPORT}")
        return results


def print_run(handle: Handle, results: FleetBenchmarkResults | None, code: int) -> None:
    """The one document."""
    print_document(
        FleetRun(
            run_id=handle.run_id, artifact_base_dir=str(handle.artifact_base_dir), status_url=handle.status_url,
            metadata=asdict(handle.metadata), results=results, exit_code=code,
        )
    )  # fmt: skip


def _tell(handle: Handle) -> None:
    about = handle.metadata
    print(f"Run {handle.run_id}: {about.request_count} requests, {about.repository_count} repositories")
    print(f"Providers: {', '.join(about.providers)}")
    print(f"Artifacts: {handle.artifact_base_dir}/")
    print(f"Status: {handle.status_url}", flush=True)
    for warning in about.warnings:
        warn(warning)


@contextmanager
def _goes_on(run_id: str) -> Iterator[None]:
    """Ctrl-C ends the command, not a run of a control plane elsewhere."""
    try:
        yield
    except KeyboardInterrupt:
        words = f"Run {run_id} goes on: `benchfleet fleet wait {run_id}` waits for it, `fleet cancel` stops it"
        say(words)
        raise
