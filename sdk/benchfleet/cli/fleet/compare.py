"""`benchfleet fleet compare`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.fleet.options import Output
from benchfleet.cli.options import AsJson

if TYPE_CHECKING:
    from benchfleet_contract.fleets.results import Paired

New = Annotated[str, typer.Argument(metavar="NEW", help="A run's id, its folder, or its fleet-results.json.")]
Old = Annotated[str, typer.Argument(metavar="OLD", help="Likewise: what it is compared with.")]


def run(new: New, old: Old, output: Output = None, as_json: AsJson = False) -> None:
    """Compare two runs on the tests that both have, model by model: success, score, TTFT, duration, with intervals.

    Both are read from this machine; `benchfleet fleet wait` or `results --fetch` brings one that is not there.
    """
    from benchfleet.cli.documents.fleet import FleetsCompared
    from benchfleet.cli.output import print_document
    from benchfleet.fleet.comparing import compare, read_results

    found = compare(read_results(place_of(new, output)), read_results(place_of(old, output)))
    if as_json:
        print_document(FleetsCompared(new=new, old=old, comparisons=found))
    elif found:
        _tell(found)
    else:
        print("The two have no test on the same model in common.", file=sys.stderr)


def place_of(given: str, output: Path | None) -> Path:
    """A path that is there, else the folder of a run."""
    from benchfleet.fleet.flows import DEFAULT_OUTPUT

    return Path(given) if Path(given).exists() else (output or DEFAULT_OUTPUT) / given


def _tell(found: "list[Paired]") -> None:
    from benchfleet.cli.output import plain_table, print_table

    table = plain_table("model", "measure", "tests", "difference", "95 % interval", "p")
    for column in table.columns[2:]:
        column.justify = "right"
    for one in found:
        interval = f"{one.interval[0]:+.4g} … {one.interval[1]:+.4g}" if one.interval else "unknown"
        p = "" if one.p_adjusted is None else f"{one.p_adjusted:.3g}"
        table.add_row(one.first, one.measure, str(one.tests), f"{one.difference:+.4g}", interval, p)
    print_table(table)
