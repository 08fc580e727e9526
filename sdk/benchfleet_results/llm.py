"""llm: latencies of answers, and shares of tests."""

from benchfleet_results.metrics import Aggregator, Metric

AGGREGATOR = Aggregator(
    "llm",
    {
        "ttft": Metric("ratio"),
        "itl": Metric("ratio"),
        "tpot": Metric("ratio"),
        "e2el": Metric("ratio"),
        "output_tokens": Metric("ratio"),
        "success": Metric("share"),
    },
)
