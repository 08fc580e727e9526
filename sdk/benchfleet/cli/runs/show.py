"""`benchfleet runs show`."""

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.run_ids import RESULTS, RunId, resolve
from benchfleet.cli.runs.here import Local, Results, either, find


def run(
    run_id: RunId,
    local: Local = False,
    results: Results = RESULTS,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show one run: its state, its tasks by instance type, its archive.

    `benchfleet runs explain` tells why tasks wait or failed. Exit code 1 where the archive does not hold every accepted result.
    """
    from benchfleet.cli.documents.runs import RunShown
    from benchfleet.cli.output import print_document
    from benchfleet.cli.runs.shown import print_run
    from benchfleet.exceptions import RunFailed
    from benchfleet.results.lost import lost_words

    found = either(
        lambda: connect(api_url, api_key, profile, of=run_id),
        lambda: find(run_id, results)[0],
        lambda client: client.run(resolve(client, run_id)),
        local=local,
    )
    if as_json:
        print_document(RunShown.of(found))
    else:
        print_run(found)
    if lost := lost_words(found.archive):
        raise RunFailed(f"{found.run_id}: {lost}")
