"""`benchfleet executors list`."""

import sys
from typing import Annotated, Literal

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.exceptions import UsageError

Status = Annotated[
    Literal["all", "available", "busy", "overloaded", "unavailable", "draining", "stale"],
    typer.Option(help="Only those."),
]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="NAME=VALUE", help="Only with this label; may be repeated.")
]


def run(
    status: Status = "all",
    label: Labels = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List executors that are live or stale, by id."""
    from benchfleet.cli.documents.models import ExecutorsList
    from benchfleet.cli.executors.shown import print_executors
    from benchfleet.cli.output import print_document

    labels = dict(map(_pair, label or []))
    with connect(api_url, api_key, profile) as client:
        found = list(client.executors(status=status, labels=labels))
    if as_json:
        print_document(ExecutorsList(executors=found))
    elif found:
        print_executors(found)
    else:
        print("No executor is there.", file=sys.stderr)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"--label {text!r}: write NAME=VALUE")
    return name, value
