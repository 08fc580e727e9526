"""`benchfleet fleet wait`."""

from pathlib import Path
from typing import TYPE_CHECKING

from benchfleet_contract.names import RUN_ID

from benchfleet.cli.fleet.options import Junit, MinPassRate, MinSuccessRate, Output, Poll, Shown, Timeout, format_of
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile
from benchfleet.cli.run_ids import RunId

if TYPE_CHECKING:
    from benchfleet_contract.fleets.results import FleetBenchmarkResults

    from benchfleet.cli.fleet.connecting import Connecting


def run(
    run_id: RunId,
    output: Output = None,
    timeout_s: Timeout = None,
    poll_s: Poll = 2.0,
    shown: Shown = "summary",
    min_success_rate: MinSuccessRate = None,
    min_pass_rate: MinPassRate = None,
    junit: Junit = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Wait for a run's end, bring its artifacts and print what came of it. The exit code tells how it went."""
    from benchfleet.cli.fleet.ending import end, judged
    from benchfleet.cli.fleet.results import print_as
    from benchfleet.fleet.verdict import Thresholds

    wanted = format_of(shown, as_json)
    found, results, folder = _brought(
        run_id, output, (api_url, api_key, profile), (timeout_s, poll_s), quiet=wanted == "quiet"
    )
    print_as(wanted, found, results, folder)
    end(judged(results, Thresholds(min_success_rate, min_pass_rate), junit))


def _brought(
    given: str, output: Path | None, connecting: "Connecting", pace: tuple[float | None, float], *, quiet: bool
) -> "tuple[str, FleetBenchmarkResults, Path]":
    """One that was begun here with --emulator is taken up again where whoever looked after it was killed."""
    from benchfleet.cli.fleet.connecting import flows, resolve
    from benchfleet.cli.fleet.ending import brought, brought_here
    from benchfleet.fleet import alone
    from benchfleet.fleet.comparing import read_results
    from benchfleet.fleet.flows import DEFAULT_OUTPUT
    from benchfleet.fleet.folder import RESULTS

    timeout_s, poll_s = pace
    here = (output or DEFAULT_OUTPUT) / given
    if RUN_ID.fullmatch(given) and (here / RESULTS).is_file():
        return given, read_results(here), here
    state = None if connecting[0] else alone.find(given) if RUN_ID.fullmatch(given) else None
    if state is not None:
        if not alone.is_at_work(given):
            alone.start_supervisor(state)
        results = brought_here(state, timeout_s=timeout_s, poll_s=poll_s, quiet=quiet)
        return given, results, Path(state.folder)
    with flows(connecting, output, of=given) as client:
        run_id = resolve(client, given)
        folder = client.folder(run_id)
        results = brought(client, run_id, folder, timeout_s=timeout_s, poll_s=poll_s, quiet=quiet)
        return run_id, results, folder
