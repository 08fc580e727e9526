"""`benchfleet runs list`."""

import sys
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.cli.run_ids import LATEST, RESULTS
from benchfleet.cli.runs.here import Local, Results, either, tell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from benchfleet_contract.runs import RunListItem

DEFAULT_LIMIT = 20

Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]
Status = Annotated[
    Literal["running", "completed", "failed", "cancelled"] | None, typer.Option(help="Only runs in this state.")
]


def run(
    limit: Limit = DEFAULT_LIMIT,
    status: Status = None,
    local: Local = False,
    results: Results = RESULTS,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first: the control plane's, or those in RESULTS if none is named."""
    from benchfleet.cli.documents.runs import RunsList
    from benchfleet.cli.output import print_document

    def some(runs: "Iterable[RunListItem]") -> "list[RunListItem]":
        return list(islice((item for item in runs if status in (None, item.status)), limit + 1))

    found = either(
        lambda: connect(api_url, api_key, profile, of=LATEST),
        lambda: some(_here(results)),
        lambda client: some(client.runs()),
        local=local,
    )
    if as_json:
        print_document(RunsList(runs=found[:limit], more=len(found) > limit))
    else:
        _tell(found[:limit], more=len(found) > limit, status=status)


def _here(results: "Path") -> "list[RunListItem]":
    from benchfleet_contract.runs import RunListItem

    from benchfleet.results.run_on_disk import runs_in

    tell(results)
    return [RunListItem.model_validate(run, from_attributes=True) for run in runs_in(results)]


def _tell(runs: "list[RunListItem]", *, more: bool, status: str | None) -> None:
    from benchfleet.cli.ages import ago
    from benchfleet.cli.output import plain_table, print_table, state

    if not runs:
        said = f"No run is {status}." if status else "No runs yet: `benchfleet run -c CONFIG` creates one."
        print(said, file=sys.stderr)
        return
    table = plain_table("run", "status", "workload", "created")
    for item in runs:
        table.add_row(item.run_id, state(item.status), item.workload, ago(item.created_at))
    print_table(table)
    if more:
        print(f"There are more: --limit {len(runs) * 2} shows them.", file=sys.stderr)
