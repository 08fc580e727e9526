"""Runners that share a provider's key, on a clock of their own: what they send, and how many questions that takes."""

import heapq
import random
from dataclasses import dataclass, field

from benchfleet_contract.fleets.leases import KeyLimits

from chalicelib.domain.fleet_quota import Asked, Quota, take


@dataclass
class Shared:
    """`sent_ms` are the times at which requests left; `questions` counts requests to the control plane."""

    rpm: int
    runners: int = 16
    want: int = 10
    latency_ms: int = 40
    seed: int = 1
    sent_ms: list[float] = field(default_factory=list)
    questions: int = 0
    quota: Quota = field(default_factory=Quota)

    def run(self, *, until_ms: int) -> "Shared":
        drawn = random.Random(self.seed)  # a simulation
        due = [(drawn.uniform(0, 1_000), number) for number in range(self.runners)]
        heapq.heapify(due)
        while due and due[0][0] < until_ms:
            now, number = heapq.heappop(due)
            heapq.heappush(due, (self._asks(number, now, drawn), number))
        return self

    def _asks(self, number: int, now: float, drawn: random.Random) -> float:
        """When this runner asks again: when all that it was granted has been sent."""
        self.questions += 1
        asked = Asked(str(number), self.want, 10, KeyLimits(rpm=self.rpm))
        self.quota, grant = take(self.quota, asked, now_ms=int(now))
        back = now + drawn.uniform(0, self.latency_ms)
        first = back + grant.start_after_ms
        self.sent_ms += [first + place * grant.interval_ms for place in range(grant.granted)]
        sent_by = first + grant.granted * grant.interval_ms if grant.granted else back
        return max(sent_by, back + grant.retry_after_ms) + drawn.uniform(1, self.latency_ms)

    def busiest_minute(self) -> int:
        """The most requests within any 60 seconds."""
        times, first, most = sorted(self.sent_ms), 0, 0
        for last, time in enumerate(times):
            while time - times[first] >= 60_000:
                first += 1
            most = max(most, last - first + 1)
        return most

    def within(self, start_ms: int, end_ms: int) -> int:
        return sum(start_ms <= time < end_ms for time in self.sent_ms)
