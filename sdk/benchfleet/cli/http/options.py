"""Options that several commands of `benchfleet http` share."""

from pathlib import Path
from typing import Annotated

import typer

App = Annotated[
    Path | None, typer.Argument(help="The folder of an app. Left out: the project's own app of --framework.")
]
FrameworkName = Annotated[str | None, typer.Option("--framework", help="Take this one; else it is detected.")]
Quick = Annotated[bool, typer.Option("--quick", help="Short times, three workloads: to try it.")]
Suite = Annotated[str, typer.Option("--suite", help="Suites or workloads, with commas: see `benchfleet http suite`.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Another option of the kind `http`, such as duration_s=5; repeatable."
    ),
]
Output = Annotated[Path | None, typer.Option("--output", help="The results folder.")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with what --output holds; what could not be believed is measured again.")
]
Own = Annotated[Path | None, typer.Option("--registry", help="A TOML file of your own frameworks.")]
Again = Annotated[
    int, typer.Option("--again", min=0, max=20, help="How often starts that other work disturbed are measured anew.")
]
Baseline = Annotated[
    Path | None,
    typer.Option("--baseline", metavar="FOLDER", help="Exit code 1 if something is worse than there, beyond noise."),
]
