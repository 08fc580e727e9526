"""pyperformance: seconds a loop, bytes, and whatever else a benchmark of pyperf tells."""

from benchfleet_results.metrics import Aggregator, Metric

_NO_DIRECTION = "pyperf does not say whether more or less of it is better"
AGGREGATOR = Aggregator(
    "pyperformance",
    {
        "time": Metric("ratio"),
        "memory": Metric("ratio"),
        "count": Metric("count", not_compared=_NO_DIRECTION),
        "value": Metric("ratio", not_compared=_NO_DIRECTION),
    },
)
