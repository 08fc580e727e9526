"""Once a minute: whatever else was lost is found here.

Stateless, and safe to run twice at once: each write is conditioned on what this sweep saw.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from benchfleet_contract.states import ArchiveState

from chalicelib.domain.counting import Counts, all_ended, fingerprint, recount
from chalicelib.domain.metering import Meter
from chalicelib.domain.ports import (
    Clock,
    Deletions,
    FinalizeQueue,
    Launches,
    Leftovers,
    ProvisionQueue,
    Refused,
    Runs,
    Tasks,
)
from chalicelib.domain.records import ActiveRun, Ending, Run, RunState, Task
from chalicelib.domain.sweeping import plan
from chalicelib.services.runs.gauges import Gauges

ABANDONED_MS = 15 * 60_000  # a Lambda lives no longer: whoever was creating this run is dead
QUIET_MS = 60_000  # counters that have not moved for this long owe nothing to the stream
MOST_DELETIONS = 100  # that one sweep asks for
LOST_MS = 20_000  # and a finalization that has not come for this long is asked for again
_TOLD = {"extended": "LeasesExtended", "requeued": "LeasesRequeued", "timed_out": "LeasesTimedOut"}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweep:
    runs: Runs
    tasks: Tasks
    deletions: Deletions
    launches: Launches
    leftovers: Leftovers
    queue: FinalizeQueue
    provision: ProvisionQueue
    clock: Clock
    meter: Meter = field(default_factory=Meter)

    def __call__(self) -> dict[str, int]:
        """What was done, by name: extended, requeued, timed_out."""
        now_ms = self.clock()
        leased: list[Task] = []
        gauges = Gauges(self.launches, now_ms)
        for active in self.runs.active():
            try:
                leased += self._run(active, gauges, now_ms)
            except Exception:  # one run in trouble must not keep the others from being swept
                _log.exception("could not sweep run %s", active.run_id)
        done = self._leases(leased, now_ms)
        for run_id in self.deletions.due(now_ms=now_ms, limit=MOST_DELETIONS):
            self.queue.send_deletion(run_id)
        for run_id in self.leftovers.due(now_ms=now_ms):
            self.queue.send_collection(run_id)
        if self.launches.marked(now_ms=now_ms):  # machines were launched of late
            self.provision.send_strays()
        gauges.tell(self.meter)
        for kind, metric in _TOLD.items():
            self.meter.add(metric, done[kind])
        return done

    def _run(self, active: ActiveRun, gauges: Gauges, now_ms: int) -> list[Task]:
        found = self.runs.get(active.run_id)
        if found is None or found[0].state is RunState.CREATING:
            self._abandoned(active, found[0] if found else None, now_ms)
            return []
        run, counts = found
        if not run.is_shown:  # it is being deleted, its marker too
            return []
        gauges.see(run, counts)
        if run.fleet:
            self.provision.send(run.run_id)
        if run.archive.state in (ArchiveState.READY, ArchiveState.FAILED):
            if self._verified(run, counts, now_ms):
                self.runs.retire(run.run_id)
        elif run.is_open and run.deadline_ms < now_ms:
            self._pass_deadline(run)
        else:
            self._remind(run, counts, now_ms)
            self._verified(run, counts, now_ms)
            return list(self._leased(run, counts))
        return []

    def _remind(self, run: Run, counts: Counts, now_ms: int) -> None:
        """Messages get lost."""
        if (run.ending or counts.open() <= 0) and counts.changed_ms < now_ms - LOST_MS:
            self.queue.send(run.run_id)
        if run.goal and run.is_open:  # its time may be over
            self.queue.send_judgement(run.run_id)

    def _abandoned(self, active: ActiveRun, run: Run | None, now_ms: int) -> None:
        if active.created_ms > now_ms - ABANDONED_MS:
            return
        if run is None:
            self.runs.retire(active.run_id)
        else:  # with its tasks and what lies in the bucket
            self.deletions.abandon(run.run_id, now_ms=now_ms)

    def _pass_deadline(self, run: Run) -> None:
        if self.runs.pass_deadline(run.run_id):
            _log.warning("run %s passed its deadline", run.run_id)
            self.tasks.close_headers(run.evolve(ending=Ending.DEADLINE))
        self.queue.send(run.run_id)

    def _verified(self, run: Run, counts: Counts, now_ms: int) -> bool:
        """Do the counters equal a recount? They are compared once in each quiet spell, and corrected.

        What the stream still owes them would be counted twice. So only quiet counters are touched, and only when two
        recounts, a quiet spell apart, found the same: a change that the stream had yet to tell of is told by then.
        """
        if counts.changed_ms > now_ms - QUIET_MS:
            return False
        if counts.verified_ms > counts.changed_ms:
            return True
        tally = recount(self.tasks.all(run))
        if tally == counts.tally:
            return self.runs.correct(run, tally, counts, now_ms=now_ms)
        drift = fingerprint(tally)
        if counts.drift != drift:
            self.runs.note_drift(run.run_id, drift, counts, now_ms=now_ms)
        elif counts.drift_seen_ms <= now_ms - QUIET_MS:
            _log.warning("counters of run %s had drifted", run.run_id)
            self.runs.correct(run, tally, counts, now_ms=now_ms)
        return False

    def _leased(self, run: Run, counts: Counts) -> Iterator[Task]:
        for demand, block in run.places:
            if not all_ended(run.groups_of(demand), counts):
                yield from self.tasks.leased(run.run_id, block, demand)

    def _leases(self, leased: list[Task], now_ms: int) -> dict[str, int]:
        todo = plan(leased, now_ms=now_ms)
        if todo.guarded:
            _log.warning("%d of %d leases expired at once: extending them once", len(todo.extend), len(leased))
        for task in todo.extend:
            with suppress(Refused):
                self.tasks.extend(task, now_ms=now_ms)
        for task in todo.requeue:
            with suppress(Refused):
                self.tasks.requeue(task)
        for task in todo.fail:
            with suppress(Refused):
                self.tasks.time_out(task, now_ms=now_ms)
        return {"extended": len(todo.extend), "requeued": len(todo.requeue), "timed_out": len(todo.fail)}
