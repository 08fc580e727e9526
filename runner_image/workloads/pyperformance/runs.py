"""Benchmark by benchmark, each in a pyperformance process of its own: what has ended is kept, whatever comes later."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchfleet_contract.results import BenchmarkFailure, Output

from runner_image.workloads.console import LAST_LINES, shorten
from runner_image.workloads.protocol import TIMED_OUT, WorkloadError
from runner_image.workloads.pyperformance import results as pyperformance_results
from runner_image.workloads.pyperformance.console import Reader
from runner_image.workloads.pyperformance.results import RawSuite


@dataclass(frozen=True)
class Run:
    """One benchmark. `exit_code` None: it never began. `out` is pyperf's file, if it wrote one.

    `reason` says why it has no result, if it has none.
    """

    benchmark: str
    out: Path
    exit_code: int | None
    reason: str


class Start(Protocol):
    """Runs one benchmark to its end, at most `timeout_s` seconds; returns its exit code."""

    def __call__(
        self, benchmark: str, out: Path, *, on_line: Callable[[str], None], timeout_s: float | None
    ) -> int: ...


class Last:
    """Hears one process: the benchmark's own reason, else the last words."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._lines: deque[str] = deque(maxlen=LAST_LINES)

    def hear(self, line: str) -> None:
        self._reader.feed(line)
        if line.strip():
            self._lines.append(line.strip())

    @property
    def reason(self) -> str:
        if self._reader.sections:
            return self._reader.sections[-1].reason
        return shorten(" | ".join(self._lines)) or "it said nothing"


def one_by_one(
    benchmarks: Iterable[str], *, folder: Path, start: Start, timeout_s: float | None, clock: Callable[[], float]
) -> Iterator[Run]:
    """One Run for each benchmark, as it ends. `timeout_s` bounds them all together: after it none begins."""
    until, over = None if timeout_s is None else clock() + timeout_s, False
    for name in benchmarks:
        left = None if until is None else until - clock()
        over = over or (left is not None and left <= 0)
        out = folder / f"pyperf-{name}.json"
        if over:
            yield Run(name, out, None, f"It never began: timeout_s ({timeout_s:g}) had passed")
            continue
        last = Last()
        code = start(name, out, on_line=last.hear, timeout_s=left)
        over = left is not None and code == TIMED_OUT
        why = f"It did not end within timeout_s ({timeout_s:g}): " if over else ""
        yield Run(name, out, code, why + last.reason)


def exit_code(runs: Iterable[Run]) -> int:
    """Of all together: TIMED_OUT wins, else the first that is not 0."""
    codes = [TIMED_OUT if run.exit_code is None else run.exit_code for run in runs]
    return TIMED_OUT if TIMED_OUT in codes else next((code for code in codes if code), 0)


def gather(runs: Iterable[Run], *, variant: str) -> tuple[Output, RawSuite | None]:
    """Everything that was measured, with a failure for each benchmark that failed; and pyperf's files as one."""
    whole = Output(workload="pyperformance", measurements=[], failures=[])
    suites: list[RawSuite] = []
    for run in runs:
        output, suite = _read(run, variant)
        whole.measurements.extend(output.measurements)
        whole.failures.extend(output.failures)
        suites += [suite] if suite else []
    return whole, pyperformance_results.joined(suites) if suites else None


def _read(run: Run, variant: str) -> tuple[Output, RawSuite | None]:
    why, suite = run.reason, None
    try:
        suite = pyperformance_results.load(run.out) if run.out.exists() else None
    except WorkloadError as error:
        why = str(error)
    output = pyperformance_results.output(suite, variant=variant, sections=[])
    if run.exit_code == 0 and (output.measurements or output.failures):
        return output, suite
    lost = BenchmarkFailure(benchmark=run.benchmark, variant=variant, reason=_said(run, why))
    others = [found for found in output.failures if found.benchmark != run.benchmark]
    return output.model_copy(update={"failures": [*others, lost]}), suite


def _said(run: Run, why: str) -> str:
    """A process that was killed has no verdict of its own to tell: its exit code stands for one."""
    told = run.exit_code in (None, 0, 1, TIMED_OUT)
    return why if told else f"pyperformance ended with exit code {run.exit_code}: {why}"
