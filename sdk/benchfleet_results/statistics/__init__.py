"""The statistics of a report, in the standard library alone. Every function names the source of what it computes.

`student`: Student's t. `skewness`: intervals of what has a long tail. `sample`: one side of a comparison. `comparing`: paired
and Welch's t on log scale. `families`: many tests on one board. `power`: what could have been found. `scores`: geometric means
over benchmarks. `estimates`: intervals of one task's samples. `components`: variance between instances, tasks and samples.
`sequential`: when a mean is known well enough. `quality_*`: what samples say of how they were measured.
"""

from benchfleet_results.statistics.comparing import Comparison, Contrast, compare, contrast
from benchfleet_results.statistics.components import Components, components
from benchfleet_results.statistics.estimates import Estimate, estimate, half_width
from benchfleet_results.statistics.families import decide
from benchfleet_results.statistics.sample import Sample
from benchfleet_results.statistics.scores import Score, score
from benchfleet_results.statistics.student import t_quantile, two_sided

__all__ = [
    "Comparison",
    "Components",
    "Contrast",
    "Estimate",
    "Sample",
    "Score",
    "compare",
    "components",
    "contrast",
    "decide",
    "estimate",
    "half_width",
    "score",
    "t_quantile",
    "two_sided",
]
