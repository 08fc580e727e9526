"""http: requests a second, per CPU second, latencies, memory and start-up of servers."""

from benchfleet_results.metrics import Aggregator, Metric

AGGREGATOR = Aggregator(
    "http",
    {
        "throughput": Metric("ratio"),
        "throughput_per_cpu": Metric("ratio"),
        "latency_p50": Metric("ratio"),
        "latency_p99": Metric("ratio"),
        "first_message_p50": Metric("ratio"),
        "message_latency_p50": Metric("ratio"),
        "message_latency_p99": Metric("ratio"),
        "start_up": Metric("ratio"),
        "idle_memory": Metric("ratio"),
        "memory": Metric("ratio"),
    },
    condition=lambda variant: variant.endswith("%"),  # of the saturation rate
    lead=("throughput", "throughput_per_cpu", "latency_p99", "latency_p50", "start_up", "memory", "idle_memory"),
)
