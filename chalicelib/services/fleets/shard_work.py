"""What the attempt that holds a shard reads, writes and asks for: the shard, its journal, leave to send."""

import json
from dataclasses import dataclass

from benchfleet_contract.fleets.leases import LeaseReply, LeaseRequest
from benchfleet_contract.fleets.runs import MAX_SHARD_INLINE_BYTES, JournalReply, JournalRequest, ShardReply

from chalicelib.domain import fleet_budget
from chalicelib.domain.fleet_budget import NANO, Budget
from chalicelib.domain.fleet_errors import ShardNotFound
from chalicelib.domain.fleet_ports import FleetFiles, Fleets, Progress
from chalicelib.domain.fleet_quota import BUSY_RETRY_MS, Asked, Grant, take
from chalicelib.domain.ports import Clock, Holder, Tasks
from chalicelib.domain.records import Task
from chalicelib.domain.transitions import IN_FLIGHT
from chalicelib.services.tasks.refusals import explain


@dataclass(frozen=True)
class ShardWork:
    """Each call is for who holds the lease of the shard's task. Raises as `explain` says for anybody else."""

    tasks: Tasks
    fleets: Fleets
    files: FleetFiles
    clock: Clock

    def shard(self, run_id: str, number: int, holder: Holder) -> ShardReply:
        self._held(run_id, number, holder)
        name = f"shards/{number}.json"
        document = self.files.read(run_id, name)
        if document is None:
            raise ShardNotFound("This run has no such shard")
        small = len(document) <= MAX_SHARD_INLINE_BYTES
        return ShardReply(
            shard=json.loads(document) if small else None,
            shard_url=None if small else self.files.sign(run_id, name),
            journals=self.files.sign_journals(run_id, number),
        )

    def journal(self, run_id: str, number: int, holder: Holder, request: JournalRequest) -> JournalReply:
        task = self._held(run_id, number, holder)
        if request.progress:
            said = request.progress.model_dump()
            self.fleets.note_progress(run_id, Progress(number, task.attempt, self.clock(), said))
        numbers = range(request.first, request.first + request.count)
        return JournalReply(urls=self.files.sign_chunks(run_id, number, task.attempt, numbers))

    def lease(self, run_id: str, number: int, holder: Holder, request: LeaseRequest) -> LeaseReply:
        """Quota first, then money: a slot that is lost for want of money harms nobody, money that is lost is missing."""
        task = self._held(run_id, number, holder)
        budget = self.fleets.budget(run_id)
        if budget and (said := fleet_budget.repeated(budget, number, task.attempt, request.sequence)):
            return LeaseReply.model_validate_json(said)
        now_ms = self.clock()
        grant = self._slots(task, request, now_ms)
        reply = self._reply(number, request, grant)
        if budget is None:
            return reply
        paid = self.fleets.change_budget(run_id, lambda now: _paid(now, task, request, reply, now_ms))
        return paid or reply

    def _slots(self, task: Task, request: LeaseRequest, now_ms: int) -> Grant:
        asked = Asked(
            holder=f"{task.id}/{task.attempt}", want=request.want, concurrency=request.concurrency,
            limits=request.limits, tokens_each=request.reserve_tokens_each,
            correction_tokens=sum(one.tokens - fleet_budget.reserved_of(one.id)[1] for one in request.settled),
            sequence=request.sequence, in_flight=request.in_flight, throttled=request.throttled,
            retry_after_ms=(request.retry_after_s or 0.0) * 1000,
        )  # fmt: skip
        return self.fleets.change_quota(
            request.provider_key, lambda quota: take(quota, asked, now_ms=now_ms), now_ms=now_ms
        )

    def _reply(self, number: int, request: LeaseRequest, grant: Grant) -> LeaseReply:
        each = 0 if request.reserve_usd else round(request.reserve_usd_each * NANO)
        lease = fleet_budget.lease_id(number, usd_each=each, tokens_each=request.reserve_tokens_each)
        return LeaseReply(
            granted=grant.granted, lease_id=lease if grant.granted else None, start_after_ms=grant.start_after_ms,
            interval_ms=grant.interval_ms, retry_after_ms=grant.retry_after_ms, concurrency=grant.concurrency,
        )  # fmt: skip

    def _held(self, run_id: str, number: int, holder: Holder) -> Task:
        task = self.tasks.get(run_id, number)
        mine = task and holder.attempt in (None, task.attempt) and not (task.bound and holder.fleet_key)
        if not task or not mine or task.status not in IN_FLIGHT:
            runner_id = task.runner_id if task and task.runner_id else ""
            raise explain(task, runner_id=runner_id, attempt=holder.attempt, fleet_key=holder.fleet_key)
        return task


def _paid(
    budget: Budget, task: Task, request: LeaseRequest, reply: LeaseReply, now_ms: int
) -> tuple[Budget, LeaseReply]:
    """The reply, as far as there is money for it."""
    shard, amounts = task.number, fleet_budget.wanted(request)[: reply.granted]
    budget = fleet_budget.settle(budget, shard, task.attempt, request.settled, now_ms=now_ms)
    waits = fleet_budget.may_return(budget, now_ms=now_ms)
    budget, granted = fleet_budget.reserve(budget, shard, task.attempt, amounts, now_ms=now_ms)
    changes = {
        "granted": granted,
        "lease_id": reply.lease_id if granted else None,
        "budget_left_usd": budget.left / NANO,
    }
    if granted < reply.granted:
        ends = not granted and (not waits or amounts[0] > budget.most)
        changes |= {"stop": "budget" if ends else None, "retry_after_ms": max(reply.retry_after_ms, BUSY_RETRY_MS)}
    reply = reply.model_copy(update=changes)
    return fleet_budget.answered(budget, shard, request.sequence, reply.model_dump_json(), now_ms=now_ms), reply
