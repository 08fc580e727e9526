"""Frameworks measured by turns on this machine, into a folder that `benchfleet report` reads."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchfleet_contract.http_results import HttpResult
from benchfleet_contract.workloads.http import HttpOptions

from benchfleet.exceptions import UsageError
from benchfleet.http.folder import ResultsFolder
from runner_image.errors import TaskError
from runner_image.isolation.environment import visible
from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.outputs import output_of
from runner_image.workloads.http.plan import interleaved
from runner_image.workloads.http.start import Start, asked_of

OK, INVALID, PARTIAL = 0, 4, 5


@dataclass(frozen=True)
class Comparison:
    """`subjects`: options of each, by name. `told` gets one line at a time."""

    subjects: Mapping[str, HttpOptions]
    repeats: int
    folder: Path
    registry: Registry
    told: Callable[[str], None] = lambda _line: None

    def measured(self, *, resume: bool = False) -> list[HttpResult]:
        """Every start of every server. Raises UsageError before anything starts, and for a folder that cannot be used."""
        for options in self.subjects.values():
            self._check(options)
        kept = {name: options.model_dump(mode="json") for name, options in self.subjects.items()}
        make = ResultsFolder.resume if resume else ResultsFolder.create
        results = make(self.folder, {"subjects": kept}, machine={})
        turns = list(interleaved(list(self.subjects), self.repeats))
        for number, (name, repeat) in enumerate(turns, start=1):
            suite = suite_of(self.subjects[name])
            if (name, suite, repeat) not in results.done:
                self._one(results, name, repeat, f"[{number}/{len(turns)}] {name}")
        results.finish()
        return results.results()

    def _check(self, options: HttpOptions) -> None:
        try:
            asked_of(options)
            if options.framework:
                self.registry.get(options.framework)
        except TaskError as error:
            raise UsageError(str(error)) from error

    def _one(self, results: ResultsFolder, name: str, repeat: int, label: str) -> None:
        began = _now()
        with tempfile.TemporaryDirectory(prefix="benchfleet-http-") as made:
            work_dir = Path(made)
            with ProcessIsolation(visible(os.environ)).open(work_dir, stop=Stop()) as slot:
                start = Start(
                    slot, self.subjects[name], work_dir, subject=name, repeat=repeat, registry=self.registry,
                    on_step=lambda what, _share: self.told(f"{label}, start {repeat}: {what}"),
                )  # fmt: skip
                result = start.measured()
        if result.failure:
            self.told(f"{label}: {result.failure.kind}: {result.failure.message}")
        results.add(result, output_of(result), started_at=began, ended_at=_now())


def suite_of(options: HttpOptions) -> str:
    """As it stands in a result: what was asked for, with commas."""
    return ",".join(options.workloads or options.effective().suites)


def exit_code(results: Sequence[HttpResult]) -> int:
    """0 where all was measured, 4 where nothing was, 5 where some was."""
    measured = sum(len(one.completed) for one in results)
    if not measured:
        return INVALID
    doubted = any(not rate.validity.ok for one in results for cell in one.workloads for rate in cell.latency)
    return PARTIAL if doubted or any(one.failure or one.skipped for one in results) else OK


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
