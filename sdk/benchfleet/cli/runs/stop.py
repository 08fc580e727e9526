"""`benchfleet runs stop`."""

from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect, somebody_there
from benchfleet.cli.run_ids import RunId, resolve
from benchfleet.exceptions import Conflict, UsageError

if TYPE_CHECKING:
    from benchfleet_contract.runs import RunDetail

    from benchfleet.client import Client

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def run(
    run_id: RunId,
    yes: Yes = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Stop a run early. Results so far are kept and go into the archive; open tasks are cancelled.

    Asks first; where nobody can be asked (a pipe, a script), --yes is needed. A run that has ended already is left as it
    is, and that is no failure.
    """
    from benchfleet.cli.documents.runs import RunStopped
    from benchfleet.cli.output import print_document

    with connect(api_url, api_key, profile, of=run_id) as client:
        found = client.run(resolve(client, run_id))
        stopped = not found.status.is_over and (yes or _agreed(found)) and _stop(client, found.run_id)
        found = client.run(found.run_id)
    if as_json:
        told = RunStopped(run_id=found.run_id, stopped=stopped, status=found.status, tasks=found.tasks)
        print_document(told)
    else:
        print(_words(found, stopped=stopped))


def _words(run: "RunDetail", *, stopped: bool) -> str:
    if stopped:
        return f"Run {run.run_id} is stopped."
    return f"Run {run.run_id} had ended before: {run.status}." if run.status.is_over else f"Run {run.run_id} goes on."


def _agreed(run: "RunDetail") -> bool:
    """Raises UsageError if there is nobody to ask."""
    if not somebody_there():
        raise UsageError(f"stopping run {run.run_id} cannot be undone: say --yes")
    left = run.tasks.pending + run.tasks.claimed + run.tasks.running
    return typer.confirm(f"Stop run {run.run_id}? {left} of {run.tasks.total} tasks will be cancelled", err=True)


def _stop(client: "Client", run_id: str) -> bool:
    """False if the run ended in the meantime."""
    try:
        client.stop_run(run_id)
    except Conflict:
        return False
    return True
