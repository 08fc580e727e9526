"""What can be asked of ruby-bench, and the command line that it becomes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from runner_image.workloads.options import Options

REPO = "https://github.com/ruby/ruby-bench.git"
COMMIT = "09b76c8b0f94c8182080cdae01e95151f0e22dd9"  # July 2026; a moving suite would compare apples with pears

FLAGS = {"interp": [], "yjit": ["--yjit"], "zjit": ["--zjit"]}
MARKS = {"yjit": "+YJIT", "zjit": "+ZJIT"}  # what RUBY_DESCRIPTION says when the compiler is really on

Variant = Literal["interp", "yjit", "zjit"]
Category = Literal["headline", "other", "micro", "gc", "ractor", "ractor-only"]
Name = Annotated[str, StringConstraints(pattern=r"^[^,\s][^,]*$")]  # a comma would end it on the command line
Program = Annotated[str, StringConstraints(pattern=r"^[^\s;:-][^\s;:]*$")]  # ruby-bench splits `name::program flags`
Revision = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")]


class RubyBenchOptions(Options):
    repo: Annotated[str, StringConstraints(pattern=r"^[^-\s]\S*$")] = REPO
    commit: Revision | None = None
    path: str | None = None
    ruby: Program = "ruby"
    require_ruby_version: bool = True
    variants: list[Variant] = Field(default=["interp", "yjit"], min_length=1)
    categories: list[Category] = Field(default=[])
    name_filters: list[Name] = Field(default=[])
    excludes: list[Name] = Field(default=[])
    once: bool = False
    warmup: int | None = Field(default=None, ge=0)
    bench: int | None = Field(default=None, ge=1)
    harness: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")] | None = None
    memory: bool = False
    timeout_s: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _variants_differ(self) -> Self:
        if len(set(self.variants)) < len(self.variants):
            raise ValueError("variants must differ")
        return self


def command(options: RubyBenchOptions, *, out_path: Path) -> list[str]:
    """The exact command line. Without categories and names it runs the headline benchmarks."""
    line = [options.ruby, "run_benchmarks.rb", "--no-pinning", "--no-sudo", f"--out-path={out_path}"]
    for variant in options.variants:
        line += ["-e", " ".join([f"{variant}::{options.ruby}", *FLAGS[variant]])]
    return line + _selection(options) + _effort(options)


def _selection(options: RubyBenchOptions) -> list[str]:
    headline: list[Category] = [] if options.name_filters else ["headline"]
    lists: dict[str, Sequence[str]] = {
        "category": options.categories or headline,
        "name_filters": options.name_filters,
        "excludes": options.excludes,
    }
    return [f"--{flag}={','.join(names)}" for flag, names in lists.items() if names]


def _effort(options: RubyBenchOptions) -> list[str]:
    given = {"warmup": options.warmup, "bench": options.bench, "harness": options.harness}
    flags = [f"--{flag}={value}" for flag, value in given.items() if value is not None]
    return (["--once"] if options.once else []) + flags
