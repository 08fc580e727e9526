"""What is done to one server, in which order and for how long: primer, warm-up, ladder, fixed rates."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchfleet_contract.workloads.http import HttpOptions

PRIMER_CONNECTIONS = 8


@dataclass(frozen=True)
class Plan:
    """Seconds, connections and fractions of the saturation rate."""

    primer_s: float
    warmup_s: float
    duration_s: float
    concurrencies: tuple[int, ...]
    rate_duration_s: float
    fractions: tuple[float, ...]
    keep_alive: bool = True
    seed: int = 0
    tries: int = 1

    @classmethod
    def of(cls, options: HttpOptions) -> "Plan":
        asked = options.effective()
        return cls(
            primer_s=asked.primer_s,
            warmup_s=asked.warmup_s,
            duration_s=asked.duration_s,
            concurrencies=tuple(asked.concurrencies),
            rate_duration_s=asked.rate_duration_s,
            fractions=tuple(asked.fractions),
            keep_alive=asked.keep_alive,
            seed=asked.seed,
            tries=asked.tries,
        )

    @property
    def top(self) -> int:
        return max(self.concurrencies)

    @property
    def seconds(self) -> float:
        """Of load on one workload, if nothing disturbs it."""
        ladder, rates = len(self.concurrencies) * self.duration_s, len(self.fractions) * self.rate_duration_s
        return self.primer_s + self.warmup_s + ladder + rates


def interleaved(subjects: Sequence[str], repeats: int) -> Iterator[tuple[str, int]]:
    """Subjects by turns, each repeat in the reverse order of the one before (ABBA): a drift hits all of them alike."""
    for repeat in range(1, repeats + 1):
        turn = subjects if repeat % 2 else list(reversed(subjects))
        yield from ((subject, repeat) for subject in turn)
