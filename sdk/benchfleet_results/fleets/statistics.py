"""Means whose units come in clusters: tests of one repository are alike, so they are worth less than as many of others."""

import math
from collections import defaultdict
from collections.abc import Hashable, Sequence

from benchfleet_contract.fleets.results import Estimate

from benchfleet_results.statistics.student import t_quantile, two_sided


def clustered(values: Sequence[tuple[Hashable, float]], *, confidence: float = 0.95) -> Estimate | None:
    """The mean of (cluster, value) pairs; None of none. With one cluster alone the values are taken as independent.

    Squared error = G / (G - 1) · Σ over clusters of (Σ of residuals)² / n², with Student's t of G - 1 degrees of freedom:
    E. Miller, "Adding Error Bars to Evals" (2024), with the correction for few clusters of A. C. Cameron and D. L. Miller,
    "A Practitioner's Guide to Cluster-Robust Inference", Journal of Human Resources 50 (2015).
    """
    if not values:
        return None
    groups = _groups(values)
    mean = math.fsum(value for _, value in values) / len(values)
    if len(groups) < 2:
        return Estimate(mean=mean, standard_error=None, interval=None, clusters=len(groups), count=len(values))
    sums = [math.fsum(value - mean for value in group) for group in groups]
    squared = len(groups) / (len(groups) - 1) * math.fsum(one * one for one in sums) / len(values) ** 2
    error = math.sqrt(squared)
    half = t_quantile((1 + confidence) / 2, degrees=len(groups) - 1) * error
    return Estimate(
        mean=mean, standard_error=error, interval=(mean - half, mean + half), clusters=len(groups), count=len(values)
    )


def probability(found: Estimate) -> float | None:
    """The two-sided p of a mean difference. Where no cluster differs from another, that of the sign test: 2 / 2^G."""
    if found.standard_error is None:
        return None
    if found.standard_error > 1e-12 * abs(found.mean):
        return two_sided(found.mean / found.standard_error, degrees=found.clusters - 1)
    return 1.0 if found.mean == 0 else 2.0 ** (1 - found.clusters)


def _groups(values: Sequence[tuple[Hashable, float]]) -> list[list[float]]:
    found: dict[Hashable, list[float]] = defaultdict(list)
    for cluster, value in values:
        found[cluster].append(value)
    groups = list(found.values())
    return [[value] for value in groups[0]] if len(groups) == 1 else groups
