"""The results of a fleet run, from what its shards uploaded or kept. Called once its tasks have ended, before the run has.

The same tasks and journals give the same bytes, so it may be called again at any time; `fleet-results.json` is the last artifact,
and that the results are there is told after it.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import FleetSettings, Shard
from benchfleet_contract.fleets.results import (
    BenchmarkResults,
    FleetBenchmarkResults,
    FleetError,
    RepositoryResult,
    RunStatus,
)
from benchfleet_contract.states import NO_TEST_SUCCEEDED, TESTS_FAILED, TaskStatus
from pydantic import ValidationError

from chalicelib.domain.fleet_plan import fleet_id_of
from chalicelib.domain.fleet_ports import FleetFiles
from chalicelib.domain.leases import iso
from chalicelib.domain.records import Run, RunState, Task
from chalicelib.services.fleets.read_outcomes import ReadOutcomes

DONE_FILE = "done.json"
_MOST_ERRORS = 100
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FinishFleet:
    """`shard_of` gives the `shard.json` of a completed task's upload, None where there is none to be had."""

    files: FleetFiles
    outcomes: ReadOutcomes
    shard_of: Callable[[Task], bytes | None]

    def __call__(self, run: Run, tasks: Iterable[Task]) -> str | None:
        """Writes every artifact; the reason that the run ends with, None where all tests succeeded."""
        from benchfleet_results.fleets.aggregate import aggregate
        from benchfleet_results.fleets.artifacts import artifacts

        outline = self.outcomes.outline(run.run_id) or {}
        by_number = {task.number: task for task in tasks}
        results = list(self._results(run, by_number))
        status = _status(run, results)
        whole = aggregate(
            outline.get("fleet_id", fleet_id_of(run.run_id)), results, timestamp=_last(run, results), run_id=run.run_id,
            status=status, errors=list(_errors(outline, by_number))[:_MOST_ERRORS], warnings=outline.get("warnings", []),
        )  # fmt: skip
        settings = FleetSettings.model_validate(outline.get("settings", {}))
        made = artifacts(
            whole,
            formats=settings.formats,
            save_responses=settings.save_responses,
            reports=settings.generate_reports,
        )
        self.files.keep_all(run.run_id, ((f"artifacts/{path}", data) for path, data in made))
        self._tell(run, results, status, _medians(whole))
        return {"partial": TESTS_FAILED, "failed": NO_TEST_SUCCEEDED}.get(status)

    def _results(self, run: Run, tasks: dict[int, Task]) -> Iterator[RepositoryResult]:
        from benchfleet_results.fleets.benchmarks import placed

        for shard in self.outcomes.shards(run.run_id):
            task = tasks.get(shard.number)
            yield placed((task and self._uploaded(task)) or self._kept(run, shard))

    def _uploaded(self, task: Task) -> BenchmarkResults | None:
        raw = self.shard_of(task) if task.status is TaskStatus.COMPLETED else None
        try:
            return BenchmarkResults.model_validate_json(raw) if raw else None
        except ValidationError as error:
            _log.warning("shard.json of task %s does not read: %d problems", task.id, error.error_count())
            return None

    def _kept(self, run: Run, shard: Shard) -> BenchmarkResults:
        """Of a shard that nobody finished: what its journals say, and the rest is skipped."""
        from benchfleet_results.fleets.benchmarks import benchmark, rfc3339

        outcomes = self.outcomes.of(run.run_id, shard.number)
        first, last = _span(outcomes.values(), run.created_ms / 1000)
        return benchmark(
            shard, outcomes, fleet_id=fleet_id_of(run.run_id), run_id=run.run_id, started_at=rfc3339(first),
            completed_at=rfc3339(last), total_duration_ms=round((last - first) * 1000),
        )  # fmt: skip

    def _tell(self, run: Run, results: list[RepositoryResult], status: RunStatus, medians: dict[str, float]) -> None:
        """What a status says of a run that has ended, without its results being read."""
        done = {"status": status, "shards": [_told(one) for one in results], "target_ttft_ms": medians}
        self.files.keep(run.run_id, DONE_FILE, json.dumps(done).encode())


def _medians(whole: FleetBenchmarkResults) -> dict[str, float]:
    """The TTFT of each target, by its name."""
    spreads = {name: one.latency and one.latency.ttft_ms for name, one in (whole.target_breakdown or {}).items()}
    return {name: spread.p50 for name, spread in spreads.items() if spread}


def _told(result: RepositoryResult) -> dict[str, Any]:
    """As a `ShardProgress` tells it of a shard at work, and how many answers were right."""
    from benchfleet_results.fleets.summary import cost_of

    tests, summary = result.results.results, result.results.summary
    cost, unpriced = cost_of(tests)
    ttft = summary.latency.ttft_ms if summary.latency else None
    scores = {"scored": summary.quality.scored, "passed": summary.quality.passed} if summary.quality else {}
    known = any(test.cost_usd is not None for test in tests)
    more = {"cost_usd": cost if known else None, "unpriced": unpriced, "ttft_ms": ttft.p50 if ttft else None}
    return {**Counter(test.status for test in tests), **more, **scores}


def _status(run: Run, results: list[RepositoryResult]) -> RunStatus:
    if run.state is RunState.CANCELLED or run.ending:
        return "cancelled" if run.state is RunState.CANCELLED else "partial"
    tests = [test.status for one in results for test in one.results.results]
    if all(status == "success" for status in tests):
        return "completed"
    return "partial" if "success" in tests else "failed"


def _errors(outline: dict[str, object], tasks: dict[int, Task]) -> Iterator[FleetError]:
    shards = outline.get("shards")
    for shard in shards if isinstance(shards, list) else []:
        task = tasks.get(shard["number"])
        if task and task.status is not TaskStatus.COMPLETED:
            words = task.error_message or task.reason or f"the shard's task is {task.status}"
            yield FleetError(
                message=words, repository_id=shard["repository_id"], scenario=shard["scenario"], target=shard["spec"],
                kind=task.error_type or str(task.status),
            )  # fmt: skip


def _span(outcomes: Iterable[Outcome], otherwise: float) -> tuple[float, float]:
    sent = [(one.sent_at, one.sent_at + one.duration_ms / 1000) for one in outcomes if one.sent_at is not None]
    return (min(start for start, _ in sent), max(end for _, end in sent)) if sent else (otherwise, otherwise)


def _last(run: Run, results: list[RepositoryResult]) -> str:
    """When the last benchmark ended: the same however often the results are made."""
    return max((one.results.completed_at for one in results), default=iso(run.created_ms) or "")
