"""The argument that names an executor."""

from typing import Annotated

import typer

ExecutorId = Annotated[str, typer.Argument(metavar="EXECUTOR", help="The executor's id.")]
