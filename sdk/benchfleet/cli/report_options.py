"""The options of `benchfleet report`."""

from pathlib import Path
from typing import Annotated

import typer

from benchfleet.cli.run_ids import complete

Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN_ID|FOLDER]...",
        help="Runs to report on: results/<run id>, or a folder. Without any, or `latest`, the newest in RESULTS.",
        autocompletion=complete,
    ),
]
Csv = Annotated[
    str | None,
    typer.Option("--csv", metavar="[FILE.csv]", help="CSV, a row for each group and benchmark; else to stdout."),
]
Markdown = Annotated[
    str | None, typer.Option("--md", metavar="[FILE.md]", help="Markdown, as for a pull request; else to stdout.")
]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="One page that needs nothing else.")]
Baseline = Annotated[
    str | None,
    typer.Option(
        metavar="RUN_ID|FOLDER",
        help="Compare with this run; exit code 1 if something is slower.",
        autocompletion=complete,
    ),
]
Threshold = Annotated[
    str | None, typer.Option(metavar="5%", help="How much slower is too much, beside being beyond noise (default: 5%).")
]
ThresholdsFile = Annotated[
    Path | None,
    typer.Option(
        "--thresholds",
        metavar="FILE",
        help="Thresholds by benchmark, variant, metric, machine (TOML); else those of this repository, if it has some.",
    ),
]
Junit = Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="JUnit XML of the baseline's comparison.")]
MinCompared = Annotated[
    str,
    typer.Option(
        metavar="N|P%",
        help="How many of the baseline's benchmarks must be comparable, else exit code 1; all by default.",
    ),
]
Matches = Annotated[
    list[str] | None,
    typer.Option(
        "--match", metavar="variant=OLD:NEW", help="Compare variants of other names (or variant=any); repeatable."
    ),
]
MayFail = Annotated[
    bool,
    typer.Option(
        "--allow-failed",
        help="What failed now and not in the baseline, or was measured by fewer tasks, is no regression.",
    ),
]
Prices = Annotated[
    str | None, typer.Option(metavar="FILE|auto", help="Price table (TOML or CSV) for speed per dollar.")
]
Providers = Annotated[list[str] | None, typer.Option("--provider", metavar="P", help="Only this provider; repeatable.")]
Names = Annotated[
    list[str] | None, typer.Option("--name", metavar="PATTERN", help="Only machines so named, `*` allowed; repeatable.")
]
Subjects = Annotated[
    list[str] | None, typer.Option("--subject", metavar="PATTERN", help="Only these subjects; repeatable.")
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="WHAT",
        help="What to compare: machine, subject, both or variant. By default subjects where there are several (with the "
        "machines, if there are several of those, too), else machines, else variants.",
    ),
]
OverTime = Annotated[
    bool,
    typer.Option("--history", help="A metric over runs, and its steps; all runs of one workload if none is named."),
]
Marks = Annotated[
    list[str] | None,
    typer.Option("--mark", metavar="NAME=RUN", help="Name a run of the --history, such as a release; repeatable."),
]
Benchmarks = Annotated[
    list[str] | None, typer.Option("--benchmark", metavar="PATTERN", help="Only these benchmarks; repeatable.")
]
Everything = Annotated[
    bool,
    typer.Option(
        "--all",
        help="What is within noise, too, in tables and Markdown of factors and of a comparison with a baseline.",
    ),
]
Distributions = Annotated[
    bool, typer.Option("--distributions", help="Medians, quartiles and histograms, too, in tables and Markdown.")
]
