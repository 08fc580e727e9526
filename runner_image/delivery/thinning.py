"""Makes an output fit the bounds that its readers have, exactly enough for every figure of a report."""

import math
from itertools import pairwise
from statistics import fmean

from benchfleet_contract.bounds import MAX_FAILURES, MAX_MEASUREMENTS, MAX_SAMPLES, level
from benchfleet_contract.results import Measurement, Output

_NAMED = 3
_FEWEST = 8  # samples to which one benchmark is thinned at least; below that there is nothing to gain


def fitted(output: Output) -> tuple[Output, str]:
    """The output within the contract's bounds, and what had to be changed for it; empty if nothing."""
    measurements, notes = list(output.measurements), list[str]()
    if len(measurements) > MAX_MEASUREMENTS:
        notes.append(f"{len(measurements)} measurements, only the first {MAX_MEASUREMENTS} are kept")
        measurements = measurements[:MAX_MEASUREMENTS]
    failures = output.failures[:MAX_FAILURES]
    if len(failures) < len(output.failures):
        notes.append(f"{len(output.failures)} failures, only the first {MAX_FAILURES} are named")
    if sum(len(found.samples) + len(found.warmup) for found in measurements) > MAX_SAMPLES:
        measurements, note = _thinned(measurements)
        notes.append(note)
    if not notes:
        return output, ""
    return output.model_copy(update={"measurements": measurements, "failures": failures}), "; ".join(notes)


def _thinned(measurements: list[Measurement]) -> tuple[list[Measurement], str]:
    """Warm-up goes first: it is never averaged."""
    sizes = [len(found.samples) for found in measurements]
    most = max(level(sizes, MAX_SAMPLES), _FEWEST)
    names = [found.benchmark for found, size in zip(measurements, sizes, strict=True) if size > most]
    kept = [found.model_copy(update={"samples": thinned(found.samples, most), "warmup": []}) for found in measurements]
    note = f"more than {MAX_SAMPLES} samples: warm-up is left out"
    if not names:
        return kept, note
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return kept, f"{note}, {', '.join(names[:_NAMED])}{more} thinned to {most} values of the same mean and variance"


def thinned(samples: list[float], most: int) -> list[float]:
    """At most `most` values with the mean and the variance of `samples`, in rising order.

    Each run of neighbours in the sorted samples becomes two values, its mean less and plus its standard deviation:
    that keeps mean and variance of the run, so of the whole if all runs are of one size. Runs differ by one at most,
    and what that leaves is set right by one shift and one scale.
    """
    if len(samples) <= most:
        return samples
    ordered, runs = sorted(samples), most // 2
    ends = [len(ordered) * number // runs for number in range(runs + 1)]
    pairs = [_pair(ordered[start:end]) for start, end in pairwise(ends)]
    return _moved([value for pair in pairs for value in pair], samples)


def _pair(run: list[float]) -> tuple[float, float]:
    middle = fmean(run)
    spread = math.sqrt(math.fsum((value - middle) ** 2 for value in run) / len(run))
    return middle - spread, middle + spread


def _moved(values: list[float], like: list[float]) -> list[float]:
    """The values with the mean and the sample variance of `like`."""
    mean, target = fmean(values), fmean(like)
    spread, wanted = _deviation(values, mean), _deviation(like, target)
    scale = wanted / spread if spread > 0 else 0.0
    return [target + (value - mean) * scale for value in values]


def _deviation(values: list[float], mean: float) -> float:
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
