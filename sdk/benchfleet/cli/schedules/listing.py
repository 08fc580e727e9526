"""`benchfleet schedule list`."""

import sys

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect


def run(api_url: ApiUrl = None, api_key: ApiKey = None, profile: Profile = None, as_json: AsJson = False) -> None:
    """List schedules by name, with their next firing and how the last one ended."""
    with connect(api_url, api_key, profile) as client:
        found = client.schedules()
    if as_json:
        from benchfleet.cli.documents.schedules import SchedulesList
        from benchfleet.cli.output import print_document

        print_document(SchedulesList(schedules=found))
        return
    if not found:
        print("No schedules yet: `benchfleet schedule create` makes one.", file=sys.stderr)
        return
    from benchfleet.cli.ages import ago
    from benchfleet.cli.output import plain_table, print_table, state

    table = plain_table("schedule", "when", "next", "last")
    for each in found:
        last = state(each.last.state) if each.last else ""
        table.add_row(each.name, each.expression, ago(each.next_at) or "never", last)
    print_table(table)
