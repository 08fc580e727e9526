"""`benchfleet import`."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import AsJson
from benchfleet.cli.run_ids import RESULTS
from benchfleet.cli.sentences import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchfleet.importing.tasks import ImportedTask

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Results, or criterion's folder. Each is one task of the run.")
]
To = Annotated[Path, typer.Option("--to", metavar="RESULTS", help="Folder in which <run id>/ is created.")]
Format = Annotated[
    str | None, typer.Option("--format", metavar="NAME", help="Their format; else it is found by looking at each file.")
]
RunId = Annotated[str | None, typer.Option("--run-id", metavar="ID", help="The run's id; else Unix seconds.")]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="The machine; else what each file says of it.")
]
Provider = Annotated[str, typer.Option("--provider", metavar="P", help="Where the machines were.")]
Subject = Annotated[str | None, typer.Option("--subject", metavar="NAME", help="What was measured: a version, say.")]


def run(
    files: Files,
    to: To = RESULTS,
    format: Format = None,
    run_id: RunId = None,
    name: Name = None,
    provider: Provider = "imported",
    subject: Subject = None,
    as_json: AsJson = False,
) -> None:
    """Make a folder of results from files of other tools, for `benchfleet report`.

    Formats: benchfleet, ruby-bench, pytest-benchmark, google-benchmark, pyperf, hyperfine, asv, jmh, criterion, junit,
    go-bench, http-harness. The folder appears whole or not at all; one that is there is not replaced.
    """
    from benchfleet.cli.documents.imported import FileImported, ResultsImported
    from benchfleet.cli.output import print_document
    from benchfleet.importing.folder import write
    from benchfleet.importing.sources import read_files
    from benchfleet.importing.tasks import Names, tasks_of

    now = datetime.now(UTC)
    names = Names(run_id or _free(to, int(now.timestamp())), provider, name, subject)
    tasks = tasks_of(read_files(files, format), names)
    folder = write(to, names.run_id, tasks, now=now)
    _tell(tasks)
    if as_json:
        told = [FileImported.of(task) for task in tasks]
        print_document(ResultsImported(run_id=names.run_id, folder=str(folder), tasks=told))
    else:
        print(folder)


def _free(results: Path, seconds: int) -> str:
    while (results / str(seconds)).exists():
        seconds += 1
    return str(seconds)


def _tell(tasks: "Sequence[ImportedTask]") -> None:
    """On stderr: what each file was taken for, what was left out of it, and what could not be read."""
    from benchfleet.documents.printable import printable
    from benchfleet.importing.sources import line

    for task in tasks:
        path = printable(str(task.file.path))
        print(f"benchfleet: {path}: {task.file.format}, {_held(task)}", file=sys.stderr)
        for words in (
            *(f"{path}: {printable(note)}" for note in task.file.found.notes),
            *(line(task.file.path, problem) for problem in task.file.found.problems),
        ):
            warn(words)


def _held(task: "ImportedTask") -> str:
    """`2 measurements, 10 samples, 1 failed`"""
    output = task.file.output
    failed = [f"{len(output.failures)} failed"] if output.failures else []
    samples = sum(len(one.samples) for one in output.measurements)
    return ", ".join([_counted(len(output.measurements), "measurement"), _counted(samples, "sample"), *failed])


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"
