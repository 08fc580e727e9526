"""`benchfleet http detect`."""

from pathlib import Path
from typing import Annotated

import typer

from benchfleet.cli.http.options import Own
from benchfleet.cli.options import AsJson

WRONG_USAGE = 2


def run(
    app: Annotated[Path, typer.Argument(help="The folder of an app.")] = Path(),
    framework: Annotated[str | None, typer.Option("--framework", help="Take this one.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="What spoke for each framework.")] = False,
    registry: Own = None,
    as_json: AsJson = False,
) -> None:
    """Tell which framework an app is written with. Nothing is started.

    Exit codes: 0 found, 2 wrong usage, 3 none or several fit, or the app is to be skipped.
    """
    from benchfleet.cli.documents.http import HttpDetected
    from benchfleet.cli.http.measuring import MISTYPED, NOT_FOUND, registry_of
    from runner_image.workloads.http.detection import explain as explaining

    told = explaining.explain(app, registry_of(registry), name=framework)
    found = told.detected
    document = HttpDetected(
        folder=str(told.folder),
        framework=found.framework.name if found else None,
        why=list(found.why) if found else [],
        error=str(told.error) if told.error else None,
    )
    if as_json:
        print(document.model_dump_json(indent=2))
    elif found:
        print(f"{document.framework} in {document.folder}: {'; '.join(document.why)}")
    else:
        typer.echo(f"benchfleet: {document.error}", err=True)
    if explain and not as_json:
        for row in told.rows:
            print(f"  {row.name:<18} {row.weight:>3}  {'; '.join(row.signs)}")
    if not found:
        raise typer.Exit(WRONG_USAGE if isinstance(told.error, MISTYPED) or not told.folder.is_dir() else NOT_FOUND)
