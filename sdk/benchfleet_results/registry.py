"""Which aggregator a kind of work has. A module is imported when it is asked for."""

from functools import lru_cache
from importlib import import_module

from benchfleet_results.metrics import Aggregator, Metric
from benchfleet_results.series import Series

_MODULES = {
    "ruby-bench": "benchfleet_results.ruby_bench",
    "pyperformance": "benchfleet_results.pyperformance",
    "command": "benchfleet_results.command",
    "mock": "benchfleet_results.mock",
    "llm": "benchfleet_results.llm",
    "http": "benchfleet_results.http",
}
KINDS = tuple(_MODULES)


@lru_cache(maxsize=128)  # names come from files
def aggregator(kind: str) -> Aggregator:
    """One that goes by units alone for a kind that nobody here knows."""
    module = _MODULES.get(kind)
    if module is None:
        return Aggregator(kind)
    found = import_module(module).AGGREGATOR
    if not isinstance(found, Aggregator):
        raise TypeError(f"{module}.AGGREGATOR is {type(found).__name__}, must be an Aggregator")
    return found


def metric_of(series: Series) -> Metric:
    return aggregator(series.workload).metric(series.metric, unit=series.unit)
