"""What a cold start pays before the first line of ours runs, over what boto3 and Chalice cost anyway."""

from typing import Any

from benchmarks.child_cpu import ROUNDS, cpu_ratio
from benchmarks.metric import Metric

ENVIRONMENT = {
    "BENCHFLEET_TABLE": "benchfleet",
    "BENCHFLEET_BUCKET": "benchfleet",
    "BENCHFLEET_FINALIZE_QUEUE": "benchfleet-finalize",
    "BENCHFLEET_PROVISION_QUEUE": "benchfleet-provision",
    "BENCHFLEET_PLACES_PARAMETER": "/benchfleet/places",
    "BENCHFLEET_KEYS_PARAMETER": "/benchfleet/keys",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def metrics() -> list[dict[str, Any]]:
    ratio = cpu_ratio("import app", over="import boto3, chalice", environment=ENVIRONMENT)
    how = f"user and system CPU in fresh interpreters, least of {ROUNDS} each, interleaved"
    return [Metric("CPU of import app over import boto3, chalice", round(ratio, 2), "ratio", 1.15, how).as_dict()]
