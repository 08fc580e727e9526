"""`benchfleet http profile`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from benchfleet.cli.http.options import App, FrameworkName, Output, Own
from benchfleet.cli.options import AsJson
from benchfleet.cli.output import print_table

if TYPE_CHECKING:
    from benchfleet_contract.http_results import HttpResult


def run(
    app: App = None,
    framework: FrameworkName = None,
    suite: Annotated[str, typer.Option("--suite", help="Suites or workloads, with commas.")] = "quick",
    profiler: Annotated[
        str, typer.Option("--profiler", help="py-spy, cpu-prof, rbspy or perf; auto goes by the app's runtime.")
    ] = "auto",
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=600, help="For each workload.")] = 5,
    output: Output = None,
    registry: Own = None,
    as_json: AsJson = False,
) -> None:
    """Show where the CPU time of a server goes, with a file of speedscope for each workload. Nothing of it is ranked.

    Exit codes: 0 each workload has its profile, 1 an error, 2 wrong usage, 3 no framework or several fit, 4 no profile,
    5 some profiles are missing.
    """
    from benchfleet.cli.documents.http import HttpProfiled
    from benchfleet.cli.http.apps import on_stderr, options_of, results_folder, source_of
    from benchfleet.cli.http.measuring import registry_of
    from benchfleet.exceptions import UsageError
    from benchfleet.http.alone import exit_code, started

    if profiler == "none":
        raise UsageError("--profiler none makes no profile: take auto, py-spy, cpu-prof, rbspy or perf")
    known = registry_of(registry)
    source = source_of(app, framework, known)
    options = options_of(
        framework=framework, app=source, suites=suite.split(","), profiler=profiler, duration_s=seconds
    )
    folder = output or results_folder("http-profile")
    result = started(options, folder, known, only="profiles", told=on_stderr)
    if as_json:
        print(HttpProfiled(folder=str(folder), result=result).model_dump_json(indent=2))
    else:
        _print(result, folder)
    if code := exit_code([one.file is not None for one in result.profiles], len(result.requested)):
        raise typer.Exit(code)


def _print(result: "HttpResult", folder: Path) -> None:
    from benchfleet.http.missing import notes

    table = Table("workload", "profiler", "samples", "hottest", "file, or why there is none")
    for one in result.profiles:
        hottest = "; ".join(f"{hot.share:.0%} {hot.frame}" for hot in (one.hottest or [])[:3])
        row = (one.workload or "", one.profiler, str(one.samples or ""), hottest)
        table.add_row(*map(escape, (*row, str(folder / one.file) if one.file else one.missing or "")))
    print_table(table)
    for note in notes([result]):
        typer.echo(note, err=True)
    if result.failure:
        typer.echo(f"benchfleet: {result.failure.kind}: {result.failure.message}: {result.failure.remedy}", err=True)
    elif any(one.file for one in result.profiles):
        print("Open a file at https://www.speedscope.app, which reads it in the browser.")
