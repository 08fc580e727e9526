"""`benchfleet fleet archive`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchfleet.cli.options import AsJson

Runs = Annotated[list[str] | None, typer.Argument(metavar="RUN_ID…", help="Runs that have ended.")]
Age = Annotated[str | None, typer.Option("--older-than", metavar="AGE", help="All that ended before: 12h, 30d or 4w.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder with the folders of runs.")]


def run(
    runs: Runs = None, older_than: Age = None, output: Output = Path("fleet-results"), as_json: AsJson = False
) -> None:
    """Pack the folders of old runs as OUTPUT/archive/<run id>.tar.gz. The control plane keeps what it has.

    `benchfleet runs delete` deletes runs there.
    """
    from benchfleet.cli.ages import seconds
    from benchfleet.cli.documents.fleet import FleetsArchived
    from benchfleet.cli.output import print_document
    from benchfleet.exceptions import UsageError
    from benchfleet.fleet.archiving import archive, finished

    if bool(runs) == (older_than is not None):
        raise UsageError("name runs, or say --older-than AGE")
    named = runs or finished(output, older_than_s=seconds(older_than or "0h"))
    archived = [str(archive(output, run_id)) for run_id in dict.fromkeys(map(_plain, named))]
    if as_json:
        print_document(FleetsArchived(archives=archived))
        return
    for path in archived:
        print(path)
    if not archived:
        print(f"No run in {output}/ is so old.", file=sys.stderr)


def _plain(run_id: str) -> str:
    """Raises UsageError for what could lead out of the folder."""
    from benchfleet_contract.names import RUN_ID

    from benchfleet.exceptions import UsageError

    if not RUN_ID.fullmatch(run_id):
        raise UsageError(f"invalid run id {run_id!r}: take one of `benchfleet fleet list`")
    return run_id
