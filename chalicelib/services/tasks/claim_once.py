"""One request, one task: a copy of a claim gets what the first got, and nothing once that has ended."""

from collections.abc import Callable
from dataclasses import dataclass, field

from benchfleet_contract.limits import WAIT_RETRY_S

from chalicelib.domain.errors import RunNotFound
from chalicelib.domain.outcomes import Assigned, Outcome, Wait
from chalicelib.domain.ports import Tasks
from chalicelib.domain.receipts import Receipt, Receipts
from chalicelib.domain.records import ClaimRequest
from chalicelib.domain.transitions import IN_FLIGHT
from chalicelib.services.runs.read_runs import published
from chalicelib.services.tasks.claim_task import ClaimAny, ClaimTask


@dataclass(frozen=True)
class ClaimOnce:
    tasks: Tasks
    claim_task: ClaimTask
    claim_any: ClaimAny
    receipts: Receipts = field(default_factory=Receipts)

    def of_run(self, run_id: str, request: ClaimRequest, *, retry: bool = False) -> Outcome:
        """As ClaimTask. Raises RunNotFound."""
        return self._once(run_id, request, lambda: self.claim_task(run_id, request, retry=retry))

    def of_any(self, request: ClaimRequest, *, workloads: frozenset[str], retry: bool = False) -> Outcome:
        """As ClaimAny."""
        return self._once(None, request, lambda: self.claim_any(request, workloads=workloads, retry=retry))

    def _once(self, scope: str | None, request: ClaimRequest, claim: Callable[[], Outcome]) -> Outcome:
        with self.receipts.turn(scope, request):
            if receipt := self.receipts.of(scope, request):
                return self._again(receipt, request, scope)
            outcome = claim()
            if isinstance(outcome, Assigned):
                self.receipts.keep(scope, request, (outcome.task.run_id, outcome.task.number))
            return outcome

    def _again(self, receipt: Receipt, request: ClaimRequest, scope: str | None) -> Outcome:
        run_id, number = receipt
        task = self.tasks.get(run_id, number)
        if task is None and scope:  # deleted since
            raise RunNotFound
        if (
            task
            and task.status in IN_FLIGHT
            and (task.claim_token, task.runner_id) == (request.token, request.runner_id)
        ):
            run, _ = published(self.claim_task.runs, run_id)
            return Assigned(task, run.header(task.demand))
        words = f"claim_token was used for {run_id}.{number}, which is no longer its: send a new token with each new request"
        return Wait(WAIT_RETRY_S, words)
