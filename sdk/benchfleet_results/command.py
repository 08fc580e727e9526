"""command: wall times; what a command writes of its own is taken by its units."""

from benchfleet_results.metrics import Aggregator, Metric

AGGREGATOR = Aggregator("command", {"time": Metric("ratio")})
