"""`benchfleet schedule delete`."""

import sys
from typing import Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect, somebody_there
from benchfleet.cli.schedules.named import ScheduleName
from benchfleet.exceptions import UsageError

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def run(
    name: ScheduleName,
    yes: Yes = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Delete a schedule with its history. Its runs stay, and a run that goes on goes on.

    Asks first; where nobody can be asked (a pipe, a script), --yes is needed.
    """
    with connect(api_url, api_key, profile) as client:
        client.schedule(name)
        deleted = yes or _agreed(name)
        if deleted:
            client.delete_schedule(name)
    if as_json:
        from benchfleet.cli.documents.schedules import ScheduleDeleted
        from benchfleet.cli.output import print_document

        print_document(ScheduleDeleted(schedule=name, deleted=deleted))
    elif deleted:
        print(f"Schedule {name} is deleted.")
    else:
        print("Nothing is deleted.", file=sys.stderr)


def _agreed(name: str) -> bool:
    """Raises UsageError if there is nobody to ask."""
    if not somebody_there():
        raise UsageError(f"deleting schedule {name} cannot be undone: say --yes")
    return typer.confirm(f"Delete schedule {name} and its history? Its runs stay", err=True)
