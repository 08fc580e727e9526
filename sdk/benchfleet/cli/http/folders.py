"""`benchfleet http report` and `consolidate`: what was measured before."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.http.options import Baseline
from benchfleet.cli.options import AsJson

if TYPE_CHECKING:
    from benchfleet_contract.http_results import HttpResult

Folders = Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Results folders, such as results/http-….")]


def report(
    folder: Annotated[Path, typer.Argument(help="A results folder, such as results/http-….")],
    baseline: Baseline = None,
    as_json: AsJson = False,
) -> None:
    """Print starts, verdict and what is missing as `compare` does, and write the page anew.

    Exit codes: 0 all was measured, 1 worse than the baseline, 2 wrong usage, 4 nothing could be believed, 5 some was not
    measured.
    """
    from benchfleet.http.comparison import exit_code
    from benchfleet.http.consolidate import read

    results = [one.result for one in read(folder)]
    _told(folder, results, as_json=as_json, baseline=baseline)
    if code := exit_code(results):
        raise typer.Exit(code)


def consolidate(
    folders: Folders,
    output: Annotated[Path, typer.Option("--output", help="The new results folder.")],
    as_json: AsJson = False,
) -> None:
    """Put several comparisons of one machine, with the same settings, together: more repeats, one verdict.

    Exit codes: 0 all was measured, 2 wrong usage, 4 nothing could be believed, 5 some was not measured.
    """
    from benchfleet.http.comparison import exit_code
    from benchfleet.http.consolidate import consolidate as put_together

    results = put_together(folders, output)
    _told(output, results, as_json=as_json)
    if code := exit_code(results):
        raise typer.Exit(code)


def _told(folder: Path, results: "Sequence[HttpResult]", *, as_json: bool, baseline: Path | None = None) -> None:
    from benchfleet.cli.documents.http import HttpMeasured
    from benchfleet.cli.http.ending import judged, print_end

    if not as_json:
        print_end(folder, results, baseline=baseline)
        return
    print(HttpMeasured(folder=str(folder), results=list(results)).model_dump_json(indent=2))
    if baseline is not None:
        judged(folder, baseline)
