"""`benchfleet runs watch`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connection
from benchfleet.cli.run_ids import RunId, resolve

if TYPE_CHECKING:
    from benchfleet_contract.runs import RunDetail

Timeout = Annotated[float | None, typer.Option("--timeout", min=1, help="Seconds to wait at most (default: no limit).")]


def run(
    run_id: RunId,
    timeout_s: Timeout = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Follow a run until it has ended and its archive is built.

    Live on a terminal, one line for each change in a pipe, both on standard error. Ctrl-C ends the watching, not the
    run. Exit code 1 if the run or some of its tasks failed.
    """
    from rich.console import Console

    from benchfleet.cli.documents.runs import RunShown
    from benchfleet.cli.output import print_document
    from benchfleet.cli.progress import display
    from benchfleet.cli.runs.shown import print_run
    from benchfleet.client import Client
    from benchfleet.watch.polling import watch_run

    where = connection(api_url, api_key, profile, of=run_id)
    with Client(where.api_url, key=where.key) as client:
        meant = resolve(client, run_id)
    with (
        Client(where.api_url, key=where.key, repeats=False) as client,
        _said(meant),
        display(Console(stderr=True)) as shown,
    ):
        ended = watch_run(client, meant, display=shown, timeout_s=timeout_s)
    if as_json:
        print_document(RunShown.of(ended))
    else:
        print_run(ended)
    require_success(ended)


@contextmanager
def _said(run_id: str) -> Iterator[None]:
    """Ctrl-C ends the watching, and nobody should wonder whether it ended the run."""
    try:
        yield
    except KeyboardInterrupt:
        words = f"Run {run_id} goes on: only the watching has ended. To look again: benchfleet runs watch {run_id}"
        print(words, file=sys.stderr)
        raise


def require_success(run: "RunDetail") -> None:
    """Raises RunFailed unless every task completed."""
    from benchfleet_contract.states import RunStatus

    from benchfleet.exceptions import RunFailed
    from benchfleet.results.lost import lost_words
    from benchfleet.results.stops import missing

    if run.status != RunStatus.COMPLETED:
        raise RunFailed(f"run {run.run_id} is {run.status}: {run.reason or 'no reason given'}")
    if lacking := missing(run):
        raise RunFailed(
            f"{lacking} of {run.tasks.total} tasks did not complete; `benchfleet runs explain {run.run_id}` says why"
        )
    if lost := lost_words(run.archive):
        raise RunFailed(lost)
