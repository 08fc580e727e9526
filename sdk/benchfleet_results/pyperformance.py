"""pyperformance: seconds a loop, bytes, and whatever else a benchmark of pyperf tells."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchfleet_results.metrics import Aggregator, Metric
from benchfleet_results.modes import Mode

_NO_DIRECTION = "pyperf does not say whether more or less of it is better"


def _shortened(options: Mapping[str, Any], samples: int) -> Sequence[Mode]:
    """pyperf's own words: `--fast` gives a rough answer quickly, `--debug-single-value` is for debugging."""
    effort = options.get("effort")
    if effort == "single":
        return [Mode("effort: single", "poor")]
    return [Mode("effort: fast", "fair")] if effort == "fast" else ()


AGGREGATOR = Aggregator(
    "pyperformance",
    {
        "time": Metric("ratio"),
        "memory": Metric("ratio"),
        "count": Metric("count", not_compared=_NO_DIRECTION),
        "value": Metric("ratio", not_compared=_NO_DIRECTION),
    },
    shortened=_shortened,
)
