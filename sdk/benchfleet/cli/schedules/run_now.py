"""`benchfleet schedule run-now`."""

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.schedules.named import ScheduleName


def run(
    name: ScheduleName,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Fire a schedule now, beside its times. Where a run of it goes on, its overlap decides.

    The run comes within seconds: `benchfleet schedule show` has its id.
    """
    with connect(api_url, api_key, profile) as client:
        firing = client.run_schedule_now(name)
    if as_json:
        from benchfleet.cli.documents.schedules import ScheduleFired
        from benchfleet.cli.output import print_document

        print_document(ScheduleFired(schedule=name, scheduled_at=firing.scheduled_at, state=firing.state))
    else:
        print(f"Schedule {name} fires: `benchfleet schedule show {name}` has the run in a moment.")
