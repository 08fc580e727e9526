"""command: any argv, timed; or, if the command writes results of its own, those."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from benchfleet_contract.workloads.kinds import Kind, no_shards
from benchfleet_contract.workloads.options import Options

_Word = Annotated[str, StringConstraints(min_length=1)]
# What no system can start a program with: a NUL, or a variable without a name or with `=` in it.
_Argument = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
_Variable = Annotated[str, StringConstraints(pattern=r"^[^=\x00]+$")]
# Readers of benchfleet_results.formats, by name.
Format = Literal[
    "benchfleet",
    "ruby-bench",
    "pytest-benchmark",
    "google-benchmark",
    "pyperf",
    "hyperfine",
    "asv",
    "jmh",
    "criterion",
    "junit",
    "go-bench",
    "http-harness",
]


_OURS = ("times.json", "metadata.json")  # which the runner itself writes beside the command's files


def _below(path: str) -> str:
    if ".." in path.split("/"):
        raise ValueError("Option results.file must stay below the work dir")
    if path in _OURS:
        raise ValueError(f"Option results.file must not be {path}, which the runner itself writes: choose another name")
    return path


class ResultsFile(Options):
    """Where the command leaves results of its own. `file` may be a folder, where the format has one (criterion)."""

    file: Annotated[str, StringConstraints(pattern=r"^[^/\x00][^\x00]*$"), AfterValidator(_below)] = Field(
        description="Path below the work dir.", examples=["results.json"]
    )
    format: Format | None = Field(default=None, description="Else it is found by looking at the file.")


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
    results: ResultsFile | None = Field(
        default=None,
        description="Take the results that the command writes, in a known format.",
        examples=[{"file": "results.json", "format": "hyperfine"}],
    )


KIND = Kind("command", CommandOptions, no_shards("a command cannot be split"), splits=False)
