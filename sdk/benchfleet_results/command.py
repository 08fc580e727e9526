"""command: wall times; what a command writes of its own is taken by its units."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchfleet_results.metrics import Aggregator, Metric
from benchfleet_results.modes import Mode, few, is_zero


def _shortened(options: Mapping[str, Any], samples: int) -> Sequence[Mode]:
    if not _timed(options, samples):
        return ()
    cold = [Mode("warmup: 0", "fair")] if is_zero(options.get("warmup", 0)) else []
    return [*cold, *few("repeats", options.get("repeats", 1), samples)]


def _timed(options: Mapping[str, Any], samples: int) -> bool:
    """How a command measured that wrote results of its own is its own affair.

    It names their file (`results`), or left an `output.json`: then it has more samples than repeats.
    """
    repeats = options.get("repeats", 1)
    return isinstance(repeats, int) and samples <= repeats and not options.get("results")


AGGREGATOR = Aggregator("command", {"time": Metric("ratio")}, shortened=_shortened, raw=_timed)
