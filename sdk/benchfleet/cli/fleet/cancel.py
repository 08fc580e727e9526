"""`benchfleet fleet cancel`."""

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile
from benchfleet.cli.run_ids import RunId


def run(
    run_id: RunId,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Stop a run. Tests that were not sent are skipped, answers so far are kept, and no question is asked.

    `fleet run --retry-errors RUN_ID` sends what is missing later. A run that has ended is left as it is; that is no failure.
    """
    from benchfleet_contract.fleets.runs import ENDED

    from benchfleet.cli.documents.fleet import FleetCancelled
    from benchfleet.cli.fleet.connecting import flows, resolve, wait_for
    from benchfleet.cli.output import print_document

    with flows((api_url, api_key, profile), of=run_id) as client:
        found = wait_for(client.status(resolve(client, run_id)))
        cancelled = found.status not in ENDED
        if cancelled:
            wait_for(client.cancel(found.run_id))
            found = wait_for(client.status(found.run_id))
    if as_json:
        print_document(FleetCancelled(run_id=found.run_id, cancelled=cancelled, status=found.status))
    else:
        print(f"Run {found.run_id} {'is stopped' if cancelled else f'had ended before: {found.status}'}.")
