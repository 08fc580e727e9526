"""The command line that ruby-bench's options become."""

from collections.abc import Sequence
from pathlib import Path

from benchfleet_contract.workloads.ruby_bench import Category, RubyBenchOptions

COMMIT = "09b76c8b0f94c8182080cdae01e95151f0e22dd9"  # July 2026; a moving suite would compare apples with pears

FLAGS = {"interp": [], "yjit": ["--yjit"], "zjit": ["--zjit"]}
MARKS = {"yjit": "+YJIT", "zjit": "+ZJIT"}  # what RUBY_DESCRIPTION says when the compiler is really on


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
