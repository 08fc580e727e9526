"""A comparison as a gate: what is too much worse, what is missing, and whether that passes."""

from collections.abc import Callable, Iterator, Sequence

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.model import Relation

from benchfleet.exceptions import UsageError
from benchfleet.report.model.comparison import Compared, Gate, Ignored, RunComparison
from benchfleet.report.model.report import Report
from benchfleet.report.printing import printable, shown
from benchfleet.report.thresholds import Judged, Rule, Thresholds
from benchfleet.report.words import apart, limit, row_title, share

Least = Callable[[int], int]
NAMED = 5  # in a message
_UNREAD = ("corrupt", "unreadable", "missing")


def least_compared(text: str) -> Least:
    """`100%` or `12` → what that is of a number of benchmarks. Raises UsageError."""
    number = text.strip().removesuffix("%")
    percent = text.strip().endswith("%")
    if not (number.isascii() and number.isdigit() and len(number) < 9) or (percent and int(number) > 100):
        raise UsageError(f"--min-compared is {text!r}, must be a number of benchmarks or 0% to 100%")
    return lambda total: -(-total * int(number) // 100) if percent else int(number)


def judged(found: RunComparison, thresholds: Thresholds, ignored: Sequence[tuple[Judged, Rule]] = ()) -> RunComparison:
    """With the threshold that counts for each row, and what is a regression by it; what is worst comes first."""
    rows = [_judged(row, thresholds) for row in found.rows]
    told = {(_ignored(what), rule.where) for what, rule in ignored}
    update = {
        "rows": sorted(rows, key=_weight),
        "threshold": thresholds.default,
        "thresholds": thresholds.source,
        "ignored": [Ignored(what=what, rule=where) for what, where in sorted(told)],
    }
    return found.model_copy(update=update)


def _judged(row: Compared, thresholds: Thresholds) -> Compared:
    what = Judged(row.workload, row.provider, row.name, row.subject, row.variant, row.metric, row.benchmark)
    rule, share = thresholds.rule(what), thresholds.share(what)
    regression = row.relation.verdict == "worse" and _beyond(row.relation, row.old, share)
    where = rule.where if rule and rule.share is not None else None
    return row.model_copy(update={"threshold": share, "rule": where, "regression": regression})


def _beyond(related: Relation, old: float | None, threshold: float) -> bool:
    """Of a difference the threshold is a share of what was: where that is zero, any is beyond it."""
    if related.difference is not None:
        return related.difference > threshold * abs(old or 0.0)
    return related.ratio is not None and related.ratio > 1 + threshold


def _weight(row: Compared) -> tuple[bool, bool, float]:
    """What is beyond noise comes before a larger ratio that is not: where rows are left out, those are."""
    return row.benchmark is not None, not row.regression, -(row.relation.ratio or 0)


def _ignored(what: Judged) -> str:
    names = ", ".join(printable(name) for name in (what.variant, what.metric or "failed"))
    return f"{identity(what.provider, what.name, what.subject)}: {printable(what.benchmark or '')} ({names})"


def unused(thresholds: Thresholds, everything: Sequence[Judged]) -> Iterator[str]:
    """Warnings about rules that are of nothing."""
    for rule in thresholds.unused(everything):
        patterns = ", ".join(f"{name} {shown(pattern)}" for name, pattern in rule.patterns)
        yield f"{rule.where}: a threshold for {patterns or 'everything'} matches nothing that was measured."


def gated(report: Report, *, least: Least, allow_failed: bool = False) -> Report:
    """With the gate's verdict in its comparison, so that every form can say it. Without a baseline there is none."""
    found = report.comparison
    if found is None:
        return report
    required = max(least(found.of_baseline), 1)
    reasons = [*_unread(report), *_worse(found), *_missing(found, required)]
    reasons += [f"failed and did not before: {_some(found.failed)}"] if found.failed and not allow_failed else []
    gate = Gate(passed=not reasons, reasons=reasons, required=required, allow_failed=allow_failed)
    return report.model_copy(update={"comparison": found.model_copy(update={"gate": gate})})


def reasons(report: Report) -> list[str]:
    """Every reason why not all is well, of a report that went through `gated`; empty if all is."""
    if report.comparison:
        return report.comparison.gate.reasons if report.comparison.gate else []
    return [*_unread(report), *([] if report.measured else ["nothing was measured: no task has a result"])]


def unread(report: Report) -> list[str]:
    """Tasks whose results cannot be read, could not be archived, or are not where they should be."""
    return [f"{task.task} of run {task.run_id}" for task in report.task_problems if task.outcome in _UNREAD]


def _unread(report: Report) -> Iterator[str]:
    if odd := unread(report):
        count = "1 result could not be read or is" if len(odd) == 1 else f"{len(odd)} results could not be read or are"
        yield f"{count} missing: {_some(odd)}"


def _missing(found: RunComparison, required: int) -> Iterator[str]:
    if found.compared < required:
        yield (
            f"{found.compared} of {found.of_baseline} benchmarks could be compared with {found.baseline}, at least "
            f"{required} must be (--min-compared)"
        )


def _worse(found: RunComparison) -> Iterator[str]:
    """With names as the tables show them, so that they can be looked for there."""
    own = len({row.threshold for row in found.rows}) > 1
    worst = [
        f"{shown(row.benchmark or 'geometric mean')} ({shown(row_title(found, row))}) on {shown(row.label)} "
        f"{apart(row.relation, row.unit)}{_limit(row) if own else ''}"
        for row in found.regressions
    ]
    if worst:
        yield f"worse than {found.baseline} by more than {limit(found)} and beyond noise: {_first(worst)}"


def _limit(row: Compared) -> str:
    return f" (threshold {share(row.threshold)})"


def _some(names: list[str]) -> str:
    return _first([*map(shown, names[:NAMED]), *names[NAMED:]])


def _first(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
