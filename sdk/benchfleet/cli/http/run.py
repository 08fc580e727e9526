"""`benchfleet http run`."""

from pathlib import Path
from typing import Annotated

import typer

from benchfleet.cli.http.options import Again, Baseline, FrameworkName, Output, Own, Quick, Resume, Set, Suite
from benchfleet.cli.options import AsJson


def run(
    app: Annotated[Path, typer.Argument(help="The folder of an app.")] = Path(),
    framework: FrameworkName = None,
    suite: Suite = "all",
    quick: Quick = False,
    setting: Set = None,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Starts of the server.")] = 1,
    output: Output = None,
    resume: Resume = False,
    again: Again = 1,
    baseline: Baseline = None,
    registry: Own = None,
    as_json: AsJson = False,
) -> None:
    """Measure the app of a folder: it is detected, installed, built, started, verified, loaded and stopped.

    Exit codes: 0 all was measured, 1 an error or worse than the baseline, 2 wrong usage, 3 no framework or several fit,
    4 nothing could be believed, 5 some was not measured.
    """
    from benchfleet.cli.http.measuring import Asked, detected, measure, registry_of
    from benchfleet.cli.http.settings import settings

    known = registry_of(registry)
    name, source = detected(app, known, framework)
    options = settings(suite, setting or [], quick=quick).model_copy(update={"framework": framework, "app": source})
    measure({name: options}, Asked(repeats, output, known, resume, again, baseline, as_json))
