"""`benchfleet http run`."""

from pathlib import Path
from typing import Annotated

import typer

from benchfleet.cli.http.options import Output, Own, Quick, Suite
from benchfleet.cli.options import AsJson

NOT_FOUND = 3


def run(
    app: Annotated[Path, typer.Argument(help="The folder of an app.")] = Path(),
    framework: Annotated[str | None, typer.Option("--framework", help="Take this one; else it is detected.")] = None,
    suite: Suite = "all",
    quick: Quick = False,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Starts of the server.")] = 1,
    output: Output = None,
    registry: Own = None,
    as_json: AsJson = False,
) -> None:
    """Measure the app of a folder: it is detected, installed, built, started, verified, loaded and stopped.

    Exit codes: 0 all was measured, 1 an error, 2 wrong usage, 3 no framework or several fit, 4 nothing could be
    believed, 5 some was not measured.
    """
    from benchfleet_contract.workloads.http import AppSource, HttpOptions

    from benchfleet.cli.http.measuring import measure, registry_of
    from runner_image.workloads.http.detection.detect import detect
    from runner_image.workloads.protocol import WorkloadError

    known = registry_of(registry)
    try:
        found = detect(app, known, name=framework)
    except WorkloadError as error:
        typer.echo(f"benchfleet: {error}", err=True)
        raise typer.Exit(NOT_FOUND) from error
    source = AppSource(path=str(found.folder))
    options = HttpOptions(framework=framework, app=source, suites=suite.split(","), quick=quick)
    subjects = {found.framework.name: options}
    measure(subjects, repeats=repeats, output=output, resume=False, registry=known, as_json=as_json)
