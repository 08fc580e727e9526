"""`benchfleet http frameworks`, `suite` and `check-tools`: what there is."""

import os
import tempfile
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from benchfleet.cli.http.options import Own
from benchfleet.cli.options import AsJson
from benchfleet.cli.output import print_table


def frameworks(registry: Own = None, as_json: AsJson = False) -> None:
    """List the frameworks that are known, and which of them have an app in this project."""
    from benchfleet.cli.documents.http import FrameworkTold, HttpFrameworks
    from benchfleet.cli.http.measuring import registry_of
    from runner_image.workloads.http.apps.install import built_in

    own = set(built_in())
    told = [
        FrameworkTold(name=one.name, language=one.language, engine=one.engine, has_app=one.name in own)
        for one in registry_of(registry).frameworks
    ]
    if as_json:
        print(HttpFrameworks(frameworks=told).model_dump_json(indent=2))
        return
    table = Table("framework", "language", "server", "app here")
    for one in told:
        table.add_row(one.name, one.language, one.engine or "", "yes" if one.has_app else "")
    print_table(table)


def suite(as_json: AsJson = False) -> None:
    """List suites and the workloads in each."""
    from benchfleet.cli.documents.http import HttpSuites
    from runner_image.workloads.http.contract.workloads import SUITES, workloads

    told = {name: [one.name for one in workloads(name)] for name in SUITES}
    if as_json:
        print(HttpSuites(suites=told).model_dump_json(indent=2))
        return
    table = Table("suite", "workloads")
    for name, names in told.items():
        table.add_row(name, ", ".join(names))
    print_table(table)


def check_tools(as_json: AsJson = False) -> None:
    """Tell which load tools are here, and how to get the others.

    Exit code 1: one that is needed is missing (a tool for saturation, or the generator for fixed rates).
    """
    from benchfleet.cli.documents.http import HttpTools
    from runner_image.isolation.environment import visible
    from runner_image.isolation.processes import ProcessIsolation
    from runner_image.stopping import Stop
    from runner_image.workloads.http.load.commands import SlotCommands
    from runner_image.workloads.http.machine import tools_of

    with tempfile.TemporaryDirectory(prefix="benchfleet-http-") as made:
        folder = Path(made)
        with ProcessIsolation(visible(os.environ)).open(folder, stop=Stop()) as slot:
            found = tools_of(SlotCommands(slot, folder / "load"))
    if as_json:
        print(HttpTools(tools=found).model_dump_json(indent=2))
    else:
        table = Table("tool", "version", "what to do")
        for one in found:
            table.add_row(*map(escape, (one.name, one.version or "", one.missing or "")))
        print_table(table)
    saturation, latency = found[:-1], found[-1]
    if latency.missing or all(one.missing for one in saturation):
        raise typer.Exit(1)
