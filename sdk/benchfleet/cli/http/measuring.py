"""What `run` and `compare` do alike: measure, print, end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import typer
from benchfleet_contract.workloads.http import AppSource, HttpOptions

from benchfleet.cli.documents.http import HttpMeasured
from benchfleet.cli.http.progress import shown
from benchfleet.exceptions import UsageError
from benchfleet.http.comparison import Comparison, exit_code
from runner_image.workloads.http.detection.detect import detect
from runner_image.workloads.http.frameworks.registry import InvalidRegistry, Registry, UnknownFramework
from runner_image.workloads.protocol import WorkloadError

NOT_FOUND = 3
MISTYPED = (UnknownFramework, InvalidRegistry)  # wrong usage: nothing is said of the app itself


@dataclass(frozen=True)
class Asked:
    """What both commands are told beside what to measure. `left_out`: apps that are known not to start; see Comparison."""

    repeats: int
    output: Path | None
    registry: Registry
    resume: bool = False
    again: int = 1
    baseline: Path | None = None
    as_json: bool = False
    left_out: Mapping[str, HttpOptions] = field(default_factory=dict)


def registry_of(own: Path | None) -> Registry:
    """Raises UsageError with all that is wrong with the file."""
    try:
        return Registry.load(own)
    except WorkloadError as error:
        raise UsageError(str(error)) from error


def found_in(app: Path, registry: Registry, framework: str | None = None) -> tuple[str, AppSource]:
    """The framework's name and the app's folder.

    Raises UsageError for what there is not (the folder, the framework's name, a manifest that can be used), and
    WorkloadError where the app is to be skipped, or no framework or several fit.
    """
    if not app.is_dir():
        raise UsageError(f"there is no folder {app}: give the folder of an app")
    try:
        found = detect(app, registry, name=framework)
    except MISTYPED as error:
        raise UsageError(str(error)) from error
    return found.framework.name, AppSource(path=str(found.folder))


def detected(app: Path, registry: Registry, framework: str | None = None) -> tuple[str, AppSource]:
    """As `found_in`, but raises typer.Exit(3) where it raises WorkloadError."""
    try:
        return found_in(app, registry, framework)
    except WorkloadError as error:
        typer.echo(f"benchfleet: {error}", err=True)
        raise typer.Exit(NOT_FOUND) from error


def measure(subjects: Mapping[str, HttpOptions], asked: Asked) -> None:
    """Raises typer.Exit with the exit code of what was measured: 0, 4 or 5; RunFailed (1) by the baseline."""
    folder = asked.output or Path("results") / f"http-{datetime.now(UTC).strftime('%Y%m%d-%H%M%S')}"
    if asked.baseline and not asked.baseline.is_dir():
        raise UsageError(f"--baseline {asked.baseline} is not a folder of results")
    with shown() as told:
        comparison = Comparison(subjects, asked.repeats, folder, asked.registry, asked.again, told, asked.left_out)
        results = comparison.measured(resume=asked.resume)
    from benchfleet.cli.http.ending import judged, print_end  # late: tables, which no JSON needs

    if asked.as_json:
        print(HttpMeasured(folder=str(folder), results=results).model_dump_json(indent=2))
        if asked.baseline:
            judged(folder, asked.baseline)
    else:
        print_end(folder, results, baseline=asked.baseline)
    if code := exit_code(results):
        raise typer.Exit(code)
