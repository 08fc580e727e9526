"""`benchfleet fleet run`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.fleet.options import (
    Concurrency,
    Config,
    Delay,
    GoOn,
    Junit,
    ManifestFile,
    MinPassRate,
    MinSuccessRate,
    Output,
    Poll,
    SaveResponses,
    Shown,
    Timeout,
    format_of,
)
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile

if TYPE_CHECKING:
    from benchfleet_contract.fleets.results import FleetBenchmarkResults

    from benchfleet.cli.fleet.options import Format
    from benchfleet.fleet.flows import Flows
    from benchfleet.fleet.handle import Handle
    from benchfleet.fleet.verdict import Thresholds

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, and bring the artifacts.")]
RetryErrors = Annotated[
    str | None, typer.Option(metavar="RUN_ID", help="Take over the successes of this run; send only the rest.")
]
Extend = Annotated[
    str | None,
    typer.Option(metavar="RUN_ID", help="Likewise, of a manifest to which tests, repeats or models were added."),
]
Idempotency = Annotated[
    str | None, typer.Option("--idempotency-key", metavar="TEXT", help="The same key gives the same run again.")
]


def run(
    manifest: ManifestFile,
    output: Output = None,
    config: Config = None,
    concurrency: Concurrency = 5,
    delay_ms: Delay = None,
    save_responses: SaveResponses = True,
    continue_on_failure: GoOn = True,
    wait: Wait = False,
    timeout_s: Timeout = None,
    poll_s: Poll = 2.0,
    shown: Shown = "summary",
    min_success_rate: MinSuccessRate = None,
    min_pass_rate: MinPassRate = None,
    junit: Junit = None,
    retry_errors: RetryErrors = None,
    extend: Extend = None,
    idempotency_key: Idempotency = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Start a run of a manifest: its id and the places of its artifacts at once; the run goes on by itself.

    With --wait the command ends when the run has, and its exit code tells how it went. Exit codes of `fleet` commands are
    in docs/cli.md.
    """
    from benchfleet_contract.fleets.plan import Defaults

    from benchfleet.cli.fleet.connecting import flows, wait_for
    from benchfleet.cli.fleet.ending import end
    from benchfleet.fleet.verdict import Thresholds

    wanted, thresholds = format_of(shown, as_json), Thresholds(min_success_rate, min_pass_rate)
    _refuse_together(wait=wait, needs_wait=thresholds.asked or junit is not None or timeout_s is not None)
    defaults = Defaults(
        concurrency=concurrency, request_delay_ms=delay_ms, save_responses=save_responses,
        continue_on_failure=continue_on_failure,
    )  # fmt: skip
    more = {"retry_errors_of": retry_errors, "extend": extend}
    more = {name: earlier for name, earlier in more.items() if earlier is not None}
    with flows((api_url, api_key, profile), output, defaults=defaults, config=config) as client:
        handle = wait_for(client.execute(manifest, idempotency_key=idempotency_key, **more))
        if wanted != "json":
            _tell(handle, quiet=wanted == "quiet")
        code, results = 0, None
        if wait:
            code, results = _see_through(client, handle, thresholds, junit, (timeout_s, poll_s), wanted)
    if wanted == "json":
        _print_document(handle, results, code)
    end(code)


def _refuse_together(*, wait: bool, needs_wait: bool) -> None:
    from benchfleet.exceptions import UsageError

    if needs_wait and not wait:
        raise UsageError(
            "--timeout, --junit and thresholds need --wait: without it the command ends before the run does"
        )


def _see_through(
    client: "Flows", handle: "Handle", thresholds: "Thresholds", junit: Path | None, pace: tuple[float | None, float],
    wanted: "Format",
) -> "tuple[int, FleetBenchmarkResults]":  # fmt: skip
    from benchfleet.cli.fleet.ending import brought, judged
    from benchfleet.cli.fleet.shown import print_results

    timeout_s, poll_s = pace
    folder = handle.artifact_base_dir
    results = brought(client, handle.run_id, folder, timeout_s=timeout_s, poll_s=poll_s, quiet=wanted == "quiet")
    if wanted == "summary":
        print_results(results)
        print(f"\nArtifacts: {folder}/")
    return judged(results, thresholds, junit), results


def _tell(handle: "Handle", *, quiet: bool) -> None:
    """At once, so that whoever reads knows the run before it has ended."""
    if quiet:
        print(handle.run_id, flush=True)
        return
    about = handle.metadata
    print(f"Run {handle.run_id}: {about.request_count} requests, {about.repository_count} repositories")
    print(f"Providers: {', '.join(about.providers)}")
    print(f"Artifacts: {handle.artifact_base_dir}/")
    print(f"Status: {handle.status_url}", flush=True)
    for warning in about.warnings:
        print(f"benchfleet: {warning}", file=sys.stderr)


def _print_document(handle: "Handle", results: "FleetBenchmarkResults | None", code: int) -> None:
    from dataclasses import asdict

    from benchfleet.cli.documents.fleet import FleetRun
    from benchfleet.cli.output import print_document

    print_document(
        FleetRun(
            run_id=handle.run_id, artifact_base_dir=str(handle.artifact_base_dir), status_url=handle.status_url,
            metadata=asdict(handle.metadata), results=results, exit_code=code,
        )
    )  # fmt: skip
