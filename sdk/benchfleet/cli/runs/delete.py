"""`benchfleet runs delete`."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect, somebody_there
from benchfleet.cli.run_ids import complete, resolve
from benchfleet.exceptions import ApiError, Conflict, NotFound, UsageError

if TYPE_CHECKING:
    from benchfleet.client import Client

RunIds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN_ID", help="The runs; `latest` is the newest that the control plane has.", autocompletion=complete
    ),
]
OlderThan = Annotated[
    str | None, typer.Option(metavar="AGE", help="All that were created longer ago and have ended: 12h, 30d, 4w.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
_NAMED = 10  # ids that the question names


def run(
    run_ids: RunIds = None,
    older_than: OlderThan = None,
    yes: Yes = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Delete runs that have ended, with their archives and uploads. It cannot be undone.

    Asks first; where nobody can be asked (a pipe, a script), --yes is needed. What was downloaded to this machine stays as
    it is. A run that is not there or not over is told, and the others are deleted all the same.
    """
    if bool(run_ids) == bool(older_than):
        raise UsageError("say which runs: their ids, or --older-than AGE")
    with connect(api_url, api_key, profile, of=run_ids[0] if run_ids else None) as client:
        meant = [resolve(client, given) for given in run_ids or ()] or _older(client, older_than or "")
        if meant and not (yes or _agreed(meant)):
            print("Nothing is deleted.", file=sys.stderr)
            meant = []
        deleted, refused = _delete(client, list(dict.fromkeys(meant)))
    _tell(deleted, refused, as_json=as_json)


def _older(client: "Client", age: str) -> list[str]:
    """The oldest first, so that what is left after an interruption are the younger ones."""
    from datetime import UTC, datetime, timedelta

    from benchfleet.cli.ages import seconds

    before = datetime.now(UTC) - timedelta(seconds=seconds(age))
    found = [
        item.run_id
        for item in client.runs()
        if item.status.is_over and datetime.fromisoformat(item.created_at) < before
    ]
    if not found:
        print(f"No run that has ended is older than {age}.", file=sys.stderr)
    return found[::-1]


def _agreed(meant: Sequence[str]) -> bool:
    """Raises UsageError if there is nobody to ask."""
    what = f"run {meant[0]}" if len(meant) == 1 else f"{len(meant)} runs"
    if not somebody_there():
        raise UsageError(f"deleting {what} cannot be undone: say --yes")
    more = f" and {len(meant) - _NAMED} more" if len(meant) > _NAMED else ""
    named = f" ({', '.join(meant[:_NAMED])}{more})" if len(meant) > 1 else ""
    return typer.confirm(f"Delete {what}{named} with archive and uploads? It cannot be undone", err=True)


def _delete(client: "Client", meant: Sequence[str]) -> tuple[list[str], dict[str, ApiError]]:
    """Begins all deletions before it waits for any: they go on side by side."""
    refused: dict[str, ApiError] = {}
    for run_id in meant:
        try:
            client.delete_run(run_id, wait=False)
        except (NotFound, Conflict) as error:
            refused[run_id] = error
    begun = [run_id for run_id in meant if run_id not in refused]
    with _progress(len(begun)) as advance:
        for run_id in begun:
            _wait(client, run_id)
            advance()
    return begun, refused


def _wait(client: "Client", run_id: str) -> None:
    try:
        client.delete_run(run_id)
    except NotFound:  # gone already
        return


def _tell(deleted: Sequence[str], refused: dict[str, ApiError], *, as_json: bool) -> None:
    """Raises the first refusal, when all is told."""
    if as_json:
        from benchfleet.cli.documents.runs import RunKept, RunsDeleted
        from benchfleet.cli.output import print_document

        kept = [RunKept(run_id=run_id, code=error.code, reason=str(error)) for run_id, error in refused.items()]
        print_document(RunsDeleted(deleted=list(deleted), refused=kept))
    else:
        for run_id in deleted:
            print(f"Run {run_id} is deleted.")
        if deleted:
            print("What was downloaded to this machine is left as it is.", file=sys.stderr)
    first, *others = refused.values() or [None]
    for error in others:
        print(f"benchfleet: {error}", file=sys.stderr)
    if first:
        raise first


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """On a terminal, and on stderr, for more runs than one; in a pipe there is none."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    if total < 2 or not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn("deleting runs"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("delete", total=total)
        yield lambda: progress.advance(bar)
