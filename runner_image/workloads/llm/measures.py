"""What a stream's times say. Definitions and their sources: docs/fleet-metrics.md. All in milliseconds."""

from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class Stamps:
    """Seconds of one monotonic clock: when the request left, and when each chunk with tokens was read from the socket."""

    sent: float = 0.0
    chunks: list[float] = field(default_factory=list)
    ended: float = 0.0

    @property
    def duration_ms(self) -> float:
        """From the sending to the end of the stream or to its failure."""
        return _ms(self.ended - self.sent)


@dataclass(frozen=True)
class Measures:
    ttft_ms: float
    itl_ms: list[float]
    e2el_ms: float
    tpot_ms: float | None


def measured(stamps: Stamps, completion_tokens: int | None) -> Measures | None:
    """None for a stream without a token. TPOT is None for one token, or where their number is not known.

    TTFT is the first chunk with tokens, E2EL the last one, both from the sending: a trailing usage chunk does not extend
    it. ITL are the gaps between chunks. TPOT = (E2EL - TTFT) / (completion tokens - 1), as vLLM's benchmark has it.
    """
    if not stamps.chunks:
        return None
    first, last = stamps.chunks[0], stamps.chunks[-1]
    tpot = _ms(last - first) / (completion_tokens - 1) if completion_tokens and completion_tokens > 1 else None
    return Measures(
        ttft_ms=_ms(first - stamps.sent),
        itl_ms=[_ms(after - before) for before, after in pairwise(stamps.chunks)],
        e2el_ms=_ms(last - stamps.sent),
        tpot_ms=None if tpot is None else round(tpot, 4),
    )


def _ms(seconds: float) -> float:
    """To a tenth of a microsecond: more digits would only be noise."""
    return round(seconds * 1000, 4)
