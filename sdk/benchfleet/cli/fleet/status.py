"""`benchfleet fleet status`."""

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile
from benchfleet.cli.run_ids import RunId


def run(
    run_id: RunId,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show how far a run is: tests by status, cost, and each repository on each model."""
    from benchfleet.cli.documents.fleet import FleetStatusShown
    from benchfleet.cli.fleet.connecting import flows, resolve, wait_for
    from benchfleet.cli.fleet.shown import print_status
    from benchfleet.cli.output import print_document

    with flows((api_url, api_key, profile), of=run_id) as client:
        found = wait_for(client.status(resolve(client, run_id)))
    if as_json:
        print_document(FleetStatusShown(**found.model_dump()))
    else:
        print_status(found)
