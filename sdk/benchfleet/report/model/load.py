"""Latency against load."""

from benchfleet_results.boards.model import Compares, Interval, Part
from pydantic import Field


class LoadPoint(Part):
    """Latency at one fixed rate. `rate`: of the group's mean saturation rate, `fraction` of it. Latencies in `unit`."""

    fraction: float
    rate: float = Field(description="requests a second that were sent, on average")
    p50: float | None
    p50_interval: Interval | None
    p99: float | None
    p99_interval: Interval | None


class LoadCurve(Compares):
    """Latency of one benchmark against load, of one group: the points in order of load."""

    benchmark: str
    unit: str
    saturation: float = Field(description="requests a second, the group's mean")
    points: list[LoadPoint]
