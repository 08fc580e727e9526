"""The headline, and one line for each kind of finding."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from benchfleet.report.model.quality import FindingCount, Quality, QualityFinding, SeriesQuality
from benchfleet.report.model.report import Report
from benchfleet.report.printing import shown
from benchfleet.report.quality.hits import ORDER
from benchfleet.report.quality.limits import LIMITS

_WORST, _IN_LINE = 3, 2
_IN_HEADLINE = 3
_MODE = "mode"  # has a sentence of its own
TITLES: dict[str, str] = {
    "warm-up": "warm-up not over",
    "slow-down": "worse from sample to sample",
    "spread": "standard deviation of 10 % or more",
    "extreme": "a sample 50 % or more off the mean",
    "precision": "too few samples to be certain to 1 %",
    "few samples": "fewer than five samples",
    "between tasks": "tasks that differ by 10 % or more",
    "outliers": "outliers",
    "autocorrelation": "neighbouring samples alike",
    "resolution": "samples in coarse steps",
    "raw time": "timed intervals below 1 ms",
    "mode": "a shortened mode",
    "not checked": "too few samples to tell whether warm-up is over",
    "affinity": "measured on cores that were not the task's",
    "clock": "CPU frequency that changed",
    **{str(limit.kind): limit.title for limit in LIMITS},
}


def counts(series: Sequence[SeriesQuality]) -> list[FindingCount]:
    """One for each kind that there is, those that make most series poor first."""
    found: dict[str, list[tuple[SeriesQuality, QualityFinding]]] = defaultdict(list)
    for one in series:
        for finding in one.findings:
            found[finding.kind].append((one, finding))
    made = [_count(kind, mine) for kind, mine in found.items()]
    return sorted(made, key=lambda one: (-one.poor, -one.series))


def _count(kind: str, found: Sequence[tuple[SeriesQuality, QualityFinding]]) -> FindingCount:
    ordered = sorted(found, key=lambda pair: (ORDER.index(pair[1].grade), -pair[1].size))
    return FindingCount(
        kind=kind,
        title=TITLES[kind],
        series=len(found),
        poor=sum(finding.grade == "poor" for _, finding in found),
        worst=[f"{name(one)}: {finding.words}" for one, finding in ordered[:_WORST]],
    )


def name(one: SeriesQuality) -> str:
    """`nbody (interp) on aws c8g.large`"""
    variant = "" if one.variant == "default" else f" ({shown(one.variant)})"
    metric = "" if one.metric == "time" else f", {shown(one.metric)},"
    return f"{shown(one.benchmark)}{variant}{metric} on {shown(one.label)}{' (baseline)' * (one.role == 'baseline')}"


def told(one: SeriesQuality, found: QualityFinding) -> str:
    """In how many of its tasks, where not in all."""
    return found.words if found.tasks == one.tasks else f"{found.words} (in {found.tasks} of {one.tasks} tasks)"


def headline(found: Quality) -> str:
    """`Quality: 3 of 32 series good, 29 poor: warm-up not over (20), …`; empty where nothing was measured."""
    if not found.series:
        return ""
    parts = [f"Quality: {_grades(found)}{_why(found)}."]
    if found.shortened:
        parts.append(f"Shortened: {'; '.join(found.shortened)}.")
    if found.not_recorded:
        parts.append(f"Not recorded: {'; '.join(found.not_recorded)}.")
    return " ".join(parts)


def _grades(found: Quality) -> str:
    total = len(found.series)
    if found.good == total:
        return f"all {total} series good" if total > 1 else "the one series is good"
    others = {"fair": found.fair, "poor": found.poor, "unknown": found.unknown}
    told = ", ".join(f"{count} {grade}" for grade, count in others.items() if count)
    return f"{found.good} of {total} series good, {told}"


def _why(found: Quality) -> str:
    kinds = [one for one in found.findings if one.kind != _MODE]
    told = [f"{one.title} ({one.series})" for one in kinds[:_IN_HEADLINE]]
    more = len(kinds) - _IN_HEADLINE
    rest = f" and {more} other finding{'s' * (more != 1)}" if more > 0 else ""
    return f": {', '.join(told)}{rest}" if told else ""


def others(report: Report) -> list[str]:
    """Warnings without those lines, for forms in which the headline and the grades say them already."""
    said = set(lines(report.quality))
    return [warning for warning in report.warnings if warning not in said]


def lines(found: Quality) -> Iterator[str]:
    """What to know before believing a number: each kind of finding that makes a series poor, and shortened modes."""
    total = len(found.series)
    for one in (one for one in found.findings if one.poor and one.kind != _MODE):
        title, shown = f"{one.title[0].upper()}{one.title[1:]}", "; ".join(one.worst[:_IN_LINE])
        yield f"{title} in {one.series} of {total} series. Worst: {shown}."
    if found.shortened:
        yield f"Measured in a shortened mode: {'; '.join(found.shortened)}."
