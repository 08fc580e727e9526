"""mock: made-up seconds."""

from benchfleet_results.metrics import Aggregator, Metric

AGGREGATOR = Aggregator("mock", {"time": Metric("ratio")})
