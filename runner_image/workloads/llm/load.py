"""When requests are to be sent: the load models, seeded and pure."""

import math
import random
from collections.abc import Iterator

from benchfleet_contract.fleets.plan import Load


def arrivals(load: Load, count: int, *, seed: int | None) -> list[float]:
    """Open loop: `count` moments, in seconds from the start, whatever becomes of earlier requests.

    Poisson: gaps are exponential with mean 1/rate; constant: all alike. During `ramp_s` the rate grows from 0 in a straight
    line: the moments are those of rate 1, carried over by the inverse of the summed rate (inversion, Cinlar 1975).
    """
    rate = load.rate
    if rate is None:
        raise ValueError("load.rate is missing: an open loop needs requests per second")
    return [_at(passed, rate, load.ramp_s) for passed in _unit(load, count, random.Random(seed))]  # noqa: S311


def _unit(load: Load, count: int, dice: random.Random) -> Iterator[float]:
    """Moments of a stream with one arrival a second on average; the first of a constant one is at 0."""
    passed = 0.0
    for number in range(count):
        passed = passed + dice.expovariate(1.0) if load.arrival == "poisson" else float(number)
        yield passed


def _at(passed: float, rate: float, ramp_s: float) -> float:
    """When a rate that ramps up has summed up to `passed` requests."""
    during_ramp = rate * ramp_s / 2
    if passed < during_ramp:
        return math.sqrt(2 * ramp_s * passed / rate)
    return ramp_s + (passed - during_ramp) / rate


def starts(load: Load) -> list[float]:
    """Closed loop: when each of the concurrent senders begins, in seconds. The first begins at once."""
    return [load.ramp_s * number / load.concurrency for number in range(load.concurrency)]
