"""`benchfleet fleet rescore`."""

from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.fleet.options import Config, Formats, ManifestFile, Out, Output
from benchfleet.cli.options import AsJson

if TYPE_CHECKING:
    from benchfleet.fleet.rescoring import Run

RunPlace = Annotated[str, typer.Argument(metavar="RUN", help="A run's id or folder, with its answers in results.json.")]

Python = Annotated[
    bool, typer.Option("--python", help="Run `python` assertions here, each in a process that sees no keys.")
]


def run(
    run: RunPlace,
    manifest: ManifestFile,
    config: Config = None,
    output: Output = None,
    out: Out = None,
    formats: Formats = "json,csv,html",
    python: Python = False,
    as_json: AsJson = False,
) -> None:
    """Score the answers of a run again by what today's manifest asserts. No model is called.

    Verdicts of judges are kept as they were, and so are those of `python` assertions without --python.
    """
    from benchfleet_contract.fleets.plan import Defaults

    from benchfleet.cli.fleet.compare import place_of
    from benchfleet.cli.fleet.written import print_written
    from benchfleet.fleet.aggregating import write
    from benchfleet.fleet.comparing import read_results
    from benchfleet.fleet.reading import read_input
    from benchfleet.fleet.rescoring import rescore

    plan = read_input(manifest, defaults=Defaults(), config_path=config).plan
    place = place_of(run, output)
    found = rescore(read_results(place), plan, run_python=_runs_python() if python else None)
    to = out or (place if place.is_dir() else place.parent)
    files = write(found.results, to, formats=formats.split(","))
    print_written(to, files, found.results, unknown=found.unknown, as_json=as_json)


def _runs_python() -> "Run":
    from benchfleet.fleet.scorers import run_python

    return run_python
