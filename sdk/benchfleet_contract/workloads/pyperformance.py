"""pyperformance: the Python benchmark suite, from PyPI."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from benchfleet_contract.workloads.kinds import Kind, Part, split
from benchfleet_contract.workloads.options import Options

Effort = Literal["single", "fast", "normal", "rigorous"]
_Benchmark = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
_Version = Annotated[str, StringConstraints(pattern=r"^[0-9][0-9A-Za-z.]*$")]
_Python = Annotated[str, StringConstraints(pattern=r"^[^-]")]
_Absolute = Annotated[str, StringConstraints(pattern=r"^/")]


class PyperformanceOptions(Options):
    benchmarks: list[_Benchmark] = Field(
        min_length=1, description="Names, as `pyperformance list` prints them.", examples=[["nbody", "float"]]
    )
    effort: Effort = Field(default="normal", description="single is one value, to try it.")
    version: _Version = Field(default="1.14.0", description="Of pyperformance.")
    python: _Python | None = Field(default=None, description="The program to measure; else the runner's own.")
    cache_dir: _Absolute | None = Field(default=None, description="Absolute; else $XDG_CACHE_HOME or ~/.cache.")
    benchmark_timeout_s: int | None = Field(
        default=None, ge=1, description="Whole seconds for one worker process of one benchmark."
    )
    timeout_s: float | None = Field(
        default=None, gt=0, description="Seconds for all benchmarks together, without the set-up."
    )


def _plan(options: Mapping[str, Any], shards: int) -> list[Part]:
    return split(options, "benchmarks", shards)


KIND = Kind("pyperformance", PyperformanceOptions, _plan)
