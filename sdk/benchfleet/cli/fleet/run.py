"""`benchfleet fleet run`."""

from typing import Annotated

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

Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, and bring the artifacts.")]
Emulator = Annotated[bool, typer.Option("--emulator", help="Start a control plane and a runner on this machine.")]
Slots = Annotated[
    int | None,
    typer.Option("--slots", min=1, help="With --emulator: repositories on a model that are worked at at a time."),
]
Collect = Annotated[
    bool, typer.Option("--collect/--no-collect", help="Without --wait: bring the artifacts by a process of their own.")
]
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
    emulator: Emulator = False,
    slots: Slots = None,
    wait: Wait = False,
    collect: Collect = True,
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

    from benchfleet.cli.fleet.ending import end, judged
    from benchfleet.cli.fleet.starting import Starting, print_run
    from benchfleet.fleet.verdict import Thresholds

    thresholds = Thresholds(min_success_rate, min_pass_rate)
    _refuse_together(
        wait=wait, needs_wait=thresholds.asked or junit is not None or timeout_s is not None, emulator=emulator,
        elsewhere=bool(api_url or retry_errors or extend), slots=slots,
    )  # fmt: skip
    defaults = Defaults(
        concurrency=concurrency, request_delay_ms=delay_ms, save_responses=save_responses,
        continue_on_failure=continue_on_failure,
    )  # fmt: skip
    asked = {"retry_errors_of": retry_errors, "extend": extend, "idempotency_key": idempotency_key}
    starting = Starting(
        manifest, output, config, defaults, {name: value for name, value in asked.items() if value is not None},
        wait, (timeout_s, poll_s), format_of(shown, as_json),
    )  # fmt: skip
    if emulator:
        handle, results = starting.here(slots)
    else:
        handle, results = starting.there((api_url, api_key, profile), collect=collect)
    code = judged(results, thresholds, junit) if results else 0
    if starting.shown == "json":
        print_run(handle, results, code)
    end(code)


def _refuse_together(*, wait: bool, needs_wait: bool, emulator: bool, elsewhere: bool, slots: int | None) -> None:
    from benchfleet.exceptions import UsageError

    if needs_wait and not wait:
        raise UsageError(
            "--timeout, --junit and thresholds need --wait: without it the command ends before the run does"
        )
    if emulator and elsewhere:
        raise UsageError(
            "--emulator starts a control plane that knows no other run: omit --api-url, --retry-errors, --extend"
        )
    if slots is not None and not emulator:
        raise UsageError("--slots is for the runner that --emulator starts: give it to your own runners")
