"""`benchfleet http compare`."""

from typing import Annotated

import typer

from benchfleet.cli.http.options import Output, Own, Quick, Resume, Suite
from benchfleet.cli.options import AsJson


def run(
    frameworks: Annotated[
        str, typer.Option("--frameworks", help="Names with commas: see `benchfleet http frameworks`.")
    ],
    suite: Suite = "all",
    quick: Quick = False,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Starts of each server.")] = 3,
    output: Output = None,
    resume: Resume = False,
    registry: Own = None,
    as_json: AsJson = False,
) -> None:
    """Measure frameworks by turns on this machine. What fails of one costs the others nothing.

    Exit codes: 0 all was measured, 1 an error, 2 wrong usage, 4 nothing could be believed, 5 some was not measured.
    """
    from benchfleet_contract.workloads.http import HttpOptions

    from benchfleet.cli.http.measuring import measure, registry_of

    names = list(dict.fromkeys(name.strip() for name in frameworks.split(",") if name.strip()))
    subjects = {name: HttpOptions(framework=name, suites=suite.split(","), quick=quick) for name in names}
    measure(subjects, repeats=repeats, output=output, resume=resume, registry=registry_of(registry), as_json=as_json)
