"""`benchfleet fleet aggregate`."""

from pathlib import Path
from typing import Annotated

import typer

from benchfleet.cli.fleet.options import Formats, Out
from benchfleet.cli.options import AsJson

Folder = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="A folder with the results.json of benchmarks below it.")
]
Legacy = Annotated[
    bool, typer.Option("--legacy-prices", help="Bill every answer as the reference system did: GPT-4's list price.")
]


def run(
    folder: Folder, out: Out = None, formats: Formats = "json,csv,html", legacy: Legacy = False, as_json: AsJson = False
) -> None:
    """Rebuild every file of a fleet from the results.json of its benchmarks alone, ours or another tool's."""
    from benchfleet.cli.fleet.written import print_written
    from benchfleet.fleet.aggregating import read_folder, write

    results = read_folder(folder, legacy_prices=legacy)
    place = out or folder
    print_written(place, write(results, place, formats=formats.split(",")), results, as_json=as_json)
