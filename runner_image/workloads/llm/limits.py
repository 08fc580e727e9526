"""When a request may go: the control plane's leases, how many at a time, and the provider's wish to be left alone."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from benchfleet_contract.fleets.leases import KeyLimits, LeaseReply, LeaseRequest, Settled

Ask = Callable[[LeaseRequest], LeaseReply]
MOST_WANTED = 100  # of one request: what is leased and not used is missing elsewhere
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.02, 30.0
SETTLE_AFTER_S = 2.0
AHEAD_S = 5.0  # for which requests are leased where there is a limit: the control plane gives no more
STALE_S = 2.0  # a lease that is used so late would come on top of what the limit allows then
MOST_SETTLED = 1000  # of one request


class Halt(Exception):
    """`stopped`: nothing will be sent any more. `budget`: not this request, nor what costs as much. No error."""

    def __init__(self, reason: Literal["budget", "stopped"], words: str = "") -> None:
        super().__init__(words or reason)
        self.reason = reason
        self.words = words


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

    async def allow(self, most: int) -> None:
        """What the manifest allows from now on."""
        self.most = most
        await self.resize(None)

    async def resize(self, limit: int | None) -> None:
        """Never beyond what the manifest allows; None: all of that."""
        async with self._changed:
            self.limit = min(self.most, max(1, limit if limit is not None else self.most))
            self._changed.notify_all()


@dataclass(frozen=True)
class Leased:
    """The right to one try that costs `usd` at most, from `at` (monotonic clock) on."""

    id: str
    at: float
    usd: float = 0.0


@dataclass
class Leases:
    """Requests that the control plane has granted, one for each try.

    One question at a time, in a thread: a shard's requests never wait for more than one of them. `ask` raises what ends the
    task. `upcoming` says what the next tries will cost at most, in their order: they are asked for with the first.
    """

    ask: Ask
    provider_key: str
    target: str
    places: Places
    upcoming: Callable[[], Sequence[float]]
    limits: KeyLimits = field(default_factory=KeyLimits)
    reserve_tokens: int = 0
    calls: int = 0
    _granted: list[Leased] = field(default_factory=list)
    _waiting: list[float] = field(default_factory=list)
    _refused_usd: float = math.inf
    _settled: list[Settled] = field(default_factory=list)
    _throttled: int = 0
    _retry_after_s: float | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _halt: Halt | None = None
    _asked_at: float = 0.0
    _shares: bool = False  # is there a share to be left?
    _turn_at: float = 0.0  # to ask sooner would be in vain
    _answer_s: float | None = None
    _budgeted: bool = False

    async def take(self, usd: float = 0.0) -> Leased:
        """For one try that costs so much at most. Waits until it may be used; raises Halt when there will be none."""
        self._waiting.append(usd)
        try:
            async with self._lock:
                leased = self._found(usd)
                while leased is None:
                    self._require_payable(usd)
                    await asyncio.sleep(self._turn_at - time.monotonic())
                    await self._question(self._wanted(usd))
                    leased = self._found(usd)
        finally:
            self._waiting.remove(usd)
        if (wait_s := leased.at - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        return leased

    def refuses(self, usd: float) -> bool:
        """Is it known that so much will not be granted any more?"""
        return usd >= self._refused_usd

    def settle(self, lease: Leased, *, usd: float, tokens: int) -> None:
        lasted_s = max(0.0, time.monotonic() - lease.at)
        self._answer_s = lasted_s if self._answer_s is None else 0.8 * self._answer_s + 0.2 * lasted_s
        self._give_back(lease, usd=usd, tokens=tokens)

    def _give_back(self, lease: Leased, *, usd: float = 0.0, tokens: int = 0) -> None:
        self._settled.append(Settled(id=lease.id, usd=usd, tokens=tokens, reserved_usd=lease.usd))

    def throttled(self, retry_after_s: float | None) -> None:
        self._throttled += 1
        self._retry_after_s = retry_after_s

    async def tell(self) -> None:
        """What came of leases since the last question, if that is some time ago and matters to others."""
        matters = self._throttled or (self._settled and (self._budgeted or self._shares or self.reserve_tokens))
        if matters and not self._lock.locked() and time.monotonic() - self._asked_at > SETTLE_AFTER_S:
            async with self._lock:
                await self._question([])

    async def close(self) -> None:
        """Gives back what was not used, tells the rest, and leaves its share of max_concurrency to others."""
        for leased in self._granted:
            self._give_back(leased)
        self._granted.clear()
        while self._settled or self._shares:
            async with self._lock:
                await self._question([])

    def _require_payable(self, usd: float) -> None:
        if self._halt:
            raise self._halt
        if self.refuses(usd):
            raise Halt("budget")

    def _found(self, usd: float) -> Leased | None:
        if self._limited:
            late = [one for one in self._granted if one.at < time.monotonic() - STALE_S]
            self._granted = [one for one in self._granted if one not in late]
            for one in late:
                self._give_back(one)
        found = next((one for one in self._granted if one.usd == usd), None)
        if found:
            self._granted.remove(found)
        return found

    def _wanted(self, usd: float) -> list[float]:
        """This one, others that wait, those that come next; without what is granted already."""
        others = [*self._waiting, *self.upcoming()]
        for known in (usd, *(one.usd for one in self._granted)):
            if known in others:
                others.remove(known)
        return [usd, *others][: self._most_wanted()]

    def _most_wanted(self) -> int:
        """Where there is a limit, what is leased and cannot be used in time is missing elsewhere."""
        if not self._limited:
            return MOST_WANTED
        ahead = self.places.limit * AHEAD_S / self._answer_s if self._answer_s else 0.0
        return min(MOST_WANTED, max(1, len(self._waiting) + int(ahead)))

    @property
    def _limited(self) -> bool:
        return bool(self.limits.rpm or self.limits.tpm)

    async def _question(self, wanted: list[float]) -> LeaseReply:
        settled, self._settled = self._settled[:MOST_SETTLED], self._settled[MOST_SETTLED:]
        self.calls += 1
        request = LeaseRequest(
            provider_key=self.provider_key,
            target=self.target,
            want=len(wanted),
            reserve_usd=wanted if any(wanted) else [],
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
        self._shares = bool(self.limits.max_concurrency) and bool(wanted or self.places.taken)
        reply = await asyncio.to_thread(self.ask, request)
        self._asked_at = time.monotonic()
        self._budgeted = reply.budget_left_usd is not None
        self._take_in(reply, wanted)
        await self.places.resize(reply.concurrency)
        return reply

    def _take_in(self, reply: LeaseReply, wanted: list[float]) -> None:
        if wanted:
            shortest_s = 0.0 if reply.granted or reply.stop else SHORTEST_WAIT_S
            self._turn_at = self._asked_at + min(max(reply.retry_after_ms / 1000, shortest_s), LONGEST_WAIT_S)
        first = self._asked_at + reply.start_after_ms / 1000
        for number, usd in enumerate(wanted[: reply.granted]):
            self._granted.append(Leased(reply.lease_id or "", first + number * reply.interval_ms / 1000, usd))
        if reply.stop == "stopped":
            self._halt = self._halt or Halt("stopped")
        elif reply.stop == "budget" and wanted:
            self._refused_usd = min(self._refused_usd, wanted[0])
