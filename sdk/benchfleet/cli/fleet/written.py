"""What `fleet aggregate` and `fleet rescore` say of the files that they wrote."""

import sys
from collections.abc import Sequence
from pathlib import Path

from benchfleet_contract.fleets.results import FleetBenchmarkResults

from benchfleet.cli.documents.fleet import FleetWritten
from benchfleet.cli.fleet.shown import print_results
from benchfleet.cli.output import print_document


def print_written(
    folder: Path, files: Sequence[Path], results: FleetBenchmarkResults, *, unknown: Sequence[str] = (), as_json: bool
) -> None:
    if as_json:
        paths = [str(path.relative_to(folder)) for path in files]
        print_document(FleetWritten(folder=str(folder), files=paths, unknown=list(unknown)))
        return
    print_results(results)
    print(f"\nWritten: {len(files)} files in {folder}/")
    for test in unknown:
        print(f"benchfleet: {test} is not in the manifest any more: its score stays", file=sys.stderr)
