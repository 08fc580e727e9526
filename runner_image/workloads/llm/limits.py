"""When a request may go: the control plane's leases, how many at a time, and the provider's wish to be left alone."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from benchfleet_contract.fleets.leases import KeyLimits, LeaseReply, LeaseRequest, Settled

Ask = Callable[[LeaseRequest], LeaseReply]
MOST_WANTED = 100  # of one request: what is leased and not used is missing elsewhere
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.02, 30.0
SETTLE_AFTER_S = 2.0
MOST_SETTLED = 1000  # of one request


class Halt(Exception):
    """Nothing will be sent any more. No error: the run is over."""

    def __init__(self, reason: Literal["budget", "stopped"]) -> None:
        super().__init__(reason)
        self.reason = reason


class Gate:
    """Closed for a while when a provider says so; all requests of the shard wait, not only the one that was refused."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._opens_at = 0.0

    def close(self, seconds: float) -> None:
        self._opens_at = max(self._opens_at, self._clock() + seconds)

    async def passed(self) -> None:
        while (wait_s := self._opens_at - self._clock()) > 0:
            await asyncio.sleep(wait_s)


class Places:
    """So many requests at a time. `limit` may change while they run."""

    def __init__(self, limit: int) -> None:
        self.limit = self.most = limit
        self.taken = 0
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.taken < self.limit)
            self.taken += 1

    async def __aexit__(self, *_: object) -> None:
        async with self._changed:
            self.taken -= 1
            self._changed.notify_all()

    async def resize(self, limit: int | None) -> None:
        """Never beyond what the manifest allows; None: all of that."""
        async with self._changed:
            self.limit = min(self.most, max(1, limit if limit is not None else self.most))
            self._changed.notify_all()


@dataclass(frozen=True)
class Leased:
    """The right to one try, from `at` (monotonic clock) on."""

    id: str
    at: float


@dataclass
class Leases:
    """Requests that the control plane has granted, one for each try.

    One question at a time, in a thread: a shard's requests never wait for more than one of them. `ask` raises what ends the
    task. `wanted` says how many more tries there will be at least.
    """

    ask: Ask
    provider_key: str
    target: str
    places: Places
    wanted: Callable[[], int]
    limits: KeyLimits = field(default_factory=KeyLimits)
    reserve_usd: float = 0.0
    reserve_tokens: int = 0
    calls: int = 0
    _granted: deque[Leased] = field(default_factory=deque)
    _settled: list[Settled] = field(default_factory=list)
    _throttled: int = 0
    _retry_after_s: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _halt: Halt | None = None
    _asked_at: float = 0.0

    async def take(self) -> str:
        """A lease's id, for one try. Waits until it may be used; raises Halt when there will be none."""
        async with self._lock:
            while not self._granted:
                if self._halt:
                    raise self._halt
                reply = await self._question(max(1, min(self.wanted(), MOST_WANTED)))
                if not self._granted and not self._halt:
                    await asyncio.sleep(min(max(reply.retry_after_ms / 1000, SHORTEST_WAIT_S), LONGEST_WAIT_S))
            leased = self._granted.popleft()
        if (wait_s := leased.at - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        return leased.id

    def settle(self, lease: str, *, usd: float, tokens: int) -> None:
        self._settled.append(Settled(id=lease, usd=usd, tokens=tokens))

    def throttled(self, retry_after_s: float | None) -> None:
        self._throttled += 1
        self._retry_after_s = retry_after_s

    async def tell(self) -> None:
        """What came of leases since the last question, if that is some time ago."""
        if (self._settled or self._throttled) and time.monotonic() - self._asked_at > SETTLE_AFTER_S:
            async with self._lock:
                await self._question(0)

    async def close(self) -> None:
        """Gives back what was not used, and tells the rest."""
        for leased in self._granted:
            self.settle(leased.id, usd=0.0, tokens=0)
        self._granted.clear()
        while self._settled:
            async with self._lock:
                await self._question(0)

    async def _question(self, want: int) -> LeaseReply:
        settled, self._settled = self._settled[:MOST_SETTLED], self._settled[MOST_SETTLED:]
        self.calls += 1
        request = LeaseRequest(
            provider_key=self.provider_key,
            target=self.target,
            want=want,
            reserve_usd_each=self.reserve_usd,
            reserve_tokens_each=self.reserve_tokens,
            settled=settled,
            throttled=self._throttled,
            retry_after_s=self._retry_after_s,
            in_flight=self.places.taken,
            sequence=self.calls,
            concurrency=self.places.most,
            limits=self.limits,
        )
        self._throttled, self._retry_after_s = 0, None
        reply = await asyncio.to_thread(self.ask, request)
        self._asked_at = time.monotonic()
        self._take_in(reply)
        await self.places.resize(reply.concurrency)
        return reply

    def _take_in(self, reply: LeaseReply) -> None:
        first = self._asked_at + reply.start_after_ms / 1000
        moments = [first + number * reply.interval_ms / 1000 for number in range(reply.granted)]
        self._granted += [Leased(reply.lease_id or "", at) for at in moments]
        self._halt = self._halt or (Halt(reply.stop) if reply.stop else None)
