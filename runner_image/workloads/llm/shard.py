"""All tests of a shard: in the load that was asked for, each kept as it ends, those that are kept already not sent again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby

from benchfleet_contract.fleets.outcomes import ErrorKind, Outcome
from benchfleet_contract.fleets.plan import Load, Shard, TestRequest

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
            for step, tests in groupby(self.missing, key=lambda test: test.step):
                await self._loaded(self.shard.load.at(step), list(tests))
        await self.sender.leases.close()
        await self.journal.kept(now=True)

    async def _loaded(self, load: Load, tests: list[TestRequest]) -> None:
        """One load of a sweep after the other: each begins when all answers of the one before have come."""
        await self.places.allow(min(load.concurrency, self.shard.provider.max_concurrency or load.concurrency))
        await self._warm_up(load, tests)
        await (self._open(load, tests) if load.mode == "open" else self._closed(load, tests))

    async def _warm_up(self, load: Load, tests: list[TestRequest]) -> None:
        """Requests like the first ones of this load, sent and not kept."""

        async def one(test: TestRequest) -> None:
            async with self.places:
                try:
                    await self.sender.send(test, intended=self.clock())
                except Halt as halt:
                    self._take(halt)

        async with asyncio.TaskGroup() as group:
            for number in range(0 if self._halted else load.warmup):
                group.create_task(one(tests[number % len(tests)]))

    async def _closed(self, load: Load, tests: list[TestRequest]) -> None:
        waiting = iter(tests)
        begun = self.clock()

        async def sender(start_s: float) -> None:
            await self._until(begun + start_s)
            for test in waiting:
                if not self._halted and self.sender.payable(test):
                    await asyncio.sleep((load.request_delay_ms or 0) / 1000)
                await self._one(test, self.clock())

        async with asyncio.TaskGroup() as group:
            for start_s in starts(load):
                group.create_task(sender(start_s))

    async def _open(self, load: Load, tests: list[TestRequest]) -> None:
        """Requests go at their times, however many are still out; beyond `concurrency` of them they queue, which is told."""
        begun = self.clock()
        async with asyncio.TaskGroup() as group:
            for test, at in zip(tests, arrivals(load, len(tests), seed=self.shard.seed), strict=True):
                if not self._halted:
                    await self._until(begun + at)
                group.create_task(self._one(test, begun + at))

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
