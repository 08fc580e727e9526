"""`benchfleet http compare`."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from benchfleet.cli.http.options import Again, Baseline, Output, Own, Quick, Resume, Set, Suite
from benchfleet.cli.options import AsJson


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

    Exit codes: 0 all was measured, 1 an error or worse than the baseline, 2 wrong usage, 3 an app's framework is not
    known, 4 nothing could be believed, 5 some was not measured.
    """
    from benchfleet.cli.http.measuring import Asked, detected, measure, registry_of
    from benchfleet.cli.http.settings import settings
    from benchfleet.exceptions import UsageError

    known = registry_of(registry)
    shared = settings(suite, setting or [], quick=quick)
    names = [name.strip() for name in frameworks.split(",") if name.strip()]
    subjects = {name: shared.model_copy(update={"framework": name}) for name in names}
    for folder in app or []:
        framework, source = detected(folder, known)
        name = _free(framework, Path(source.path or "").name, subjects)
        subjects[name] = shared.model_copy(update={"app": source})
    if not subjects:
        raise UsageError("nothing to compare: name --frameworks, or --app with the folder of an app")
    measure(subjects, Asked(repeats, output, known, resume, again, baseline, as_json))


def _free(framework: str, folder: str, taken: Collection[str]) -> str:
    """`fastapi`, else `fastapi.shop`, else `fastapi.shop.2`: two apps of one framework have names of their own."""
    names = [framework, f"{framework}.{folder}", *(f"{framework}.{folder}.{number}" for number in range(2, 100))]
    return next(name for name in names if name not in taken)
