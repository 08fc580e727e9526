"""What people and programs ask about fleet runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.fleets.runs import (
    MAX_ERRORS_TOLD,
    Artifact,
    ArtifactList,
    FleetRunDetail,
    FleetRunItem,
    FleetRunList,
    FleetStatus,
    ShardView,
    SignedFile,
    TestCounts,
    UploadReply,
    UploadRequest,
)
from benchfleet_contract.limits import RUNS_PAGE
from benchfleet_contract.states import FLEET_RESULTS_FAILED, NO_TEST_SUCCEEDED, TESTS_FAILED, TaskStatus
from benchfleet_contract.workloads.known import LLM

from chalicelib.domain.errors import RunNotFound
from chalicelib.domain.fleet_errors import ArtifactNotFound, ResultsNotReady
from chalicelib.domain.fleet_plan import fleet_id_of
from chalicelib.domain.fleet_ports import FleetFiles, Fleets
from chalicelib.domain.leases import iso
from chalicelib.domain.ports import Runs, Tasks
from chalicelib.domain.records import Run, RunState, Task
from chalicelib.services.fleets.finish_fleet import DONE_FILE
from chalicelib.services.fleets.read_outcomes import ReadOutcomes

RESULTS = "fleet-results.json"
_STATES: Mapping[RunState, FleetStatus] = {
    RunState.RUNNING: "running", RunState.COMPLETED: "completed", RunState.FAILED: "failed", RunState.CANCELLED: "cancelled",
}  # fmt: skip
_REASONS: Mapping[str | None, FleetStatus] = {
    TESTS_FAILED: "partial", NO_TEST_SUCCEEDED: "failed", FLEET_RESULTS_FAILED: "failed",
}  # fmt: skip
_ENDED_TESTS = ("success", "failure", "timeout", "skipped")
_MOST_PAGES = 20  # of runs that are looked through for one page of fleets


@dataclass(frozen=True)
class ReadFleets:
    runs: Runs
    tasks: Tasks
    fleets: Fleets
    files: FleetFiles
    outcomes: ReadOutcomes

    def detail(self, run_id: str) -> FleetRunDetail:
        """Raises RunNotFound, also for a run that is no fleet's."""
        run = self.run(run_id)
        outline = self.outcomes.outline(run_id) or {}
        tasks = list(self.tasks.all(run))
        done = self._done(run)
        shards = self._shards(run, outline, tasks, done)
        budget = self.fleets.budget(run_id)
        return FleetRunDetail(
            run_id=run_id, fleet_id=fleet_id_of(run_id), status=_status(run, tasks), reason=run.reason,
            created_at=iso(run.created_ms) or "", completed_at=iso(run.completed_ms),
            results_ready=done is not None,
            tests=_summed(shards), cost_usd=_cost(shards),
            unpriced=sum(shard.unpriced for shard in shards), max_cost_usd=budget.most / 1e9 if budget else None,
            targets=[target["spec"] for target in outline.get("targets", [])],
            repositories=[repository["id"] for repository in outline.get("repositories", [])], shards=shards,
            target_ttft_ms=_by_spec(outline, (done or {}).get("target_ttft_ms", {})),
            errors=[f"{one.target}, {one.repository_id}: {one.error}" for one in shards if one.error][:MAX_ERRORS_TOLD],
            warnings=list(run.warnings), metadata=run.metadata,
        )  # fmt: skip

    def run(self, run_id: str) -> Run:
        """Raises RunNotFound."""
        found = self.runs.get(run_id)
        if found is None or not found[0].is_shown or found[0].workload != LLM:
            raise RunNotFound
        return found[0]

    def newest(self, *, fleet_id: str | None, status: str | None, cursor: str | None) -> FleetRunList:
        """Runs of other kinds are left out, so a page may be short or empty while there is a cursor."""
        found: list[FleetRunItem] = []
        for _ in range(_MOST_PAGES):
            page, cursor = self.runs.newest(limit=RUNS_PAGE, cursor=cursor)
            found += [item for item in map(self._item, page) if item and _fits(item, fleet_id, status)]
            if cursor is None or found:
                break
        return FleetRunList(runs=found, next_cursor=cursor)

    def results(self, run_id: str) -> SignedFile:
        """Raises RunNotFound, ResultsNotReady."""
        run = self.run(run_id)
        if run.state is RunState.RUNNING:
            raise ResultsNotReady(f"Run {run_id} has not ended: ask again, or wait for status completed or partial")
        if self._done(run) is None:
            raise ResultsNotReady(f"The results of run {run_id} are being made: ask again, or wait for results_ready")
        return self.artifact(run_id, RESULTS)

    def artifacts(self, run_id: str) -> ArtifactList:
        self.run(run_id)
        found = [Artifact(path=one.path, size_bytes=one.size_bytes) for one in self.files.artifacts(run_id)]
        return ArtifactList(run_id=run_id, artifacts=found)

    def artifact(self, run_id: str, path: str) -> SignedFile:
        """Raises RunNotFound, ArtifactNotFound: only what is there has a URL."""
        self.run(run_id)
        plain = all(level not in ("", ".", "..") for level in path.split("/"))  # what some client could shorten
        if not (plain and self.files.has_artifact(run_id, path)):
            raise ArtifactNotFound(f"Run {run_id} has no artifact {path[:200]!r}; GET …/artifacts lists them")
        return SignedFile(path=path, url=self.files.sign(run_id, f"artifacts/{path}"))

    def upload(self, asked: UploadRequest) -> UploadReply:
        signed = self.files.sign_upload(asked.sha256, asked.size_bytes)
        url, headers = signed or (None, {})
        return UploadReply(sha256=asked.sha256, url=url, required_headers=headers)

    def _item(self, run: Run) -> FleetRunItem | None:
        """What a completed run came to stands in the run alone: the index does not hold its reason."""
        if run.workload != LLM:
            return None
        found = self.runs.get(run.run_id) if run.state is RunState.COMPLETED else None
        return FleetRunItem(
            run_id=run.run_id,
            fleet_id=fleet_id_of(run.run_id),
            status=_ended(found[0] if found else run),
            created_at=iso(run.created_ms) or "",
        )

    def _shards(
        self, run: Run, outline: dict[str, Any], tasks: list[Task], done: dict[str, Any] | None
    ) -> list[ShardView]:
        said = {number: one.said for number, one in self.fleets.progress(run.run_id).items()} if done is None else {}
        told = [
            (shard, done["shards"][place] if done else said.get(shard["number"], {}))
            for place, shard in enumerate(outline.get("shards", []))
        ]
        by_number = {task.number: task for task in tasks}
        return [
            _view(shard, by_number[shard["number"]], counts) for shard, counts in told if shard["number"] in by_number
        ]

    def _done(self, run: Run) -> dict[str, Any] | None:
        """What the finalizer has told of its shards; None while the run is going on, or is no fleet that it finished."""
        if run.state is RunState.RUNNING:
            return None
        raw = self.files.read(run.run_id, DONE_FILE)
        return json.loads(raw) if raw else None


def _view(shard: Mapping[str, Any], task: Task, said: Mapping[str, Any]) -> ShardView:
    ended = {name: int(said.get(name) or 0) for name in _ENDED_TESTS}
    total = shard["tests"]
    counts = TestCounts(total=total, pending=max(0, total - sum(ended.values())), **ended)
    return ShardView(
        number=task.number, task_id=task.id, repository_id=shard["repository_id"], scenario=shard["scenario"],
        target=shard["spec"], status=str(task.status), attempt=task.attempt, tests=counts, cost_usd=said.get("cost_usd"),
        unpriced=said.get("unpriced") or 0, ttft_ms=said.get("ttft_ms"), scored=said.get("scored"), passed=said.get("passed"),
        error=task.error_message if task.status is TaskStatus.FAILED else None,
    )  # fmt: skip


def _by_spec(outline: dict[str, Any], medians: Mapping[str, float]) -> dict[str, float]:
    targets = outline.get("targets", [])
    return {target["spec"]: medians[target["name"]] for target in targets if target["name"] in medians}


def _summed(shards: list[ShardView]) -> TestCounts:
    names = TestCounts.model_fields
    return TestCounts(**{name: sum(getattr(shard.tests, name) for shard in shards) for name in names})


def _cost(shards: list[ShardView]) -> float | None:
    known = [shard.cost_usd for shard in shards if shard.cost_usd is not None]
    return sum(known) if known else None


def _status(run: Run, tasks: list[Task]) -> FleetStatus:
    if run.state is RunState.RUNNING and all(task.status is TaskStatus.PENDING and not task.attempt for task in tasks):
        return "queued"
    return _ended(run)


def _ended(run: Run) -> FleetStatus:
    return _REASONS.get(run.reason, _STATES[run.state]) if run.state is RunState.COMPLETED else _STATES[run.state]


def _fits(item: FleetRunItem, fleet_id: str | None, status: str | None) -> bool:
    return fleet_id in (None, item.fleet_id) and status in (None, item.status)
