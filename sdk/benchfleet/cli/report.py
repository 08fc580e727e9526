"""`benchfleet report`."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchfleet.cli.lazy import PlainFlags
from benchfleet.cli.options import AsJson
from benchfleet.cli.report_options import (
    Baseline,
    Benchmarks,
    By,
    Csv,
    Distributions,
    Everything,
    Html,
    Junit,
    Markdown,
    Marks,
    Matches,
    MayFail,
    MinCompared,
    Names,
    OverTime,
    Prices,
    Providers,
    Runs,
    Subjects,
    Threshold,
    ThresholdsFile,
)
from benchfleet.cli.report_writing import STDOUT, write
from benchfleet.cli.run_ids import LATEST, RESULTS
from benchfleet.exceptions import RunFailed, UsageError

if TYPE_CHECKING:
    from benchfleet.report.analysis import Options
    from benchfleet.report.model.report import Report
    from benchfleet.report.thresholds import Thresholds

_MAY_STAND_ALONE = {"--csv": ".csv", "--md": ".md"}


class ReportCommand(PlainFlags):
    """`--csv` and `--md` may stand alone; they take the next word only if it is a file of their kind, never a run."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, alone(args))


COMMAND_CLASS = ReportCommand


def alone(args: Sequence[str]) -> list[str]:
    """`--csv` → `--csv=-` where no file follows."""
    found: list[str] = []
    for number, word in enumerate(args):
        ending = _MAY_STAND_ALONE.get(word)
        following = args[number + 1] if number + 1 < len(args) else ""
        takes = ending and (following == STDOUT or following.lower().endswith(ending))
        found.append(f"{word}={STDOUT}" if ending and not takes else word)
    return found


def run(
    runs: Runs = None,
    results: Annotated[Path, typer.Option(help="Where <run id>/ is looked for.")] = RESULTS,
    html: Html = None,
    csv: Csv = None,
    as_json: AsJson = False,
    md: Markdown = None,
    junit: Junit = None,
    by: By = None,
    baseline: Baseline = None,
    threshold: Threshold = None,
    thresholds: ThresholdsFile = None,
    min_compared: MinCompared = "100%",
    match: Matches = None,
    allow_failed: MayFail = False,
    over_time: OverTime = False,
    mark: Marks = None,
    prices: Prices = None,
    provider: Providers = None,
    name: Names = None,
    subject: Subjects = None,
    benchmark: Benchmarks = None,
    everything: Everything = False,
    distributions: Distributions = False,
) -> None:
    """Compare the results of runs: machines, subjects or variants, with intervals; prices; a baseline.

    Several forms at once are fine; stdout gets one of them. Without --html, --csv, --json or --md it gets tables.

    Exit code 1: something is worse than the baseline beyond the threshold and beyond noise, failed that did not fail
    there, or could not be compared; without a baseline, nothing was measured, or a result could not be read or is
    missing. A --history does not judge its steps.
    """
    from benchfleet.report.analysis import Options, analyse
    from benchfleet.report.dataset import Dataset
    from benchfleet.report.dimensions import parse
    from benchfleet.report.gate import gated, least_compared
    from benchfleet.report.matching import Match
    from benchfleet.report.prices import named
    from benchfleet.report.reading import read_runs

    _one_on_stdout(as_json, csv, md, html, junit)
    _needs_history(mark, baseline, over_time=over_time)
    _needs_baseline(baseline, {"--thresholds": thresholds, "--junit": junit})
    least = least_compared(min_compared)
    given = [] if over_time and not runs else [find(word, results) for word in runs or [LATEST]]
    before = find(baseline, results) if baseline is not None else None
    dataset = Dataset((), ()) if over_time else read_runs([*given, *([before] if before else [])])
    options = Options(
        by=parse(by) if by is not None else None,
        providers=tuple(provider or ()),
        names=tuple(name or ()),
        subjects=tuple(subject or ()),
        benchmarks=tuple(benchmark or ()),
        baseline=next((one.run_id for one in dataset.runs if before and one.folder == before.resolve()), None),
        thresholds=thresholds_of(threshold, thresholds, looks=baseline is not None),
        prices=named(prices),
        match=Match.parse(match or ()),
    )
    found = _over_time(given, results, mark or (), options) if over_time else analyse(dataset, options)
    report = gated(found, least=least, allow_failed=allow_failed)
    _something_left(report)
    detail = {"everything": everything, "distributions": distributions}
    write(report, html=html, csv=csv, md=md, junit=junit, as_json=as_json, detail=detail)
    judge(report)


def _over_time(given: Sequence[Path], results: Path, mark: Sequence[str], options: "Options") -> "Report":
    from benchfleet.cli.report_history import Asked, marks, reported

    named = {name: find(run, results) for name, run in marks(mark).items()}
    return reported(Asked(given, results, named), options)


def _needs_history(mark: Sequence[str] | None, baseline: str | None, *, over_time: bool) -> None:
    if mark and not over_time:
        raise UsageError("--mark names a run of a history: use it with --history")
    if over_time and baseline is not None:
        raise UsageError("--history compares with no baseline: name runs with --mark NAME=RUN, or leave --history out")


def _something_left(report: "Report") -> None:
    """Raises UsageError if filters leave no task, naming them: an empty report would look like an empty run."""
    given = {
        "--provider": report.filters.providers,
        "--name": report.filters.names,
        "--subject": report.filters.subjects,
        "--benchmark": report.filters.benchmarks,
    }
    asked = ", ".join(f"{option} {word}" for option, words in given.items() for word in words)
    if asked and not report.measured:
        raise UsageError(f"nothing was measured that fits {asked}: `benchfleet report` without it shows what there is")


def find(word: str, results: Path) -> Path:
    """The folder that is meant. Raises UsageError if there is none, and for an empty word: a variable that is not set."""
    if not word:
        raise UsageError("the name of a run is empty: name a run id or a folder")
    if word == LATEST and not (results / word).is_dir():
        return _newest(results)
    for path in (Path(word),) if word in (".", "..") else (results / word, Path(word)):
        if path.is_dir():
            return path
    raise UsageError(f"there are no results of {word} in {results}/: `benchfleet runs download {word}` downloads them")


def _newest(results: Path) -> Path:
    try:
        folders = [path for path in results.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        folders = []
    if not folders:
        raise UsageError(f"there are no results in {results}/: name a run or a folder, or make a run first")
    newest = max(folders, key=lambda path: path.stat().st_mtime)
    print(f"benchfleet: the newest results are in {newest}", file=sys.stderr)
    return newest


def thresholds_of(default: str | None, file: Path | None, *, looks: bool) -> "Thresholds":
    """Those of the file that was named, or (if it `looks` for one) of this repository. `default` counts before the file's.

    Raises UsageError, InvalidConfig.
    """
    from benchfleet.report.thresholds import Thresholds
    from benchfleet.report.thresholds_file import found, load

    named = None if default is None else share(default)
    if looks and file is None and (file := found(Path.cwd())):
        print(f"benchfleet: thresholds from {file}", file=sys.stderr)
    told = load(file) if file else Thresholds()
    return told if named is None else replace(told, default=named)


def share(text: str, *, option: str = "--threshold") -> float:
    """`5%` → 0.05; without the sign it is a share already. Raises UsageError."""
    from benchfleet.report.thresholds import share_of

    value = share_of(text)
    if value is None:
        raise UsageError(f"{option} is {text!r}, must be from 0% up to 100%, such as 5%")
    return value


def _needs_baseline(baseline: str | None, given: Mapping[str, object]) -> None:
    for name, value in given.items():
        if value is not None and baseline is None:
            raise UsageError(f"{name} is about the comparison with a baseline: say which with --baseline")


def _one_on_stdout(as_json: bool, csv: str | None, md: str | None, html: Path | None, junit: Path | None) -> None:
    files = {"--csv": csv, "--md": md, "--html": str(html), "--junit": str(junit)}
    asked = {"--json": as_json, **{name: file == STDOUT for name, file in files.items()}}
    names = [name for name, wanted in asked.items() if wanted]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} all ask for stdout, which takes one: give the others a file")


def judge(report: "Report") -> None:
    """Of a report that went through `gated`. Raises RunFailed with every reason why not all is well."""
    from benchfleet.report.gate import reasons

    if found := reasons(report):
        raise RunFailed("; ".join(found))
