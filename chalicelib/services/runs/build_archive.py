"""Finalizes a run: archive first, pointer last, once. May be called any number of times, at any moment."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from benchfleet_contract.states import FLEET_RESULTS_FAILED, NOT_PROVISIONED, PARTLY_PROVISIONED, ArchiveState
from benchfleet_contract.workloads.known import LLM

from chalicelib.domain.deleting import HANDED_OUT_MS
from chalicelib.domain.leases import iso
from chalicelib.domain.metering import Meter
from chalicelib.domain.ports import Builder, Built, Clock, FinalizeQueue, Flaw, Leftovers, Runs, Tasks
from chalicelib.domain.records import Ending, Goal, Run, RunState, Task
from chalicelib.domain.transitions import OPEN
from chalicelib.services.runs.stop_run import EndOpenTasks

BUILD_LEASE_MS = 300_000  # then the builder counts as dead and another may build: both would write the same bytes
RENEW_MS = 30_000
_STILL_OPEN = "(open)"
MOST_BUILDS = 5
_WRITERS = 8
_log = logging.getLogger(__name__)


class BuildTakenOver(Exception):
    """Another builder has the right to build: this one took too long over one result."""


@dataclass(frozen=True)
class BuildArchive:
    runs: Runs
    tasks: Tasks
    leftovers: Leftovers
    builder: Builder
    end_open: EndOpenTasks
    judge: Callable[[str], None]
    queue: FinalizeQueue
    clock: Clock
    over: Callable[[str], None] = lambda origin: None  # told the origin of a run that has its archive
    meter: Meter = field(default_factory=Meter)
    finish_fleet: Callable[[Run, Iterable[Task]], str | None] = lambda run, tasks: (
        None
    )  # why such a run ends as it does

    def __call__(self, run_id: str) -> None:
        """Does nothing for a run that is unknown, finished, or has open tasks and is not closing.

        Raises whatever the build raised, so that the queue delivers the message again.
        """
        found = self.runs.get(run_id)
        if found is None or not found[0].is_shown:
            return
        run, _ = found
        if run.archive.state in (ArchiveState.READY, ArchiveState.FAILED):
            return
        if run.ending:
            self.tasks.close_headers(run)
            self.end_open(run)
        ends = Counter(task.reason if task.status not in OPEN else _STILL_OPEN for task in self.tasks.all(run))
        if not ends[_STILL_OPEN]:
            all_in_time = run.ending is Ending.DEADLINE and not ends[Ending.DEADLINE]
            run = run.evolve(ending=None, reason=None) if all_in_time else self._judged(run)
            self._build(_without_machines(run, ends))

    def _judged(self, run: Run) -> Run:
        """With the reasons why a run with a goal took no more tasks. What hinders judging it hinders no archive."""
        if run.goal is None or run.state is not RunState.RUNNING or run.ending:
            return run
        try:
            self.judge(run.run_id)
        except Exception:
            _log.exception("could not judge run %s", run.run_id)
        found = self.runs.get(run.run_id)
        return found[0].evolve(reason=reason_of(found[0])) if found else run

    def _build(self, run: Run) -> None:
        now_ms = self.clock()
        build = self.runs.begin_archive(run.run_id, now_ms=now_ms, until_ms=now_ms + BUILD_LEASE_MS)
        if build is None:
            return
        self.leftovers.mark(run.run_id, due_ms=now_ms + HANDED_OUT_MS)
        if build > MOST_BUILDS:  # the builders before were killed: none was left to say so
            self._give_up(run, build, "every build of the archive was killed")
            return
        try:
            marked: set[int] = set()
            built = self.builder.build(run, document=_document(run), tasks=self._kept_alive(run, build, marked))
            self._tell(run, built.flaws, marked)
            run = self._with_fleet(run, build)
        except Exception as error:
            self._failed(run, build, error)
            raise
        self._close(run, build, replace(built, run_state=_last_state(run), reason=run.reason))

    def _with_fleet(self, run: Run, build: int) -> Run:
        """The results of a fleet run are there before it has ended. In the last build what hinders them hinders no archive."""
        if run.workload != LLM:
            return run
        try:
            reason = self.finish_fleet(run, self.tasks.all(run))
        except Exception:
            if build < MOST_BUILDS:
                raise
            _log.exception("no results of fleet run %s", run.run_id)
            reason = FLEET_RESULTS_FAILED
        return run.evolve(reason=run.reason or reason)

    def _tell(self, run: Run, flaws: Sequence[Flaw], marked: set[int]) -> None:
        """Notes each flaw with its task, and takes back those that a build before found and this one did not."""
        healed = marked - {flaw.number for flaw in flaws}
        with ThreadPoolExecutor(_WRITERS) as pool:
            for _ in pool.map(
                lambda flaw: self.tasks.note_flaw(run.run_id, flaw),
                [*flaws, *(Flaw(number, None, None) for number in sorted(healed))],
            ):
                pass

    def _kept_alive(self, run: Run, build: int, marked: set[int]) -> Iterator[Task]:
        """The tasks; while they are taken, the right to build is renewed. Raises BuildTakenOver when it is gone.

        `marked` receives the numbers of those that carry a flaw already.
        """
        renewed_ms = self.clock()
        for task in self.tasks.all(run):
            now_ms = self.clock()
            if now_ms > renewed_ms + RENEW_MS:
                renewed_ms = now_ms
                if not self.runs.keep_archive(run.run_id, build, until_ms=now_ms + BUILD_LEASE_MS):
                    raise BuildTakenOver(f"build {build} of run {run.run_id}")
            if task.result:
                marked.add(task.number)
            yield task

    def _failed(self, run: Run, build: int, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}"[:512]
        _log.warning("archive build %d of run %s failed: %s", build, run.run_id, words)
        if build < MOST_BUILDS:
            self.runs.release_archive(run.run_id, build, error=words)
        else:
            self._give_up(run, build, words)

    def _give_up(self, run: Run, build: int, words: str) -> None:
        state = RunState.CANCELLED if run.state is RunState.CANCELLED else RunState.FAILED
        self._close(run, build, Built(ArchiveState.FAILED, state, run.reason or "archive_failed", error=words))

    def _close(self, run: Run, build: int, built: Built) -> None:
        if self.runs.close_archive(run, build, built, now_ms=self.clock()):
            self.meter.add("ArchiveBytes", built.size_bytes or 0, unit="Bytes")
            self.over(run.origin)
            return
        # Stopped while we built, and run.json would tell a state that is no longer true; or another build took over.
        self.runs.release_archive(run.run_id, build, error="the run changed while its archive was built")
        self.queue.send(run.run_id)


def reason_of(run: Run) -> str | None:
    """Why a run ended that was not ended from outside: it has no more to say without a goal."""
    from chalicelib.domain.precision import why

    return run.reason or why(run)


def _without_machines(run: Run, ends: Counter[str | None]) -> Run:
    """With the reason why tasks were not done for which no machine could be had."""
    if run.ending or run.state is RunState.CANCELLED or not ends[NOT_PROVISIONED]:
        return run
    return run.evolve(reason=NOT_PROVISIONED if ends[NOT_PROVISIONED] == run.task_count else PARTLY_PROVISIONED)


def _last_state(run: Run) -> RunState:
    if run.state is RunState.CANCELLED:
        return RunState.CANCELLED
    has_failed = run.ending is Ending.DEADLINE or run.reason == NOT_PROVISIONED
    return RunState.FAILED if has_failed else RunState.COMPLETED


def _document(run: Run) -> bytes:
    """`run.json`: the same bytes however often it is built."""
    document: dict[str, Any] = {
        "schema_version": 1, "run_id": run.run_id, "status": str(_last_state(run)), "reason": run.reason,
        "ruby_version": run.asked_ruby_version, "workload": run.workload, "workload_options": run.workload_options,
        "per_instance_type": {"tasks": run.tasks_per_instance}, "tasks": run.task_count, "lease_s": run.lease_s,
        "max_attempts": run.max_attempts, "created_at": iso(run.created_ms), "deadline_at": iso(run.deadline_ms),
        "metadata": run.metadata, "body_sha256": run.body_sha256,
        "instances": [
            {"provider": d.provider, "instance_type": d.instance_type, "tasks": sum(g.total for _, g in run.groups_of(d))}
            for d in run.demands
        ],
    }  # fmt: skip
    if run.groups[0].subject is not None:
        subjects = list(dict.fromkeys(group.subject for group in run.groups))
        document |= {"subjects": subjects, "order": run.order}
        if run.noise_floor:
            document["noise_floor"] = {"subject": subjects[0], "again": subjects[-1]}
    if run.shards > 1:
        document["shards"] = run.shards
    if run.goal:
        document["precision"] = _precision(run, run.goal)
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"


def _precision(run: Run, goal: Goal) -> dict[str, Any]:
    told = [(run.groups[group], stop) for group, stop in sorted(run.stops.items())]
    stops = [
        {
            "provider": group.demand.provider, "instance_type": group.demand.instance_type, "subject": group.subject,
            "reason": str(stop.reason), "at": iso(stop.at_ms), "tasks": stop.tasks, "half_width": stop.half_width,
        }
        for group, stop in told
    ]  # fmt: skip
    return {
        "target": goal.target, "pilot": goal.pilot, "max_tasks": run.tasks_per_instance,
        "max_time_s": goal.max_time_s, "stops": stops,
    }  # fmt: skip
