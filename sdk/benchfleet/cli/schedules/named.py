"""NAME on a command line."""

from typing import Annotated

import typer

ScheduleName = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name.")]
