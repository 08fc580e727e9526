"""The quality of the data: a grade for each series of each group, and one line for all of them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import GroupKey, Task, by_group
from benchfleet_results.registry import metric_of
from benchfleet_results.series import Samples, Series

from benchfleet.report.model.quality import GroupConditions, Quality, QualityFinding, SeriesQuality
from benchfleet.report.quality import checks as quality_checks
from benchfleet.report.quality import conditions as quality_conditions
from benchfleet.report.quality import timing as quality_timing
from benchfleet.report.quality.checks import Sequences
from benchfleet.report.quality.hits import ORDER, worst
from benchfleet.report.quality.lacking import not_recorded, shortened
from benchfleet.report.quality.words import counts, headline

Role = Literal["measured", "baseline"]


def quality(new: Sequence[Task], old: Sequence[Task]) -> Quality:
    """`new` was measured, `old` is the baseline, which is graded, too: it is compared with."""
    series = [*_graded(new, "measured"), *_graded(old, "baseline")]
    series.sort(key=lambda one: (ORDER.index(one.grade), -len(one.findings)))
    grades = [one.grade for one in series]
    found = Quality(
        good=grades.count("good"),
        fair=grades.count("fair"),
        poor=grades.count("poor"),
        unknown=grades.count("unknown"),
        shortened=shortened([*new, *old]),
        not_recorded=not_recorded([*new, *old]),
        findings=counts(series),
        series=series,
        conditions=[*_conditions(new, "measured"), *_conditions(old, "baseline")],
    )
    return found.model_copy(update={"headline": headline(found)})


def _conditions(tasks: Sequence[Task], role: Role) -> list[GroupConditions]:
    return [quality_conditions.group_conditions(key, mine, role=role) for key, mine in by_group(tasks).items()]


def _graded(tasks: Sequence[Task], role: Role) -> Iterator[SeriesQuality]:
    for key, mine in by_group(tasks).items():
        parts: dict[Series, list[quality_timing.Part]] = defaultdict(list)
        for task in mine:
            for one in (one for one in task.samples if one.values):
                parts[one.series].append((task, one))
        for series, found in parts.items():
            yield _series(key, series, found, role)


def _series(key: GroupKey, series: Series, parts: Sequence[tuple[Task, Samples]], role: Role) -> SeriesQuality:
    findings = sorted(_findings(series, parts), key=lambda one: ORDER.index(one.grade))
    return SeriesQuality(
        provider=key.provider,
        name=key.name,
        subject=key.subject,
        label=identity(*key[:3]),
        role=role,
        workload=series.workload,
        benchmark=series.benchmark,
        variant=series.variant,
        metric=series.metric,
        unit=series.unit,
        grade=worst(findings),
        tasks=len(parts),
        samples=sum(len(one.values) for _, one in parts),
        findings=findings,
    )


def _findings(series: Series, parts: Sequence[tuple[Task, Samples]]) -> Iterator[QualityFinding]:
    if metric_of(series).scale == "ratio":
        yield from quality_checks.checked(Sequences(series, [one.values for _, one in parts]))
    yield from quality_timing.checked(parts)
    yield from quality_conditions.checked([task for task, _ in parts])
