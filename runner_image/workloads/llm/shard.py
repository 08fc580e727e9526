"""All tests of a shard: in the load that was asked for, each kept as it ends, those that are kept already not sent again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from benchfleet_contract.fleets.outcomes import ErrorKind, Outcome
from benchfleet_contract.fleets.plan import Shard, TestRequest

from runner_image.workloads.llm.journal import Journal
from runner_image.workloads.llm.limits import MOST_WANTED, Halt, Places
from runner_image.workloads.llm.load import arrivals, starts
from runner_image.workloads.llm.sending import Sender, skipped

WORDS: dict[ErrorKind, str] = {
    "budget": "not sent: with what it may cost at most the run could go beyond max_cost",
    "stopped": "not sent: the run was stopped",
    "failed_before": "not sent: another test failed, and continue_on_failure is false",
}
TICK_S = 0.25


@dataclass
class ShardRun:
    """`done` and `total` count tests; `told` is called with each that ends."""

    shard: Shard
    sender: Sender
    places: Places
    journal: Journal
    told: Callable[[Outcome], None] = lambda _outcome: None
    clock: Callable[[], float] = time.perf_counter
    _halted: ErrorKind | None = None
    _left: int = 0
    missing: list[TestRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        kept = self.journal.outcomes
        self.missing = [test for test in self.shard.tests if test.key not in kept or not kept[test.key].settled]
        self._left = len(self.missing)

    def upcoming(self) -> list[float]:
        """What the next tests may cost at most, in USD, as many as one question may ask for."""
        first = len(self.missing) - self._left
        return [
            self.sender.most_usd(test)
            for test in self.missing[first : first + MOST_WANTED]
            if self.sender.payable(test)
        ]

    async def run(self) -> None:
        """Leaves an outcome of every test in the journal. Raises what ends the task: a control plane that stays away, say."""
        async with self._keeping():
            await self._warm_up()
            await (self._open() if self.shard.load.mode == "open" else self._closed())
        await self.sender.leases.close()
        await self.journal.kept(now=True)

    async def _warm_up(self) -> None:
        """Requests like the first ones of the shard, sent and not kept."""
        load = self.shard.load
        tests = [self.missing[number % len(self.missing)] for number in range(load.warmup)] if self.missing else []

        async def one(test: TestRequest) -> None:
            async with self.places:
                try:
                    await self.sender.send(test, intended=self.clock())
                except Halt as halt:
                    self._take(halt)

        async with asyncio.TaskGroup() as group:
            for test in tests:
                group.create_task(one(test))

    async def _closed(self) -> None:
        waiting = iter(self.missing)
        begun = self.clock()

        async def sender(start_s: float) -> None:
            await self._until(begun + start_s)
            for test in waiting:
                if not self._halted and self.sender.payable(test):
                    await asyncio.sleep((self.shard.load.request_delay_ms or 0) / 1000)
                await self._one(test, self.clock())

        async with asyncio.TaskGroup() as group:
            for start_s in starts(self.shard.load):
                group.create_task(sender(start_s))

    async def _open(self) -> None:
        """Requests go at their times, however many are still out; beyond `concurrency` of them they queue, which is told."""
        begun = self.clock()
        async with asyncio.TaskGroup() as group:
            for test, at in self._timed():
                if not self._halted:
                    await self._until(begun + at)
                group.create_task(self._one(test, begun + at))

    def _timed(self) -> Iterator[tuple[TestRequest, float]]:
        return zip(self.missing, arrivals(self.shard.load, len(self.missing), seed=self.shard.seed), strict=True)

    async def _until(self, moment: float) -> None:
        if (wait_s := moment - self.clock()) > 0:
            await asyncio.sleep(wait_s)

    async def _one(self, test: TestRequest, intended: float) -> None:
        async with self.places:
            outcome = await self._outcome(test, intended)
        self.journal.add(outcome)
        self.told(outcome)
        if outcome.status in {"failure", "timeout"} and not self.shard.continue_on_failure:
            self._halted = self._halted or "failed_before"
        if self.journal.crowded:
            await self.journal.kept(now=True)

    async def _outcome(self, test: TestRequest, intended: float) -> Outcome:
        self._left -= 1
        why: ErrorKind | None = self._halted
        words = ""
        if not why:
            try:
                return await self.sender.send(test, intended=intended)
            except Halt as halt:
                self._take(halt)
                why, words = halt.reason, halt.words
        return skipped(test, why, words or WORDS[why], attempt=self.sender.attempt)

    def _take(self, halt: Halt) -> None:
        """A budget that does not pay for one request may pay for others."""
        if halt.reason != "budget":
            self._halted = self._halted or halt.reason

    @asynccontextmanager
    async def _keeping(self) -> AsyncIterator[None]:
        """Sends chunks that have become old, while slow answers are waited for; its failure ends all the sending."""

        over = asyncio.Event()

        async def keep() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), TICK_S)
                await self.journal.kept()
                await self.sender.leases.tell()

        async with asyncio.TaskGroup() as group:
            group.create_task(keep())
            yield
            over.set()  # no cancelling: a chunk that is on its way must arrive, or its failure be told
