"""`benchfleet http compare`."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.http.options import Again, Baseline, Output, Own, Quick, Resume, Set, Suite
from benchfleet.cli.options import AsJson

if TYPE_CHECKING:
    from benchfleet_contract.workloads.http import HttpOptions

    from runner_image.workloads.http.frameworks.registry import Registry


def run(
    frameworks: Annotated[
        str, typer.Option("--frameworks", help="Names with commas: see `benchfleet http frameworks`.")
    ] = "",
    app: Annotated[
        list[Path] | None, typer.Option("--app", metavar="DIR", help="An app of your own beside them; repeatable.")
    ] = None,
    suite: Suite = "all",
    quick: Quick = False,
    setting: Set = None,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Starts of each server.")] = 3,
    output: Output = None,
    resume: Resume = False,
    again: Again = 1,
    baseline: Baseline = None,
    registry: Own = None,
    as_json: AsJson = False,
) -> None:
    """Measure frameworks by turns on this machine. What fails of one costs the others nothing.

    Exit codes: 0 all was measured, 1 an error or worse than the baseline, 2 wrong usage, 3 of no app a framework is known,
    4 nothing could be believed, 5 some was not measured.
    """
    from benchfleet.cli.http.measuring import NOT_FOUND, Asked, measure, registry_of
    from benchfleet.cli.http.settings import settings
    from benchfleet.exceptions import UsageError

    known = registry_of(registry)
    shared = settings(suite, setting or [], quick=quick)
    names = [name.strip() for name in frameworks.split(",") if name.strip()]
    subjects = {name: shared.model_copy(update={"framework": name}) for name in names}
    left_out = _found(app or [], known, shared, subjects)
    if not subjects and left_out:
        raise typer.Exit(NOT_FOUND)
    if not subjects:
        raise UsageError("nothing to compare: name --frameworks, or --app with the folder of an app")
    measure(subjects, Asked(repeats, output, known, resume, again, baseline, as_json, left_out))


def _found(
    apps: Sequence[Path], known: "Registry", shared: "HttpOptions", subjects: dict[str, "HttpOptions"]
) -> dict[str, "HttpOptions"]:
    """Adds the apps to `subjects` by their frameworks' names; the rest, by their folders' names, is told and left out."""
    from benchfleet_contract.workloads.http import AppSource

    from benchfleet.cli.http.measuring import found_in
    from runner_image.workloads.protocol import WorkloadError

    odd: list[Path] = []
    for folder in apps:
        try:
            framework, source = found_in(folder, known)
        except WorkloadError as error:
            typer.echo(f"benchfleet: left out: {error}", err=True)
            odd.append(folder.resolve())
            continue
        name = _free(framework, Path(source.path or "").name, subjects)
        subjects[name] = shared.model_copy(update={"app": source})
    left_out: dict[str, HttpOptions] = {}
    for folder in odd:
        name = _free(folder.name, "app", {*subjects, *left_out})
        left_out[name] = shared.model_copy(update={"app": AppSource(path=str(folder))})
    return left_out


def _free(framework: str, folder: str, taken: Collection[str]) -> str:
    """`fastapi`, else `fastapi.shop`, else `fastapi.shop.2`: two apps of one framework have names of their own."""
    names = [framework, f"{framework}.{folder}", *(f"{framework}.{folder}.{number}" for number in range(2, 100))]
    return next(name for name in names if name not in taken)
