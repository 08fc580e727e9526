"""A runner that announced itself claims: also tasks that demand a model, as long as it has that model now.

What it is given counts as its load at once. One that was fenced, drains or is full gets nothing.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from benchfleet_contract.limits import WAIT_RETRY_S

from chalicelib.domain.errors import RunNotFound
from chalicelib.domain.outcomes import Assigned, Done, Outcome, Wait
from chalicelib.domain.ports import Runs
from chalicelib.domain.records import ClaimRequest, Demand, Run
from chalicelib.domain.registry.demanding import fits_run, held_mark
from chalicelib.domain.registry.errors import NotSelectable
from chalicelib.domain.registry.ports import Catalogs, ExecutorRefused, Executors
from chalicelib.domain.registry.pressure import is_overloaded
from chalicelib.domain.registry.records import Catalog, Executor, ExecutorState
from chalicelib.services.registry.who import Caller, own
from chalicelib.services.runs.read_runs import published

_MOST_RUNS_KNOWN = 1_000
Claim = Callable[[ClaimRequest], Outcome]


@dataclass(frozen=True)
class ClaimAsExecutor:
    """`held` tells what a request holds already in a run, `known` remembers what runs demand: that never changes."""

    executors: Executors
    catalogs: Catalogs
    runs: Runs
    held: Callable[[str, ClaimRequest], Outcome | None]
    known: dict[str, Run]

    def of_run(
        self, run_id: str, request: ClaimRequest, caller: Caller, claim: Claim, *, active: int | None, retry: bool
    ) -> Outcome:
        """`active`: how many tasks the executor is at, by its own word.

        Raises RunNotFound; ExecutorNotFound, Gone, NotOwner, Fenced, NotSelectable.
        """
        executor = self._admitted(request, caller, active)
        run = self._run(run_id)
        demands = self._demands(executor, [run], request)
        outcome = self._claimed(executor, self._asked(request, demands), claim, [run_id] if retry else [])
        lacking = [demand for demand in run.demands if _is_here(demand, request.demand) and demand not in demands]
        if lacking and isinstance(outcome, Done) and outcome.misplaced:
            return Wait(WAIT_RETRY_S, f"{executor.executor_id} has no {lacking[0].model} as the run wants it")
        return outcome

    def of_any(
        self, request: ClaimRequest, caller: Caller, claim: Claim, *, active: int | None, retry: bool
    ) -> Outcome:
        """As `of_run`, for a task of any running run."""
        executor = self._admitted(request, caller, active)
        runs: list[Run] = []
        for one in self.runs.active():
            if any(_is_here(demand, request.demand) for demand in one.demands if demand.model or retry):
                with suppress(RunNotFound):  # not published yet
                    runs.append(self._run(one.run_id))
        demands = self._demands(executor, runs, request)
        return self._claimed(
            executor, self._asked(request, demands), claim, [run.run_id for run in runs] if retry else []
        )

    def _admitted(self, request: ClaimRequest, caller: Caller, active: int | None) -> Executor:
        executor = own(self.executors, request.executor_id or "", request.generation, caller, request.now_ms)
        if executor.state is ExecutorState.DRAINING:
            raise NotSelectable(f"{executor.executor_id} drains: it gets no more tasks")
        if active is not None:
            executor = executor.evolve(load=executor.load.model_copy(update={"active": active, "queued": 0}))
        if executor.exclusive or is_overloaded(executor):
            raise NotSelectable(f"{executor.executor_id} is full: ask again when a task has ended")
        return executor

    def _demands(self, executor: Executor, runs: Sequence[Run], request: ClaimRequest) -> list[Demand]:
        """The plain one first; then each with a model that the executor has now, and that fits its run."""
        plain = request.demand
        found = [plain]
        for run in runs:
            for demand in run.demands:
                if _is_here(demand, plain) and demand not in found and self._serves(executor, run, demand):
                    found.append(demand)
        return found

    def _serves(self, executor: Executor, run: Run, demand: Demand) -> bool:
        if demand.model is None or not executor.has(demand.model) or executor.catalog is None:
            return False
        catalog = self.catalogs.get(executor.executor_id, executor.catalog) or Catalog({}, "")
        return fits_run(run.model, executor, catalog, demand.model)

    def _asked(self, request: ClaimRequest, demands: Sequence[Demand]) -> list[ClaimRequest]:
        return [replace(request, demand=demand) for demand in demands]

    def _claimed(
        self, executor: Executor, requests: Sequence[ClaimRequest], claim: Claim, again_in: Sequence[str]
    ) -> Outcome:
        """`again_in`: runs in which an earlier copy of the request may have got a task, which comes before anything new."""
        for run_id in again_in:
            for request in requests:
                held = self.held(run_id, request)
                if isinstance(held, Assigned):
                    return self._counted(executor, held)
        outcomes: list[Outcome] = []
        for request in requests:
            outcome = claim(request)
            if isinstance(outcome, Assigned):
                return self._counted(executor, outcome)
            outcomes.append(outcome)
        return _best(outcomes)

    def _counted(self, executor: Executor, outcome: Assigned) -> Outcome:
        """Fenced meanwhile, the task is not this process's: it learns so with its first heartbeat."""
        mark = held_mark(outcome.task.run_id, outcome.task.number, outcome.task.attempt)
        with suppress(ExecutorRefused):
            self.executors.hold(executor.executor_id, executor.generation, frozenset({mark}))
        return outcome

    def _run(self, run_id: str) -> Run:
        if run_id not in self.known:
            run = published(self.runs, run_id)[0]
            if len(self.known) >= _MOST_RUNS_KNOWN:
                self.known.clear()
            self.known[run_id] = run
        return self.known[run_id]


def _is_here(demand: Demand, plain: Demand) -> bool:
    return (demand.provider, demand.instance_type) == (plain.provider, plain.instance_type)


def _best(outcomes: Sequence[Outcome]) -> Outcome:
    """Waiting, if anything may still come; else what the plain demand was told, unless it is not in the run at all."""
    waits = [outcome for outcome in outcomes if isinstance(outcome, Wait)]
    if waits:
        return min(waits, key=lambda wait: wait.seconds)
    in_place = [outcome for outcome in outcomes if not (isinstance(outcome, Done) and outcome.misplaced)]
    return (in_place or outcomes)[0]
