"""command: any argv, timed; or, if the command writes results of its own, those."""

from typing import Annotated

from pydantic import Field, StringConstraints

from benchfleet_contract.workloads.kinds import Kind, no_shards
from benchfleet_contract.workloads.options import Options

_Word = Annotated[str, StringConstraints(min_length=1)]
# What no system can start a program with: a NUL, or a variable without a name or with `=` in it.
_Argument = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
_Variable = Annotated[str, StringConstraints(pattern=r"^[^=\x00]+$")]


class CommandOptions(Options):
    """`timeout_s` is for each repeat. The first `warmup` repeats are kept apart."""

    argv: list[_Argument] = Field(
        min_length=1, description="Program and arguments; no shell.", examples=[["python3", "-c", "pass"]]
    )
    benchmark: _Word = Field(default="command", description="The name in the results.")
    timeout_s: float | None = Field(default=None, gt=0, description="Seconds for each repeat.")
    environment: dict[_Variable, _Argument] = Field(default={}, description="Added to the slot's own.")
    repeats: int = Field(default=1, ge=1, le=10_000, description="Measured repeats.")
    warmup: int = Field(default=0, ge=0, le=1_000, description="Repeats before them, kept apart.")


KIND = Kind("command", CommandOptions, no_shards("a command cannot be split"), splits=False)
