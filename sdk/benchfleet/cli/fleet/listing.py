"""`benchfleet fleet list`."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile
from benchfleet.cli.run_ids import LATEST

if TYPE_CHECKING:
    from benchfleet_contract.fleets.runs import FleetRunItem

Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]
FleetId = Annotated[str, typer.Option("--fleet-id", metavar="ID", help="Only runs of this fleet.")]
Status = Annotated[
    Literal["queued", "running", "completed", "partial", "failed", "cancelled"] | None,
    typer.Option(help="Only runs in this state."),
]


def run(
    limit: Limit = 20,
    fleet_id: FleetId = "",
    status: Status = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List runs of fleets, the newest first."""
    from benchfleet.cli.documents.fleet import FleetRunsListed
    from benchfleet.cli.fleet.connecting import flows, wait_for
    from benchfleet.cli.output import print_document

    with flows((api_url, api_key, profile), of=LATEST) as client:
        found = wait_for(client.runs(fleet_id=fleet_id, status=status or "", most=limit + 1))
    if as_json:
        print_document(FleetRunsListed(runs=found[:limit], more=len(found) > limit))
    else:
        _tell(found[:limit], more=len(found) > limit)


def _tell(runs: "list[FleetRunItem]", *, more: bool) -> None:
    from benchfleet.cli.ages import ago
    from benchfleet.cli.output import plain_table, print_table, state

    if not runs:
        print("No such runs: `benchfleet fleet run -m MANIFEST` creates one.", file=sys.stderr)
        return
    table = plain_table("run", "fleet", "status", "created")
    for item in runs:
        table.add_row(item.run_id, item.fleet_id, state(item.status), ago(item.created_at))
    print_table(table)
    if more:
        print(f"There are more: --limit {len(runs) * 2} shows them.", file=sys.stderr)
