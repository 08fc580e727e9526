"""Gives a runner a task: one query for the candidates, one conditional write."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from benchfleet_contract.limits import WAIT_RETRY_S
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.contention import Windows
from chalicelib.domain.counting import all_ended
from chalicelib.domain.errors import RunNotFound
from chalicelib.domain.metering import Meter
from chalicelib.domain.outcomes import Assigned, Done, Outcome, Wait
from chalicelib.domain.ports import Clock, Refused, Runs, Tasks
from chalicelib.domain.records import ActiveRun, Candidates, ClaimRequest, Demand, Header, Run, Task
from chalicelib.domain.routing import BlockAddress, Routes
from chalicelib.services.runs.read_runs import published

_RACES_A_QUERY = 4  # lost races after which the candidates count as stale
_QUERIES_A_BLOCK = 8
_FEW_BLOCKS = (
    4  # demands with tasks in up to this many blocks are asked what is in flight; for larger ones the counters tell
)
_SOON_S = 2
_DONE = Done()
_MISPLACED = Done(misplaced=True)
_OVER = Done("Run is not running")


@dataclass(frozen=True)
class ClaimRequests:
    """Makes requests: `new_token` and `new_nonce` give random strings."""

    clock: Clock
    new_token: Callable[[], str]
    new_nonce: Callable[[], str]

    def make(self, demand: Demand, runner_id: str, token: str | None, *, bound: bool = False) -> ClaimRequest:
        return ClaimRequest(demand, runner_id, token or self.new_token(), self.new_nonce(), self.clock(), bound)


@dataclass(frozen=True)
class ClaimTask:
    runs: Runs
    tasks: Tasks
    windows: Windows
    routes: Routes = field(default_factory=Routes)
    meter: Meter = field(default_factory=Meter)

    def __call__(self, run_id: str, request: ClaimRequest, *, retry: bool = False) -> Outcome:
        """`retry`: this request was sent before and its answer got lost. Raises RunNotFound."""
        if retry and (held := self.held(run_id, request)):
            return held
        if outcome := self._explored(run_id, request):
            return outcome
        visited: set[int] = set()
        while (block := self.routes.next(run_id, request, visited)) is not None:
            visited.add(block)
            outcome = self._from_block(run_id, block, request)
            if outcome is None and len(visited) == 1 and self._is_large(run_id, request.demand):
                outcome = self._if_none_pending(run_id, request.demand)
            if outcome:
                return outcome
        return self._nothing(run_id, request.demand, visited)

    def _explored(self, run_id: str, request: ClaimRequest) -> Outcome | None:
        """Finds out where the demand's tasks live, once in a process: the first block's header tells.

        A small one is served by the same query; in a large one everybody goes to a block of his own from there.
        """
        if self.routes.known(run_id, request.demand):
            return None
        with self.routes.learning:
            if self.routes.known(run_id, request.demand):
                return None
            return self._from_block(run_id, 0, request, exploring=True)

    def _from_block(self, run_id: str, block: int, request: ClaimRequest, *, exploring: bool = False) -> Outcome | None:
        place = (run_id, request.demand, block)
        for _ in range(_QUERIES_A_BLOCK):
            found = self.tasks.candidates(
                run_id, block, request.demand, limit=self.windows.fetch(place), request=request
            )
            header = found.header or self._repaired(run_id, block, request)
            if isinstance(header, Done) or header is None:
                return header
            self.routes.learn(run_id, request.demand, header.blocks)
            if not header.open:
                return _OVER
            if exploring and self._is_large(run_id, request.demand):
                return None
            if not found.numbers:
                if not found.deferred:
                    self.routes.mark_empty(place, now_ms=request.now_ms)
                return None
            task = self._race(place, found, request, in_order=header.in_order)
            if task:
                return Assigned(task, header)
        return None

    def _race(
        self, place: BlockAddress, found: Candidates, request: ClaimRequest, *, in_order: bool = False
    ) -> Task | None:
        left = list(found.numbers)
        for _ in range(min(_RACES_A_QUERY, len(left))):
            number = left.pop(self.windows.pick(place, len(left), in_order=in_order))
            try:
                task = self.tasks.claim(place[0], number, request)
            except Refused:
                self.windows.lost(place)
                self.meter.add("LostRaces")
                continue
            self.windows.won(place)
            return task
        return None

    def _repaired(self, run_id: str, block: int, request: ClaimRequest) -> Header | Done | None:
        """Why the block has no header: no task for this demand, tasks elsewhere, or a creator that died after `publish`."""
        run = self._run(run_id)
        blocks = run.blocks_of(request.demand)
        if not run.is_open:
            return _OVER
        if not blocks:
            return _MISPLACED
        self.routes.learn(run_id, request.demand, blocks)
        if block not in blocks:
            return None
        self.tasks.open_headers(run)
        return self.tasks.candidates(run_id, block, request.demand, limit=1).header

    def held(self, run_id: str, request: ClaimRequest) -> Outcome | None:
        """The task that this very request got already."""
        run = self._run(run_id)
        for block in run.blocks_of(request.demand):
            task = self.tasks.held_by_token(run_id, block, request.demand, request.token)
            if task and task.runner_id == request.runner_id:
                return Assigned(task, run.header(request.demand))
        return None

    def _is_large(self, run_id: str, demand: Demand) -> bool:
        return len(self.routes.known(run_id, demand) or ()) > _FEW_BLOCKS

    def _if_none_pending(self, run_id: str, demand: Demand) -> Outcome | None:
        """What the counters say of a demand with many tasks. They lag, but never count an end that has not happened."""
        run, counts = published(self.runs, run_id)
        groups = run.groups_of(demand)
        if not run.is_open:
            return _OVER
        if all_ended(groups, counts):
            return _DONE
        pending = any(counts.of(TaskStatus.PENDING, ordinal) for ordinal, _ in groups)
        return None if pending else Wait(WAIT_RETRY_S)

    def _nothing(self, run_id: str, demand: Demand, blocks: set[int]) -> Outcome:
        if self._is_large(run_id, demand):
            return Wait(_SOON_S)  # the counters spoke of pending tasks, others were faster
        if any(self.tasks.any_open(run_id, block, demand) for block in sorted(blocks)):
            return Wait(WAIT_RETRY_S)
        return _DONE if self._run(run_id).is_open else _OVER

    def _run(self, run_id: str) -> Run:
        return published(self.runs, run_id)[0]


@dataclass(frozen=True)
class ClaimAny:
    """A task of any running run that fits, the oldest run first."""

    runs: Runs
    claim_task: ClaimTask

    def __call__(self, request: ClaimRequest, *, workloads: frozenset[str], retry: bool = False) -> Outcome:
        """`wait` when there is none now: a runner that is bound to no run never reads `done`."""
        fitting = [run for run in self.runs.active() if _fits(run, request, workloads)]
        fitting.sort(key=lambda run: (run.created_ms, run.run_id))
        tries: Sequence[Callable[[str, ClaimRequest], Outcome | None]] = (
            [self.claim_task.held, self.claim_task] if retry else [self.claim_task]
        )
        for attempt in tries:  # what this request holds already, in any run, comes before anything new
            for active in fitting:
                with suppress(RunNotFound):  # not published yet
                    outcome = attempt(active.run_id, request)
                    if isinstance(outcome, Assigned):
                        return outcome
        return Wait(WAIT_RETRY_S)


def _fits(run: ActiveRun, request: ClaimRequest, workloads: frozenset[str]) -> bool:
    return request.demand in run.demands and (not workloads or run.workload in workloads)
