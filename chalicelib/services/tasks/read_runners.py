"""Who works on a run, who waits for it, who was there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from benchfleet_contract.limits import MAX_RUNNERS
from benchfleet_contract.runners import RunnerList, RunnerSeen

from chalicelib.domain.counting import Counts, all_ended
from chalicelib.domain.leases import expired, iso
from chalicelib.domain.ports import Clock, Runners, Runs, Tasks
from chalicelib.domain.presence import is_live
from chalicelib.domain.records import Demand, Presence, Run, Task
from chalicelib.domain.transitions import IN_FLIGHT
from chalicelib.services.runs.read_runs import published


@dataclass(frozen=True)
class _Seen:
    demand: Demand
    seen_ms: int
    live: bool
    any_run: bool = False
    task_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReadRunners:
    runs: Runs
    tasks: Tasks
    runners: Runners
    clock: Clock
    most_places: int = 200  # (block, demand) pairs that one call looks into

    def __call__(self, run_id: str) -> RunnerList:
        """At most 1,000, those seen last first. Raises RunNotFound."""
        run, counts = published(self.runs, run_id)
        now_ms = self.clock()
        places = _places(run, counts)
        held = list(islice(self._in_flight(run_id, places[: self.most_places]), MAX_RUNNERS + 1))
        waiting = [seen for asked_for in (run_id, None) for seen in self.runners.seen(asked_for, now_ms=now_ms)]
        found = _merged(held, waiting, now_ms=now_ms)
        ordered = sorted(found.items(), key=lambda entry: (-entry[1].seen_ms, entry[0]))
        cut = len(places) > self.most_places or len(held) > MAX_RUNNERS or len(found) > MAX_RUNNERS
        views = [_view(runner_id, seen) for runner_id, seen in ordered[:MAX_RUNNERS]]
        return RunnerList(run_id=run_id, runners=views, truncated=cut)

    def _in_flight(self, run_id: str, places: Iterable[tuple[int, Demand]]) -> Iterator[Task]:
        for block, key in places:
            yield from self.tasks.leased(run_id, block, key)


def _places(run: Run, counts: Counts) -> list[tuple[int, Demand]]:
    """Where tasks may be in flight; demands with most of them first. Counters lag, so none is left out for a zero."""

    def in_flight(demand: Demand) -> int:
        return sum(counts.of(status, ordinal) for ordinal, _ in run.groups_of(demand) for status in IN_FLIGHT)

    demands = [demand for demand in run.demands if not all_ended(run.groups_of(demand), counts)]
    demands.sort(key=in_flight, reverse=True)
    return [(block, demand) for demand in demands for block in run.blocks_of(demand)]


def _merged(held: Iterable[Task], waiting: Iterable[Presence], *, now_ms: int) -> dict[str, _Seen]:
    """One entry a runner: the latest word of it, and every task that it holds."""
    found: dict[str, _Seen] = {}
    for presence in waiting:
        seen = _Seen(presence.demand, presence.seen_ms, is_live(presence, now_ms=now_ms), presence.run_id is None)
        _add(found, presence.runner_id, seen)
    for task in held:
        beat_ms = task.heartbeat_ms or task.claimed_ms or 0
        live = not expired(task, now_ms=now_ms)
        _add(found, task.runner_id or "", _Seen(task.demand, beat_ms, live, task_ids=(task.id,)))
    return found


def _add(found: dict[str, _Seen], runner_id: str, seen: _Seen) -> None:
    known = found.get(runner_id)
    if known is None:
        found[runner_id] = seen
        return
    latest = max(known, seen, key=lambda each: each.seen_ms)
    found[runner_id] = replace(
        latest, live=known.live or seen.live, any_run=known.any_run or seen.any_run,
        task_ids=known.task_ids + seen.task_ids,
    )  # fmt: skip


def _view(runner_id: str, seen: _Seen) -> RunnerSeen:
    return RunnerSeen(
        runner_id=runner_id, provider=seen.demand.provider, instance_type=seen.demand.instance_type,
        seen_at=iso(seen.seen_ms) or "", live=seen.live, any_run=seen.any_run, task_ids=list(seen.task_ids),
    )  # fmt: skip
