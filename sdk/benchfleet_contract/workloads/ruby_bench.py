"""ruby-bench: Ruby's own benchmark suite, under the interpreter and its just-in-time compilers."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from benchfleet_contract.limits import MAX_LABEL_CHARS
from benchfleet_contract.workloads.kinds import CannotSplit, Kind, Part, split
from benchfleet_contract.workloads.options import Options

REPO = "https://github.com/ruby/ruby-bench.git"
Variant = Literal["interp", "yjit", "zjit"]
Category = Literal["headline", "other", "micro", "gc", "ractor", "ractor-only"]
Name = Annotated[str, StringConstraints(pattern=r"^[^,\s][^,]*$")]  # a comma would end it on the command line
Program = Annotated[str, StringConstraints(pattern=r"^[^\s;:-][^\s;:]*$")]  # ruby-bench splits `name::program flags`
Revision = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]
_Repo = Annotated[str, StringConstraints(pattern=r"^[^-\s]\S*$")]
_Version = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LABEL_CHARS)]
_Harness = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]


def _differ(variants: list[Variant]) -> list[Variant]:
    if len(set(variants)) < len(variants):
        raise ValueError("Variants must differ")
    return variants


class RubyBenchOptions(Options):
    repo: _Repo = Field(default=REPO, description="Where to clone the suite from.")
    commit: Revision | None = Field(
        default=None, description="A full commit id, tag or branch; without it, a pinned commit."
    )
    path: str | None = Field(default=None, description="A suite that is there already, instead of a clone.")
    ruby_version: _Version | None = Field(
        default=None, description="Which ruby is measured; the run's own ruby_version where it is left out."
    )
    ruby: Program = Field(default="ruby", description="The program.")
    require_ruby_version: bool = Field(default=True, description="Fail if the ruby is not the one asked for.")
    variants: Annotated[list[Variant], AfterValidator(_differ)] = Field(
        default=["interp", "yjit"],
        min_length=1,
        description="Compilers to compare, each once.",
        json_schema_extra={"uniqueItems": True},
    )
    categories: list[Category] = Field(
        default=[], description="headline if there are no name_filters either.", examples=[["headline", "micro"]]
    )
    name_filters: list[Name] = Field(
        default=[], description="Benchmarks by name, or /pattern/.", examples=[["fib", "nbody"]]
    )
    excludes: list[Name] = Field(default=[], description="Benchmarks to leave out.", examples=[["railsbench"]])
    once: bool = Field(default=False, description="One iteration without warm-up.")
    warmup: int | None = Field(default=None, ge=0, description="Warm-up iterations; the suite's default is 15.")
    bench: int | None = Field(
        default=None, ge=1, description="Measured iterations; the suite's default is 10, and at least 10 s."
    )
    harness: _Harness | None = Field(default=None, description="The suite's harness, such as harness-gc.")
    memory: bool = Field(default=False, description="Adds a measurement rss in bytes for each benchmark.")
    timeout_s: float | None = Field(default=None, gt=0, description="Seconds for the whole suite.")


def _plan(options: Mapping[str, Any], shards: int) -> list[Part]:
    """Only exact names can be split: what a category or a pattern stands for is known to the suite alone."""
    names = options.get("name_filters") or []
    exact = names and not any(name.startswith("/") for name in names)
    if not exact or options.get("categories") or options.get("excludes"):
        remedy = "name the benchmarks in name_filters, without patterns, categories and excludes; or leave shards out"
        raise CannotSplit("ruby-bench is split by exact names of benchmarks", remedy)
    return split(options, "name_filters", shards)


KIND = Kind("ruby-bench", RubyBenchOptions, _plan)
