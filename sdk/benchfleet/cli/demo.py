"""`benchfleet demo`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchfleet.cli.output import print_table
from benchfleet.cli.progress import display
from benchfleet.cli.results_table import table
from benchfleet.demo import Demo, Ended, play


def run(
    config: Annotated[Path, typer.Option(help="The run to make: a body of POST /runs.")] = Path("configs/local.json"),
    results: Annotated[Path, typer.Option(help="Where results/<run id>/ is made.")] = Path("results"),
    slots: Annotated[int, typer.Option(min=1, help="Tasks at a time.")] = 2,
    timeout_s: Annotated[float, typer.Option("--timeout", min=1, help="Seconds for the run.")] = 900,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of the table.")] = False,
) -> None:
    """Run a real benchmark on this machine, end to end.

    Starts the emulator, creates the run, runs its tasks with a local runner, waits for the archive, checks and unpacks
    it, and prints means with 95 % confidence intervals.
    """
    progress = Console(stderr=True)
    with display(progress) as shown:
        ended = play(Demo(config, results=results, slots=slots, timeout_s=timeout_s), shown)
    if as_json:
        print(json.dumps(ended.document(), indent=2))
    else:
        _print_table(ended)
    ended.require_success()


def _print_table(ended: Ended) -> None:
    if ended.rows:
        print_table(table(ended.rows, title=f"Run {ended.run.run_id}: {ended.run.workload}"))
    print(f"Results: {ended.folder}/ ({ended.took_s:.0f} s)")
