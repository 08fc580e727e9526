"""`benchfleet nuke`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.deploy import Region, Stage, Yes
from benchfleet.cli.options import AsJson, somebody_there
from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet.cli.deploy_progress import Shown
    from benchfleet.nuke.driver import Nuke, NukeOptions
    from benchfleet.nuke.thing import Thing

RunId = Annotated[str | None, typer.Option(metavar="RUN_ID", help="Only this run: stop it, and end its machines.")]
ProvidersOnly = Annotated[bool, typer.Option("--providers-only", help="Only machines, of all runs.")]
AlsoRegion = Annotated[
    list[str] | None, typer.Option(metavar="REGION", help="A further region to look into; may be repeated.")
]
WithResults = Annotated[
    bool, typer.Option("--with-results", help="Also the table and the bucket, with the results of all runs.")
]
Plan = Annotated[bool, typer.Option("--plan", help="Show what there is and what it costs, and delete nothing.")]
Prices = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="A price table, as for `report` (default: the prices that this machine knows of AWS)."
    ),
]


def run(
    stage: Stage = "dev",
    region: Region = None,
    also_region: AlsoRegion = None,
    run_id: RunId = None,
    providers_only: ProvidersOnly = False,
    with_results: WithResults = False,
    prices: Prices = None,
    plan: Plan = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete a stage from your AWS account, or only its machines.

    Shows what there is, and asks for the stage's name. The table and the bucket stay unless --with-results says otherwise.
    With --run-id, the run is stopped first: its results so far are kept. Safe to run again: what is gone is no error.
    Exit code 1 if something is left.
    """
    from benchfleet.nuke.driver import NukeOptions, require_sensible
    from benchfleet.nuke.hourly import hourly

    options = NukeOptions(
        stage=stage,
        scope=require_sensible(run_id=run_id, providers_only=providers_only, with_results=with_results),
        run_id=run_id,
        regions=tuple(also_region or ()),
        with_results=with_results,
        hourly=hourly(prices),
    )
    raise typer.Exit(go(options, region, plan=plan, asks=not yes, as_json=as_json))


def go(options: "NukeOptions", region: str | None, *, plan: bool, asks: bool, as_json: bool) -> int:
    """The exit code. Raises BenchfleetError, typer.Abort for another answer than the stage's name."""
    from rich.console import Console

    from benchfleet.cli.deploy import folders
    from benchfleet.cli.deploy_progress import display
    from benchfleet.deploy.aws import Aws
    from benchfleet.nuke.driver import Nuke
    from benchfleet.running.interrupts import Interrupts

    if asks and not plan and not somebody_there():
        raise UsageError("nobody is here to be asked: add --yes, or --plan to see what would be deleted")
    aws = Aws(region)
    with Interrupts().caught(), display(Console(stderr=True)) as progress:
        nuke = Nuke(aws, options, folders(), progress)
        try:
            return _through(nuke, options, progress, plan=plan, asks=asks, as_json=as_json)
        except KeyboardInterrupt:
            progress.note(f"Interrupted. Left behind: {nuke.left_behind}.")
            raise


def _through(nuke: "Nuke", options: "NukeOptions", progress: "Shown", *, plan: bool, asks: bool, as_json: bool) -> int:
    from benchfleet import exit_codes
    from benchfleet.cli.nuke_ending import print_inventory, print_left

    found = nuke.examine()
    if not found.things:
        found = replace(found, things=nuke.strays())
    progress.close()
    if plan:
        print_inventory(found, nuke, options, as_json=as_json)
        return exit_codes.OK
    if asks and (found.things or found.strangers):
        print_inventory(found, nuke, options, as_json=False, to_stderr=True)
        _ask(options, nuke)
    if found.things:
        nuke.run()
    left: list[Thing] = nuke.left()
    print_left(found, left, nuke, options, as_json=as_json)
    return exit_codes.FAILED if left else exit_codes.OK


def _ask(options: "NukeOptions", nuke: "Nuke") -> None:
    doing = f"stop run {options.run_id} and end its machines in" if options.run_id else "delete this from"
    words = f"Type {options.stage} to {doing} account {nuke.account}"
    if str(typer.prompt(words, default="", show_default=False, err=True)).strip() != options.stage:
        typer.echo("Nothing is deleted.", err=True)
        raise typer.Abort
