"""`benchfleet runs show`."""

from typing import TYPE_CHECKING

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.run_ids import RESULTS, RunId, resolve
from benchfleet.cli.runs.here import Local, Results, either, find

if TYPE_CHECKING:
    from benchfleet_contract.launches import LaunchView
    from benchfleet_contract.runs import RunDetail
    from benchfleet_contract.summary import RunSummary

    from benchfleet.client import Client


def run(
    run_id: RunId,
    local: Local = False,
    results: Results = RESULTS,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show one run: its state, its tasks by instance type, its archive, and the ranking of what it measured.

    `benchfleet runs explain` tells why tasks wait or failed. Exit code 1 where the archive does not hold every accepted result.
    """
    from benchfleet.cli.documents.runs import RunShown
    from benchfleet.cli.output import print_document
    from benchfleet.cli.runs.measured import print_measured, summary_of
    from benchfleet.cli.runs.shown import print_machines, print_run
    from benchfleet.exceptions import RunFailed
    from benchfleet.results.lost import lost_words

    def ask(client: "Client") -> "tuple[RunDetail, RunSummary | None, list[LaunchView]]":
        run = client.run(resolve(client, run_id))
        return run, summary_of(client, run), client.launches(run.run_id).launches if run.launches else []

    found, summary, launches = either(
        lambda: connect(api_url, api_key, profile, of=run_id),
        lambda: (find(run_id, results)[0], None, []),
        ask,
        local=local,
    )
    if as_json:
        print_document(RunShown.of(found, summary, launches))
    else:
        print_run(found)
        print_machines(launches)
        print_measured(summary)
    if lost := lost_words(found.archive):
        raise RunFailed(f"{found.run_id}: {lost}")
