"""What a sweep measures while it looks at the runs: who waits for a runner, and what machines cost."""

from decimal import Decimal

from chalicelib.domain.counting import Counts
from chalicelib.domain.metering import Meter
from chalicelib.domain.ports import Launches
from chalicelib.domain.records import Run
from chalicelib.domain.spending import hourly_rate
from chalicelib.domain.waiting import longest_wait_ms


class Gauges:
    def __init__(self, launches: Launches, now_ms: int) -> None:
        self._launches = launches
        self._now_ms = now_ms
        self._wait_ms = 0
        self._usd_per_hour = Decimal(0)

    def see(self, run: Run, counts: Counts) -> None:
        self._wait_ms = max(self._wait_ms, longest_wait_ms(run, counts, now_ms=self._now_ms))
        if run.fleet:
            self._usd_per_hour += hourly_rate(self._launches.all(run.run_id))

    def tell(self, meter: Meter) -> None:
        """Zeros, too: an alarm ends by them."""
        meter.see("OldestPendingTaskAge", self._wait_ms / 1000, unit="Seconds")
        meter.see("MachinesUsdPerHour", float(self._usd_per_hour), unit="None")
