"""Tasks in the table: the answers to `domain/ports.Tasks`."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from benchfleet_contract.states import StopReason

from chalicelib.domain.blocks import blocks_of
from chalicelib.domain.handing_back import home_of
from chalicelib.domain.ports import Beat, Flaw, Refused, Verdict
from chalicelib.domain.records import Candidates, ClaimRequest, Demand, Ending, Run, Task
from chalicelib.domain.selection import Selected, Span, Wanted, all_wanted, spans
from chalicelib.domain.transitions import IN_FLIGHT
from chalicelib.store import expressions, keys
from chalicelib.store.expressions import Write
from chalicelib.store.items import Item, header_item, header_of, task_item, task_of
from chalicelib.store.table import ConditionFailed, Table

if TYPE_CHECKING:
    from chalicelib.domain.launch_records import Failure

_PROJECTED: dict[str, Any] = {"IndexName": keys.CLAIM_INDEX, "Select": "ALL_PROJECTED_ATTRIBUTES"}
MOST_READ = 5_000  # tasks that one `select` looks at, wanted or not: 4 MB
_SOME = 250  # tasks of a request when not every one of them is wanted


class TaskStore:
    def __init__(self, table: Table, *, most_read: int = MOST_READ) -> None:
        self._table = table
        self._most_read = most_read

    def create(self, tasks: Iterable[Task]) -> None:
        """Unconditional: only the one creator of a run that is not published writes here."""
        self._table.put_all(task_item(task) for task in tasks)

    def get(self, run_id: str, number: int) -> Task | None:
        item = self._table.get(*keys.task_key(run_id, number))
        return task_of(item) if item else None

    def select(self, run: Run, wanted: Wanted, *, after: int, limit: int) -> Selected:
        """At most `limit` of the wanted tasks with numbers above `after`, in order; having read many it stops early."""
        rows = spans(run, wanted)
        found: list[Task] = []
        some = limit if all_wanted(run, wanted) else max(limit, _SOME)
        for count, task in enumerate(self._numbered(run.run_id, rows, after=after, limit=some), start=1):
            if wanted.takes(task):
                found.append(task)
            if len(found) == limit or count == self._most_read:
                return Selected(found, task.number if task.number < rows[-1][1] else None)
        return Selected(found, None)

    def all(self, run: Run) -> Iterator[Task]:
        """Every task of the run in order, strongly consistent, memory bounded by a page."""
        for block in blocks_of(1, run.task_count):
            yield from map(task_of, self._block(run.run_id, block))

    def candidates(
        self, run_id: str, block: int, demand: Demand, *, limit: int, request: ClaimRequest | None = None
    ) -> Candidates:
        """The header and the first pending tasks: one request, whatever the answer. `request`: only what is for its runner."""
        values = {
            ":pk": keys.block_pk(run_id, block),
            ":low": keys.header_order(demand),
            ":high": keys.claimable_end(demand),
        }
        items, _ = self._table.query(
            "#pk = :pk AND #claim_order BETWEEN :low AND :high", values, limit=limit + 1, **_PROJECTED
        )
        header = header_of(items[0]) if items and "header" in items[0] else None
        orders = [item["claim_order"] for item in items if "header" not in item]
        mine = [order for order in orders if request is None or not _deferred(order, request)]
        return Candidates(header, tuple(map(keys.number_of_order, mine)), deferred=len(orders) - len(mine))

    def held_by_token(self, run_id: str, block: int, demand: Demand, token: str) -> Task | None:
        order = keys.leased_order(demand, token)
        return next((task for task in self._in_flight(run_id, block, order) if task.claim_token == token), None)

    def any_open(self, run_id: str, block: int, demand: Demand) -> bool:
        """Is any task of the demand in this block pending or in flight?"""
        values = {":pk": keys.block_pk(run_id, block), ":prefix": keys.open_prefix(demand)}
        condition = "#pk = :pk AND begins_with(#claim_order, :prefix)"
        items, _ = self._table.query(condition, values, limit=2, **_PROJECTED)
        return any("header" not in item for item in items)

    def leased(self, run_id: str, block: int, demand: Demand) -> Iterator[Task]:
        """The tasks of the demand in this block that are in flight."""
        return self._in_flight(run_id, block, keys.leased_order(demand, ""))

    def claim(self, run_id: str, number: int, request: ClaimRequest) -> Task:
        try:
            return self._change(expressions.claim(run_id, number, request))
        except Refused as refused:
            if refused.task and _is_own(refused.task, request):
                return refused.task
            raise

    def renew(self, run_id: str, number: int, beat: Beat) -> Task:
        return self._change(expressions.renew(run_id, number, beat))

    def finish(self, run_id: str, number: int, verdict: Verdict) -> Task:
        return self._change(expressions.finish(run_id, number, verdict))

    def hand_back(self, task: Task, verdict: Verdict) -> None:
        self._change(expressions.hand_back(task, verdict))

    def extend(self, task: Task, *, now_ms: int) -> None:
        self._change(expressions.extend(task, now_ms=now_ms))

    def requeue(self, task: Task) -> None:
        self._change(expressions.requeue(task))

    def time_out(self, task: Task, *, now_ms: int) -> None:
        self._change(expressions.time_out(task, now_ms=now_ms))

    def end_open(self, task: Task, ending: Ending, *, now_ms: int) -> None:
        self._change(expressions.end_open(task, ending, now_ms=now_ms))

    def spare(self, task: Task, reason: StopReason, *, now_ms: int) -> None:
        self._change(expressions.spare(task, reason, now_ms=now_ms))

    def give_up(self, task: Task, failure: "Failure", *, now_ms: int) -> None:
        self._change(expressions.give_up(task, failure, now_ms=now_ms))

    def note_flaw(self, run_id: str, flaw: Flaw) -> None:
        self._change(expressions.note_flaw(run_id, flaw))

    def open_headers(self, run: Run) -> None:
        """Writes the headers that are missing. One that stands is left alone: it may have been closed already."""
        self._each_header(run, self._put_if_absent)

    def close_headers(self, run: Run) -> None:
        self._table.put_all(header_item(run, demand, block) for demand, block in run.places)

    def erase(self, run_id: str, task_count: int) -> Iterator[int]:
        """Deletes the run's tasks and headers, page by page; how many items each page had."""
        for block in blocks_of(1, task_count):
            yield from self._table.erase(keys.block_pk(run_id, block))

    def _in_flight(self, run_id: str, block: int, prefix: str) -> Iterator[Task]:
        """What the index names, read whole from the table: the index holds keys only, so that a beat costs it nothing."""
        values = {":pk": keys.block_pk(run_id, block), ":prefix": prefix}
        named = self._table.query_all("#pk = :pk AND begins_with(#claim_order, :prefix)", values, **_PROJECTED)
        found = map(task_of, self._table.get_all([(item["pk"], item["sk"]) for item in named]))
        return (task for task in found if task.status in IN_FLIGHT)

    def _each_header(self, run: Run, put: Callable[[Item], None]) -> None:
        for demand, block in run.places:
            put(header_item(run, demand, block))

    def _put_if_absent(self, item: Item) -> None:
        try:
            self._table.put_new(item)
        except ConditionFailed:
            return

    def _numbered(self, run_id: str, rows: list[Span], *, after: int, limit: int) -> Iterator[Task]:
        """The tasks of these rows with numbers above `after`, `limit` a request."""
        for first, last in ((max(first, after + 1), last) for first, last in rows if last > after):
            for block in blocks_of(first, last):
                yield from map(task_of, self._block(run_id, block, first=first, last=last, limit=limit))

    def _block(
        self, run_id: str, block: int, *, first: int = 0, last: int | None = None, limit: int | None = None
    ) -> Iterator[Item]:
        high = keys.TASK_PREFIX + "~" if last is None else keys.task_sk(last)
        values = {":pk": keys.block_pk(run_id, block), ":low": keys.task_sk(first), ":high": high}
        return self._table.query_all("#pk = :pk AND #sk BETWEEN :low AND :high", values, limit=limit)

    def _change(self, write: Write) -> Task:
        try:
            return task_of(self._table.update(write))
        except ConditionFailed as failed:
            raise Refused(task_of(failed.old_item) if failed.old_item else None) from None


def _deferred(claim_order: str, request: ClaimRequest) -> bool:
    return keys.deferred_for(claim_order, home=home_of(request.runner_id), now_ms=request.now_ms)


def _is_own(task: Task, request: ClaimRequest) -> bool:
    return task.claim_token == request.token and task.runner_id == request.runner_id and task.lease_until_ms is not None
