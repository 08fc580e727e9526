"""Is a run worse than an earlier one, beyond noise? Of the two summaries alone, for who has no more. Pure.

Compared is each group's overall score: its mean over all benchmarks, with the interval at 95 % that the summary has. The
interval of the difference of two independent estimates follows from theirs by the method of variance estimates recovery:
G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27 (2008). What is on a
scale of ratios is compared by logarithms. With several groups each interval is widened for all of them together (Bonferroni,
by quantiles of the normal distribution). `benchfleet report --baseline` knows the tasks themselves, and sees more.
"""

import math
from collections.abc import Iterator
from statistics import NormalDist

from benchfleet_contract.summary import RunSummary, SummaryBoard, SummaryRow

_QUANTILE = NormalDist().inv_cdf
Limits = tuple[float, float, float]  # low, mean, high


def judged(before: RunSummary, after: RunSummary) -> tuple[bool, tuple[str, ...]]:
    """(worse beyond noise somewhere, in words): what is worse, or why nothing can be said, or that nothing is worse."""
    pairs = list(_pairs(before, after))
    able = [pair for pair in pairs if not isinstance(pair, str)]
    hindered = tuple(dict.fromkeys(pair for pair in pairs if isinstance(pair, str)))
    if not able:
        return False, hindered or ("cannot be judged: neither run ranks anything",)
    wide = _QUANTILE(1 - 0.025 / len(able)) / _QUANTILE(0.975)
    worse = tuple(words for pair in able if (words := _worse(*pair, wide=wide)))
    if worse:
        return True, (*worse, *hindered)
    return False, (f"not worse than run {before.run_id} beyond noise", *hindered)


def _pairs(before: RunSummary, after: RunSummary) -> "Iterator[tuple[SummaryBoard, SummaryRow, SummaryRow, str] | str]":
    """What can be compared, and words for what cannot."""
    boards = {(board.title, board.metric): board for board in before.boards}
    for board in after.boards:
        old = boards.get((board.title, board.metric))
        if old is None:
            yield f"cannot be judged: run {before.run_id} has no {board.title}"
        elif words := _differ(old, board, before.run_id):
            yield f"cannot be judged: {board.title}: {words}"
        else:
            rows = {row.label: row for row in old.ranking}
            for row in board.ranking:
                if row.label in rows and _limits(rows[row.label], board) and _limits(row, board):
                    yield board, rows[row.label], row, before.run_id
                else:
                    yield f"cannot be judged: {board.title}, {row.label}: a run has no interval for it"


def _differ(old: SummaryBoard, new: SummaryBoard, run_id: str) -> str | None:
    if (old.unit, old.better, old.scale) != (new.unit, new.better, new.scale):
        return "it is measured in another way now"
    if old.benchmarks != new.benchmarks:
        return f"its score is over {new.benchmarks} benchmarks, that of the run before over {old.benchmarks}"
    if not new.ranking:
        return new.not_compared
    if old.benchmarks_digest is None:
        return f"the summary of run {run_id} does not say which benchmarks its score is over"
    if old.benchmarks_digest != new.benchmarks_digest:
        return "its score is over other benchmarks than that of the run before"
    return None


def _worse(board: SummaryBoard, old: SummaryRow, new: SummaryRow, run_id: str, *, wide: float) -> str | None:
    before, after = _limits(old, board), _limits(new, board)
    if before is None or after is None:
        return None
    if board.better == "higher":
        before, after = after, before
    low = after[1] - before[1] - wide * math.hypot(after[1] - after[0], before[2] - before[1])
    if low <= 0:
        return None
    return f"{board.title}, {new.label}: {_much(board, old, new)} worse than run {run_id}, beyond noise"


def _much(board: SummaryBoard, old: SummaryRow, new: SummaryRow) -> str:
    a, b = old.mean or 0.0, new.mean or 0.0
    if board.scale != "ratio":
        return f"{abs(b - a):.4g}{f' {board.unit}' if board.unit else ''}"
    return f"{abs(b / a - 1) * 100:.1f} %"


def _limits(row: SummaryRow, board: SummaryBoard) -> Limits | None:
    if row.mean is None or row.interval is None:
        return None
    limits = (row.interval[0], row.mean, row.interval[1])
    if board.scale != "ratio":
        return limits
    return (math.log(limits[0]), math.log(limits[1]), math.log(limits[2])) if min(limits) > 0 else None
