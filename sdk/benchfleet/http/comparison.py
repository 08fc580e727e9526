"""Frameworks measured by turns on this machine, into a folder that `benchfleet report` reads."""

import os
import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchfleet_contract.http_results import HttpResult
from benchfleet_contract.workloads.http import HttpOptions

from benchfleet.exceptions import UsageError
from benchfleet.http.folder import Cell, ResultsFolder, doubted
from runner_image.errors import TaskError
from runner_image.isolation.environment import visible
from runner_image.isolation.processes import ProcessIsolation
from runner_image.machine.conditions import Reading, conditions, reading
from runner_image.machine.provenance import affinity, machine
from runner_image.machine.system import System
from runner_image.stopping import Stop
from runner_image.workloads.http.asking import asked_of
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.outputs import output_of
from runner_image.workloads.http.plan import interleaved
from runner_image.workloads.http.start import Start

OK, INVALID, PARTIAL = 0, 4, 5


@dataclass(frozen=True)
class Step:
    """Where a comparison is: start `number` of `total`, with the share (0-1) of it that is done. `words`: what it does.

    `note`: worth a line where nobody watches.
    """

    number: int
    total: int
    subject: str
    repeat: int
    words: str
    share: float = 0.0
    note: bool = False


Told = Callable[[Step], None]


@dataclass(frozen=True)
class Comparison:
    """`subjects`: options of each, by name. `again`: how often starts that lost a number to other work are measured anew.

    `left_out`: subjects that are known not to start (an app that is to be skipped). Each is tried once, so that the results
    have it with its reason.
    """

    subjects: Mapping[str, HttpOptions]
    repeats: int
    folder: Path
    registry: Registry
    again: int = 1
    told: Told = lambda _step: None
    left_out: Mapping[str, HttpOptions] = field(default_factory=dict)

    def measured(self, *, resume: bool = False) -> list[HttpResult]:
        """Every start of every server. Raises UsageError before anything starts, and for a folder that cannot be used."""
        for options in self._all.values():
            self._check(options)
        kept = {name: options.model_dump(mode="json") for name, options in self._all.items()}
        make = ResultsFolder.resume if resume else ResultsFolder.create
        results = make(self.folder, {"subjects": kept}, machine=_machine())
        turns = [*((name, 1) for name in self.left_out), *interleaved(list(self.subjects), self.repeats)]
        self._round(results, turns, {self._cell(*turn) for turn in turns} - results.done, "")
        for number in range(1, self.again + 1):
            lost = results.disturbed() & {self._cell(*turn) for turn in turns}
            self._round(results, turns, lost, f"again, since others disturbed it ({number} of {self.again})")
        results.finish()
        return results.results()

    @property
    def _all(self) -> dict[str, HttpOptions]:
        return {**self.subjects, **self.left_out}

    def _cell(self, name: str, repeat: int) -> Cell:
        return name, suite_of(self._all[name]), repeat

    def _round(
        self, results: ResultsFolder, turns: Sequence[tuple[str, int]], wanted: Collection[Cell], why: str
    ) -> None:
        todo = [turn for turn in turns if self._cell(*turn) in wanted]
        for number, (name, repeat) in enumerate(todo, start=1):
            step = Step(number, len(todo), name, repeat, why, note=bool(why))
            if why:
                self.told(step)
            self._one(results, step)

    def _check(self, options: HttpOptions) -> None:
        try:
            asked_of(options)
            if options.framework:
                self.registry.get(options.framework)
        except TaskError as error:
            raise UsageError(str(error)) from error

    def _one(self, results: ResultsFolder, step: Step) -> None:
        began, name = _now(), step.subject
        with tempfile.TemporaryDirectory(prefix="benchfleet-http-") as made:
            work_dir = Path(made)
            isolation = ProcessIsolation(visible(os.environ))
            before = _reading(isolation)
            with isolation.open(work_dir, stop=Stop()) as slot:
                start = Start(
                    slot, self._all[name], work_dir, subject=name, repeat=step.repeat, registry=self.registry,
                    on_step=lambda what, share: self.told(
                        Step(step.number, step.total, name, step.repeat, what, share, note=" again: " in what)
                    ),
                )  # fmt: skip
                result = start.measured()
            around = conditions(before, _reading(isolation), slots=1, busy_slots=1)
            results.add(result, output_of(result), started_at=began, ended_at=_now(), conditions=around, made=work_dir)
        self.told(Step(step.number, step.total, name, step.repeat, ended(result), share=1.0, note=True))


def ended(result: HttpResult) -> str:
    """How one start ended, in a few words."""
    if result.failure:
        return f"{result.failure.kind}: {result.failure.message}"
    done, asked = len(result.completed), len(result.requested)
    reasons = [f"{cell.name}: {reason}" for cell in result.workloads for reason in cell.reasons]
    reasons += [
        f"{cell.name} at {rate.fraction:.0%}: {reason}"
        for cell in result.workloads
        for rate in cell.latency
        for reason in rate.validity.reasons
    ]
    more = f"; {reasons[0]}" + (f" and {len(reasons) - 1} more" if len(reasons) > 1 else "") if reasons else ""
    return f"{done} of {asked} workloads measured{more}"


def suite_of(options: HttpOptions) -> str:
    """As it stands in a result: what was asked for, with commas."""
    return ",".join(options.workloads or options.effective().suites)


def exit_code(results: Sequence[HttpResult]) -> int:
    """0 where all was measured, 4 where nothing was, 5 where some was."""
    if not any(one.completed for one in results):
        return INVALID
    streams = [stream for one in results for stream in one.streams or ()]
    lacks = any(one.failure or one.skipped or doubted(one) for one in results)
    return PARTIAL if lacks or any(stream.status != "measured" for stream in streams) else OK


def _reading(isolation: ProcessIsolation) -> Reading:
    return reading(System(), cores=affinity() or [0], at_s=time.monotonic(), used=isolation.used())


def _machine() -> dict[str, object]:
    """As a runner tells it of its machine."""
    told = machine(System(), image=None, cloud=None, cores=tuple(affinity() or ()), isolation="process")
    return told.model_dump(mode="json")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
