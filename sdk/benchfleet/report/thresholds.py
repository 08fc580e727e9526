"""How much worse is too much: a threshold for all, and rules for what needs another one, or is not judged at all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from glob import escape
from typing import NamedTuple

from benchfleet_results.boards.dimensions import machine
from benchfleet_results.boards.tasks import Task

DEFAULT = 0.05
GEOMETRIC_MEAN = "geometric mean"  # what a rule calls the row that is of no single benchmark
PATTERNS = ("benchmark", "variant", "metric", "workload", "machine", "subject")


class Judged(NamedTuple):
    """What a rule may match. `benchmark` None: a geometric mean; `metric` None: a benchmark that failed."""

    workload: str | None
    provider: str
    name: str
    subject: str | None
    variant: str
    metric: str | None
    benchmark: str | None


@dataclass(frozen=True)
class Rule:
    """`patterns` holds field → shell pattern, all of which must match. `share` None: what matches is ignored.

    `where` is the file and line that it stands in.
    """

    patterns: tuple[tuple[str, str], ...]
    share: float | None
    where: str

    def matches(self, what: Judged) -> bool:
        return all(_fits(what, name, pattern) for name, pattern in self.patterns)

    def literal(self, known: frozenset[str]) -> "Rule":
        """A pattern that is a name means that one, whatever characters it has."""
        told = ((name, escape(pattern) if pattern in known else pattern) for name, pattern in self.patterns)
        return replace(self, patterns=tuple(told))


@dataclass(frozen=True)
class Thresholds:
    """Shares: 0.05 is 5 %. The last rule that matches counts. `source` is the file that they come from, if any."""

    default: float = DEFAULT
    rules: tuple[Rule, ...] = ()
    source: str | None = None

    def rule(self, what: Judged) -> Rule | None:
        return next((rule for rule in reversed(self.rules) if rule.matches(what)), None)

    def ignores(self, what: Judged) -> Rule | None:
        rule = self.rule(what)
        return rule if rule and rule.share is None else None

    def share(self, what: Judged) -> float:
        rule = self.rule(what)
        return self.default if rule is None or rule.share is None else rule.share

    def literal(self, everything: Iterable[Judged]) -> "Thresholds":
        names = {name for what in everything for name in what if name}
        return replace(self, rules=tuple(rule.literal(frozenset(names)) for rule in self.rules))

    def unused(self, everything: Sequence[Judged]) -> Iterator[Rule]:
        """Rules that match nothing of this: a name in them was changed, or has a typing error."""
        return (rule for rule in self.rules if not any(rule.matches(what) for what in everything))


def share_of(value: object, *, most: float = 1.0) -> float | None:
    """`5%` → 0.05; without the sign it is a share already. None for what is none from 0 up to `most`.

    A number without the sign must be below 1: 5 is meant as 5 %.
    """
    text = str(value).strip()
    percent = text.endswith("%")
    try:
        share = float(text.removesuffix("%")) / (100 if percent else 1)
    except ValueError:
        return None
    return share if 0 <= share < (most if percent else 1.0) and not isinstance(value, bool) else None


def things(tasks: Iterable[Task]) -> list[Judged]:
    """All that was measured or failed, and a geometric mean for each group of it."""
    found: dict[Judged, None] = {}
    for task in tasks:
        for one in task.samples:
            what = measured(task, one.series.workload, one.series.variant, one.series.metric, one.series.benchmark)
            found[what] = found[what._replace(benchmark=None)] = None
        found.update((failed(task, failure.benchmark, failure.variant), None) for failure in task.failures)
    return list(found)


def measured(task: Task, workload: str, variant: str, metric: str, benchmark: str) -> Judged:
    provider, name, subject, _ = task.group
    return Judged(workload, provider, name, subject, variant, metric, benchmark)


def failed(task: Task, benchmark: str, variant: str) -> Judged:
    provider, name, subject, _ = task.group
    return Judged(None, provider, name, subject, variant, None, benchmark)


def without_ignored(tasks: Sequence[Task], thresholds: Thresholds) -> tuple[list[Task], list[tuple[Judged, Rule]]]:
    """The tasks without what rules ignore, and that, each with its rule."""
    left_out: dict[Judged, Rule] = {}
    kept: list[Task] = []
    for task in tasks:
        told = {what: rule for what in things([task]) if what.benchmark and (rule := thresholds.ignores(what))}
        left_out.update(told)
        kept.append(_without(task, told.keys()))
    return kept, list(left_out.items())


def _without(task: Task, ignored: Iterable[Judged]) -> Task:
    names = frozenset(ignored)
    if not names:
        return task
    samples = tuple(
        one
        for one in task.samples
        if measured(task, one.series.workload, one.series.variant, one.series.metric, one.series.benchmark) not in names
    )
    failures = tuple(one for one in task.failures if failed(task, one.benchmark, one.variant) not in names)
    return replace(task, samples=samples, failures=failures)


def _fits(what: Judged, field: str, pattern: str) -> bool:
    """A rule that names a benchmark is not meant for the mean over all, unless it names that.

    What failed has no metric and no workload: a rule that names one is of what was measured.
    """
    if field == "benchmark" and what.benchmark is None:
        return pattern == GEOMETRIC_MEAN
    if field == "machine":
        return any(_like(name, pattern) for name in (what.name, machine(what.provider, what.name)))
    value = getattr(what, field)
    return _like(value or "", pattern) and (value is not None or field == "subject")


def _like(name: str, pattern: str) -> bool:
    return fnmatchcase(name.lower(), pattern.lower())
