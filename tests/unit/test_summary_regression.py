"""Is a run worse than the one before, by their summaries alone?"""

from typing import Any

from benchfleet_contract.summary import RunSummary, SummaryBoard, SummaryRow
from benchfleet_results.summary_regression import judged

from tests.each_case import each_case


def row(mean: float | None, half: float | None = 0.1, *, label: str = "box") -> SummaryRow:
    interval = None if mean is None or half is None else (mean - half, mean + half)
    return SummaryRow(
        place=1, label=label, mean=mean, interval=interval, ratio=None, ratio_interval=None, difference=None,
        difference_interval=None, verdict="first", tasks=3, instances=None,
    )  # fmt: skip


def summary(*rows: SummaryRow, run_id: str = "r", **changes: Any) -> RunSummary:
    board: dict[str, Any] = {
        "title": "mock", "metric": "time", "unit": "ms", "better": "lower", "scale": "ratio", "benchmarks": 2,
        "benchmarks_digest": "d1", "benchmarks_left_out": 0,
        "not_compared": None, "told_apart": False, "ranking": list(rows), **changes,
    }  # fmt: skip
    return RunSummary(run_id=run_id, by=["machine"], tasks=3, boards=[SummaryBoard(**board)], omitted=[])


def worse(before: SummaryRow, after: SummaryRow, **changes: Any) -> bool:
    return judged(summary(before, run_id="old", **changes), summary(after, **changes))[0]


@each_case(
    ("after", "better", "expected"),
    [
        (10.0, "lower", False), (10.13, "lower", False), (10.16, "lower", True), (9.0, "lower", False),
        (9.0, "higher", True), (9.88, "higher", False), (11.0, "higher", False),
    ],
)  # fmt: skip
def test_worse_is_what_is_beyond_both_intervals_together(after: float, better: str, expected: bool) -> None:
    """Both have ± 0.1: the difference has ± 0.141."""
    assert worse(row(10.0), row(after), better=better) == expected


def test_a_scale_of_shares_is_compared_by_differences() -> None:
    assert worse(row(0.0, 0.01), row(0.05, 0.01), scale="share", unit=None)
    (words,) = judged(
        summary(row(0.0, 0.01), scale="share", unit="%"), summary(row(0.5, 0.01), scale="share", unit="%")
    )[1]
    assert "0.5 % worse than run r" in words


def test_with_several_groups_each_needs_more() -> None:
    """One difference of 1.05 half widths is beyond noise alone, and not among ten."""
    before = [row(10.0, label=f"box-{number}") for number in range(10)]
    after = [row(10.15 if number == 0 else 10.0, label=f"box-{number}") for number in range(10)]
    assert judged(summary(before[0]), summary(after[0]))[0]
    assert not judged(summary(*before), summary(*after))[0]


@each_case(
    ("before", "after", "words"),
    [
        (
            summary(row(10.0)),
            summary(row(12.0), benchmarks=3),
            "its score is over 3 benchmarks, that of the run before over 2",
        ),
        (
            summary(row(10.0)),
            summary(row(12.0), benchmarks_digest="d2"),
            "its score is over other benchmarks than that of the run before",
        ),
        (
            summary(row(10.0), benchmarks_digest=None),
            summary(row(12.0)),
            "the summary of run r does not say which benchmarks its score is over",
        ),
        (summary(row(10.0)), summary(row(12.0), unit="s"), "measured in another way now"),
        (summary(row(10.0)), summary(row(12.0), title="other"), "run r has no other"),
        (summary(row(10.0, None)), summary(row(12.0)), "a run has no interval for it"),
        (summary(row(10.0)), summary(row(None)), "a run has no interval for it"),
        (summary(row(10.0)), summary(row(12.0, label="new")), "a run has no interval for it"),
        (summary(row(10.0)), summary(not_compared="one task only"), "one task only"),
        (summary(), summary(), "neither run ranks anything"),
    ],
)
def test_what_cannot_be_judged_is_said(before: RunSummary, after: RunSummary, words: str) -> None:
    found, told = judged(before, after)
    assert not found
    assert words in " ".join(told)
    assert "not worse" not in " ".join(told)
