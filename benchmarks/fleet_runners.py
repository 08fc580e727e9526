"""Runners of a fleet on a clock of their own: when each of their requests leaves, and what they ask of the control plane for it.

They behave as runner_image/workloads/llm/limits.py does: one question at a time, leases are used in order, outcomes are told with
the next question or after SETTLE_AFTER_S. `ask` is the control plane: (runner, request, now in ms) → reply.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from benchfleet_contract.fleets.leases import KeyLimits, LeaseReply, LeaseRequest, Settled

from runner_image.workloads.llm.limits import (
    AHEAD_S,
    LONGEST_WAIT_S,
    MOST_WANTED,
    SETTLE_AFTER_S,
    SHORTEST_WAIT_S,
    STALE_S,
)

Ask = Callable[[int, LeaseRequest, float], LeaseReply]


@dataclass
class _Runner:
    """Times in ms. `locked_ms`: until then somebody asks; `turn_ms`: until then asking is in vain. `untold`: settled leases."""

    granted: deque[float] = field(default_factory=deque)
    lease_id: str = ""
    locked_ms: float = 0.0
    turn_ms: float = 0.0
    asked_ms: float = 0.0
    untold: int = 0
    out_until: list[float] = field(default_factory=list)
    sequence: int = 0


@dataclass
class Runners:
    """`sent_ms` are the times at which requests left; `questions` counts requests to the control plane, `settling` those of them
    that only tell.
    """

    ask: Ask
    limits: KeyLimits
    runners: int = 16
    senders: int = 4
    answer_ms: float = 800.0
    latency_ms: float = 40.0
    usd: float = 0.0
    key: str = "loop-1"
    seed: int = 1
    sent_ms: list[float] = field(default_factory=list)
    questions: int = 0
    settling: int = 0

    def run(self, *, from_ms: float, until_ms: float) -> "Runners":
        drawn, every = random.Random(self.seed), [_Runner() for _ in range(self.runners)]  # a simulation
        due = [(from_ms + drawn.uniform(0, 1_000), n, s) for n in range(self.runners) for s in range(self.senders)]
        heapq.heapify(due)
        while due[0][0] < until_ms:
            now, number, sender = heapq.heappop(due)
            heapq.heappush(due, (self._goes_on(every[number], number, now, drawn), number, sender))
        return self

    def _goes_on(self, one: _Runner, number: int, now: float, drawn: random.Random) -> float:
        """One sender's next step; when the one after it is due. Who comes here has no request under way."""
        one.out_until = [at for at in one.out_until if at > now]
        if one.locked_ms > now:
            return one.locked_ms
        while one.granted and one.granted[0] < now - STALE_S * 1000:
            one.granted.popleft()
            one.untold += 1
        if one.granted:
            at = max(now, one.granted.popleft())
            self.sent_ms.append(at)
            one.untold += 1
            one.out_until.append(at + self.answer_ms)
            return at + self.answer_ms
        if self.usd and one.untold and now - one.asked_ms > SETTLE_AFTER_S * 1000:
            self.settling += 1
            self._asks(one, number, 0, now, drawn)
            return one.locked_ms
        if one.turn_ms > now:
            return one.turn_ms
        ahead = int(self.senders * AHEAD_S * 1000 / self.answer_ms)
        want = min(MOST_WANTED, self.senders - len(one.out_until) + ahead)
        reply = self._asks(one, number, want, now, drawn)
        one.turn_ms = one.locked_ms + min(reply.retry_after_ms, LONGEST_WAIT_S * 1000)
        if not reply.granted:
            one.turn_ms = max(one.turn_ms, one.locked_ms + SHORTEST_WAIT_S * 1000)
        return one.locked_ms

    def _asks(self, one: _Runner, number: int, want: int, now: float, drawn: random.Random) -> LeaseReply:
        self.questions += 1
        one.sequence += 1
        told, one.untold = [Settled(id=one.lease_id or "0", usd=self.usd, tokens=50)] * one.untold, 0
        request = LeaseRequest(
            provider_key=self.key, target="loop:m", want=want, settled=told, sequence=one.sequence,
            reserve_usd=[2 * self.usd] * want if self.usd else [], concurrency=self.senders, limits=self.limits,
        )  # fmt: skip
        reply = self.ask(number, request, now + drawn.uniform(1, self.latency_ms))
        back = now + drawn.uniform(self.latency_ms, 2 * self.latency_ms)
        one.lease_id = reply.lease_id or one.lease_id
        one.granted += [back + reply.start_after_ms + place * reply.interval_ms for place in range(reply.granted)]
        one.locked_ms = one.asked_ms = back
        return reply

    def busiest_minute(self) -> int:
        """The most requests within any 60 seconds."""
        times, first, most = sorted(self.sent_ms), 0, 0
        for last, time in enumerate(times):
            while time - times[first] >= 60_000:
                first += 1
            most = max(most, last - first + 1)
        return most

    def within(self, start_ms: float, end_ms: float) -> int:
        return sum(start_ms <= time < end_ms for time in self.sent_ms)
