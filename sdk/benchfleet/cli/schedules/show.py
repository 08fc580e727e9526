"""`benchfleet schedule show`."""

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.schedules.named import ScheduleName


def run(
    name: ScheduleName,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show a schedule: when it fires next, and what became of its newest firings."""
    with connect(api_url, api_key, profile) as client:
        found = client.schedule(name)
    if as_json:
        from benchfleet.cli.documents.schedules import ScheduleShown
        from benchfleet.cli.output import print_document

        print_document(ScheduleShown.model_validate(found.model_dump()))
    else:
        from benchfleet.cli.schedules.shown import print_schedule

        print_schedule(found)
