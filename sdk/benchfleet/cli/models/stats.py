"""`benchfleet models stats`."""

from benchfleet.cli.models.codes import errors_are_one
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect


def run(api_url: ApiUrl = None, api_key: ApiKey = None, profile: Profile = None, as_json: AsJson = False) -> None:
    """Show how many executors and models there are."""
    from benchfleet.cli.documents.models import Statistics
    from benchfleet.cli.output import plain_table, print_document, print_table
    from benchfleet.watch.durations import span

    with errors_are_one(), connect(api_url, api_key, profile) as client:
        found = client.registry_stats()
    if as_json:
        print_document(Statistics.model_validate(found.model_dump()))
        return
    table = plain_table("", "")
    table.show_header = False
    rows = {
        "executors": found.total_executors, "connected": found.connected_executors, "stale": found.stale_executors,
        "overloaded": found.overloaded_executors, "draining": found.draining_executors, "models": found.total_models,
        "requests": found.total_requests, "counted for": span(found.uptime), "revision": found.registry_revision,
    }  # fmt: skip
    for name, value in rows.items():
        table.add_row(name, str(value))
    print_table(table)
