"""`benchfleet models list`."""

import sys
from typing import Annotated, Literal

import typer

from benchfleet.cli.models.codes import errors_are_one
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect

Status = Annotated[Literal["live", "all"], typer.Option(help="all: also models that only stale executors have.")]


def run(
    status: Status = "all",
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List models with the status of each executor that has them."""
    from benchfleet.cli.models.shown import print_models_document, print_statuses

    with errors_are_one(), connect(api_url, api_key, profile) as client:
        found = list(client.models(status=status, executors=True))
    if as_json:
        print_models_document(found)
    elif found:
        print_statuses(found)
    else:
        print("No executor has announced a model.", file=sys.stderr)
