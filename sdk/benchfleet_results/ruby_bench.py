"""ruby-bench: seconds an iteration, and resident memory."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchfleet_results.metrics import Aggregator, Metric
from benchfleet_results.modes import Mode, always, few, is_zero


def _shortened(options: Mapping[str, Any], samples: int) -> Sequence[Mode]:
    """Compilers need their warm-up: the suite's own is 15 iterations. A short one is judged by the samples themselves."""
    if options.get("once") is True:
        return [Mode("once: true", "poor")]
    cold = [Mode("warmup: 0", "poor")] if is_zero(options.get("warmup")) else []
    return [*cold, *few("bench", options.get("bench"), samples)]


AGGREGATOR = Aggregator(
    "ruby-bench",
    {"time": Metric("ratio"), "rss": Metric("ratio")},
    variants={
        "interp": "Ruby's interpreter alone",
        "yjit": "Ruby with its just-in-time compiler YJIT",
        "zjit": "Ruby with its just-in-time compiler ZJIT",
    },
    shortened=_shortened,
    raw=always,
)
