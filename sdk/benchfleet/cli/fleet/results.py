"""`benchfleet fleet results`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.fleet.options import Junit, MinPassRate, MinSuccessRate, Output, Shown, format_of
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile
from benchfleet.cli.run_ids import RunId

if TYPE_CHECKING:
    from benchfleet_contract.fleets.results import FleetBenchmarkResults

    from benchfleet.cli.fleet.connecting import Connecting
    from benchfleet.cli.fleet.options import Format

Fetch = Annotated[bool, typer.Option("--fetch", help="Bring all artifacts, even if they are here already.")]


def run(
    run_id: RunId,
    output: Output = None,
    fetch: Fetch = False,
    shown: Shown = "summary",
    min_success_rate: MinSuccessRate = None,
    min_pass_rate: MinPassRate = None,
    junit: Junit = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Print what came of a run that has ended: from its folder, else from the control plane.

    Exit code 8 while it is still going on.
    """
    from benchfleet.cli.fleet.ending import end, judged
    from benchfleet.fleet.verdict import Thresholds

    wanted = format_of(shown, as_json)
    found, results, folder = _found(run_id, output, (api_url, api_key, profile), fetch=fetch)
    print_as(wanted, found, results, folder)
    end(judged(results, Thresholds(min_success_rate, min_pass_rate), junit))


def print_as(wanted: "Format", run_id: str, results: "FleetBenchmarkResults", folder: Path | None) -> None:
    from benchfleet.cli.fleet.shown import print_results
    from benchfleet.cli.output import print_document

    if wanted == "quiet":
        print(run_id)
    elif wanted == "json":
        print_document(results)
    else:
        print_results(results)
        if folder is not None:
            print(f"\nArtifacts: {folder}/")


def _found(
    given: str, output: Path | None, connecting: "Connecting", *, fetch: bool
) -> "tuple[str, FleetBenchmarkResults, Path | None]":
    """The run's id, its results, and its folder where there is one."""
    from benchfleet_contract.fleets.results import FleetBenchmarkResults
    from benchfleet_contract.names import RUN_ID

    from benchfleet.cli.fleet.connecting import flows, resolve, wait_for
    from benchfleet.cli.run_ids import LATEST
    from benchfleet.fleet.comparing import read_results
    from benchfleet.fleet.flows import DEFAULT_OUTPUT
    from benchfleet.fleet.folder import RESULTS

    here = (output or DEFAULT_OUTPUT) / given
    known = given != LATEST and RUN_ID.fullmatch(given) is not None
    if known and not fetch and (here / RESULTS).is_file():
        return given, read_results(here), here
    with flows(connecting, output, of=given) as client:
        run_id = resolve(client, given)
        if fetch:
            folder = wait_for(client.fetch(run_id))
            return run_id, read_results(folder), folder
        return run_id, FleetBenchmarkResults.model_validate(wait_for(client.results(run_id))), None
