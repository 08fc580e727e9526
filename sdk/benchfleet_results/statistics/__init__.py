"""The statistics of a report, in the standard library alone. Every function names the source of what it computes.

`student`: Student's t. `estimates`: means and their intervals. `comparing`: Welch's t on log scale, Holm's correction.
`scores`: geometric means over benchmarks. `components`: variance between tasks told apart from variance within them.
"""

from benchfleet_results.statistics.comparing import Comparison, Contrast, compare, contrast, holm
from benchfleet_results.statistics.components import Components, components
from benchfleet_results.statistics.estimates import Estimate, estimate, half_width
from benchfleet_results.statistics.scores import Score, score
from benchfleet_results.statistics.student import t_quantile, two_sided

__all__ = [
    "Comparison",
    "Components",
    "Contrast",
    "Estimate",
    "Score",
    "compare",
    "components",
    "contrast",
    "estimate",
    "half_width",
    "holm",
    "score",
    "t_quantile",
    "two_sided",
]
