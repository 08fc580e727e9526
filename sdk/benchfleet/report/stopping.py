"""What a report tells of a run whose number of tasks its own results decided."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchfleet_contract.limits import PILOT_TASKS
from benchfleet_contract.runs import GroupStop, RunPrecision
from benchfleet_contract.states import NOT_NEEDED, StopReason
from pydantic import ValidationError

from benchfleet.report.dataset import Run
from benchfleet.results.bounds import cut
from benchfleet.results.stops import stop_words

MOST_TOLD = 5
_MORE_INSTANCES = "Over few instances more tasks do not narrow an interval; more instances do."


def is_spared(entry: Mapping[str, Any]) -> bool:
    """Does manifest.json say that the task was cancelled by design? It is no problem then, and nobody waited for it."""
    return entry.get("status") == "cancelled" and entry.get("reason") in NOT_NEEDED


def precision_of(run: Run) -> RunPrecision | None:
    """What run.json says; None where the run had no target precision, or somebody damaged it."""
    try:
        return RunPrecision.model_validate(run.about["precision"])
    except (KeyError, ValidationError):
        return None


def stopping(runs: Sequence[Run]) -> Iterator[str]:
    """What ended each run with a target precision, what was not reached first."""
    for run in runs:
        precision = precision_of(run)
        if precision is None:
            continue
        late = [stop for stop in precision.stops if stop.reason != StopReason.PRECISION]
        yield from _some(run, stop_words(precision.model_copy(update={"stops": late})))
        if any(stop.reason == StopReason.TASKS for stop in late):
            yield _MORE_INSTANCES
        early = [stop for stop in precision.stops if stop.reason == StopReason.PRECISION]
        yield from _some(run, stop_words(precision.model_copy(update={"stops": early})))
        yield from _soon(run, early)
        if run.not_needed:
            count = "1 task was" if run.not_needed == 1 else f"{run.not_needed} tasks were"
            yield f"Run {run.run_id}: {count} not needed and not measured."


def _soon(run: Run, early: Sequence[GroupStop]) -> Iterator[str]:
    """Of a run that asked for few: simulated with data of a long tail to the slow side (docs/benchmarks.md)."""
    fewest = min((stop.tasks for stop in early), default=PILOT_TASKS)
    if fewest < PILOT_TASKS:
        yield (
            f"Run {run.run_id} ended after {fewest} tasks: if one in five or ten is slow by chance, intervals of so few may be "
            f"too narrow. From {PILOT_TASKS} tasks on they hold the mean as often as they say."
        )


def _some(run: Run, told: Sequence[str]) -> Iterator[str]:
    yield from (f"Run {run.run_id}, {cut(words)}." for words in told[:MOST_TOLD])
    if len(told) > MOST_TOLD:
        yield f"Run {run.run_id}: so it was with {len(told) - MOST_TOLD} more groups."
