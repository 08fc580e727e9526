"""ruby-bench: seconds an iteration, and resident memory."""

from benchfleet_results.metrics import Aggregator, Metric

AGGREGATOR = Aggregator("ruby-bench", {"time": Metric("ratio"), "rss": Metric("ratio")})
