"""Options that several commands of `benchfleet http` share."""

from pathlib import Path
from typing import Annotated

import typer

Quick = Annotated[bool, typer.Option("--quick", help="Short times, three workloads: to try it.")]
Suite = Annotated[str, typer.Option("--suite", help="Suites or workloads, with commas: see `benchfleet http suite`.")]
Output = Annotated[Path | None, typer.Option("--output", help="The results folder.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what --output holds.")]
Own = Annotated[Path | None, typer.Option("--registry", help="A TOML file of your own frameworks.")]
