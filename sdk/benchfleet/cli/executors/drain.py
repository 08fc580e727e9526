"""`benchfleet executors drain`."""

from typing import Annotated

import typer

from benchfleet.cli.executors.named import ExecutorId
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect

Reason = Annotated[str | None, typer.Option(help="Why: it is told to the executor, and kept with its events.")]
Undo = Annotated[bool, typer.Option("--undo", help="Let it have new work again.")]


def run(
    executor_id: ExecutorId,
    reason: Reason = None,
    undo: Undo = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Give an executor no new work; what it is at goes on."""
    from benchfleet.cli.documents.models import ExecutorDrained
    from benchfleet.cli.executors.shown import print_executors
    from benchfleet.cli.output import print_document

    with connect(api_url, api_key, profile) as client:
        found = client.drain_executor(executor_id, draining=not undo, reason=reason)
    if as_json:
        print_document(ExecutorDrained(executor=found))
    else:
        print_executors([found])
