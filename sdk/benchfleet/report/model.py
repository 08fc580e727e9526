"""A report as one document: what `--json` prints, and what every other form is made from.

What compares groups (`Ranked`, `Relation`) is in `benchfleet_results.boards.model`. Intervals are [low, high] at 95 %. None
means that nothing can be said.
"""

from typing import Any, Literal

from benchfleet_contract.runs import RunPrecision
from benchfleet_results.boards.dimensions import Dimension
from benchfleet_results.boards.model import Compares, Group, Interval, LeftOut, Needed, Over, Part, Ranked, Relation
from benchfleet_results.metrics import Scale
from pydantic import Field

from benchfleet.report.prices import Kind

Grade = Literal["good", "fair", "poor", "unknown"]


class SubjectFacts(Part):
    """One of the things that a run compares, as its tasks had it."""

    name: str
    image: str | None
    options: dict[str, str] = Field(description="option → JSON; what differs from the run's workload options")


class RunFacts(Part):
    run_id: str
    role: Literal["measured", "baseline"]
    status: str | None
    reason: str | None
    workload: str | None
    workload_options: dict[str, Any]
    subjects: list[SubjectFacts]
    ruby_version: str | None
    created_at: str | None
    started_at: str | None = Field(description="when the first task started")
    ended_at: str | None = Field(description="when the last task ended")
    tasks: int
    without_result: int
    not_needed: int = Field(default=0, description="tasks that a run with a target precision did without; in no count")
    precision: RunPrecision | None = Field(default=None, description="of a run with a target precision")


class SeldomThere(Part):
    subject: str
    results: int
    left_out: int = Field(description="of them: not measured together with what else is there of their repeat")


class Turns(Part):
    """Of one run and machine whose subjects took turns: which of its repeats measured all of them together."""

    run_id: str
    provider: str
    name: str
    order: str | None = Field(description="of the run's tasks; null where it is not recorded")
    noise_floor: str | None = Field(
        default=None, description="where this is of a noise floor: the second name of what was measured twice"
    )
    subjects: list[str] = Field(description="by which repeats are judged: all but those of `seldom`")
    complete: int = Field(description="repeats in which each of `subjects` has a result")
    together: int = Field(description="of them: on one known instance, and one subject soon after the other")
    other_instance: int = Field(description="of them: not on one known instance")
    long_apart: int = Field(
        description="on one, but for more than a minute, and for longer than measuring took, none was measured"
    )
    incomplete: int = Field(description="repeats in which some of `subjects` have a result, and others have none")
    left_out: int = Field(
        description="not together, and in no comparison of subjects: half of all, and two, are enough to compare; without those "
        "that are incomplete, where the others are pairs enough (four, or of two instances). Else 0"
    )
    benchmarks_left_out: int = Field(
        description="results of single benchmarks in the other repeats, that others of `subjects` lack there: in no comparison, "
        "where the rest of that benchmark is pairs enough"
    )
    seldom: list[SeldomThere] = Field(
        description="subjects that have too few results to be paired: the others are, and these are compared by what they have"
    )

    @property
    def repeats(self) -> int:
        return self.complete + self.incomplete


class GroupFacts(Group):
    role: Literal["measured", "baseline"]
    instance_types: list[str]
    tasks: int
    executions: int = Field(description="repeats with a result; the tasks that did parts of one count once")
    outcomes: dict[str, int] = Field(description="outcome → tasks; only what occurs")
    hosts: int | None = Field(description="instances that the tasks with results ran on; null if not recorded")
    slots_at_work: float | None = Field(
        default=None,
        description="tasks that an instance had at a time, this one included: the mean over tasks of the most that each "
        "saw; null if not recorded",
    )
    hours: float | None = Field(
        default=None,
        description="of an instance, that its tasks took: each from start to end, divided by slots at work",
    )
    environment: dict[str, str] = Field(description="fact → value; several values are joined with ` or `")


class TaskProblem(Group):
    run_id: str
    task: str
    outcome: str
    reason: str | None


class BenchmarkProblem(Group):
    run_id: str
    task: str
    benchmark: str
    variant: str
    reason: str


class Difference(Part):
    """`level`: `note` where machines or subjects are bound to differ, `warning` where they should not."""

    name: str
    level: Literal["note", "warning"]
    among: Literal["groups", "tasks of a group", "runs"]
    values: dict[str, list[str]] = Field(description="value → who has it; `not recorded` where metadata says nothing")


class Value(Compares):
    """Speed for money, of the whole instance. Without a price there is neither a place nor a number, and never a zero."""

    kind: Kind = "on-demand"
    place: int | None = Field(description="among those of its kind, shared as in the ranking")
    usd_per_hour: float | None
    slots_at_work: float | None = Field(
        default=None, description="that the speed of a task was multiplied by; null where not recorded: then 1"
    )
    per_dollar: float | None = Field(description="work for a dollar, relative to the best: 1 or less")
    interval: Interval | None = Field(description="of the speed alone, as `relative_interval` in the ranking")
    usd_per_million: float | None = Field(
        default=None,
        description="for a million runs of the mean benchmark, or a million of what a rate counts; null for other units",
    )
    to_best: Relation = Field(default_factory=lambda: Relation(), description="of what the same work costs")
    needed: Needed | None = Field(default=None, description="as in the ranking, for what the same work costs")
    source: str | None
    date: str | None


class MachineCost(Part):
    """What the tasks of a machine cost: their machine time by its price. Waiting and starting up is not in it."""

    provider: str
    name: str
    kind: Kind
    usd_per_hour: float
    source: str = Field(description="who says that price")
    date: str = Field(description="the day of that price")
    hours: float
    usd: float
    tasks: int
    not_timed: int = Field(description="tasks whose start or end is not known: their time is missing")


class Answer(Part):
    """What people ask first, of one board. `short` and `detail` are sentences, as every form shows them."""

    question: Literal["fastest", "best", "best_for_price"] = Field(description="`best` where the metric is no speed")
    board: str | None = Field(description="its title; null for the whole report")
    kind: Kind | None = Field(default=None, description="of price, for `best_for_price`")
    verdict: Literal["told_apart", "not_told_apart", "only_one", "unknown", "not_asked", "one_price"] = Field(
        description="`unknown`: too few repeats; `not_asked`: no price was given that fits; `one_price`: all ran on the "
        "same machine, so the fastest costs least"
    )
    leaders: list[str] = Field(
        description="one, or those that are not told apart from the first, the first of them first"
    )
    second: str | None = Field(default=None, description="the closest of the others")
    relation: Relation | None = Field(default=None, description="of the second to the first: what it takes, or costs")
    needed: Needed | None = Field(
        default=None, description="to tell the leaders apart: the most that any of them needs"
    )
    short: str
    detail: str


class Factor(Part):
    """One benchmark, or all of them (`benchmark` null: the geometric mean), of the new against the old."""

    benchmark: str | None
    benchmarks: int
    unit: str | None
    old: float | None
    new: float | None
    factor: float | None = Field(
        description="of speeds: how many times as fast the new is; of anything else new / old. Null without a ratio"
    )
    interval: Interval | None = Field(description="of the factor, with the confidence of `relation`")
    relation: Relation = Field(description="of the new to the old: larger is worse")


class FactorTable(Part):
    """A variant or a subject against another one, on the same machine: `old` is the one that was listed first."""

    dimension: Literal["variant", "subject"]
    title: str = Field(description="where, and of what")
    provider: str | None
    name: str | None
    subject: str | None
    variant: str | None
    workload: str
    metric: str
    better: Literal["lower", "higher"]
    speed: bool
    old: str
    new: str
    overall: Factor | None = Field(description="null without a common benchmark")
    rows: list[Factor]
    within_noise: int = Field(
        description="of `rows`, within noise or with too few repeats to tell: what tables leave out unless all are asked for"
    )

    @property
    def tested(self) -> bool:
        """Has it an interval?"""
        rows = [row.relation for row in (self.overall, *self.rows) if row]
        return any(relation.interval or relation.difference_interval for relation in rows)


class Distribution(Part):
    """All samples of a cell, whatever task they are of. `quartiles`: of type 7 of Hyndman and Fan, as R and NumPy have."""

    minimum: float
    quartiles: tuple[float, float, float] = Field(description="25 %, median, 75 %")
    maximum: float
    histogram: list[int] = Field(
        description="counts in bins of equal width from minimum to maximum; empty with few samples"
    )

    @property
    def median(self) -> float:
        return self.quartiles[1]


class Spread(Part):
    """Standard deviations as shares of the mean.

    `next`: of what more would narrow the interval most; null where only one level can be told.
    """

    between_instances: float | None = Field(default=None, description="null with fewer than two known instances")
    between_tasks: float = Field(description="of one instance, where instances are known; else of all")
    within_tasks: float
    share_between: float | None = Field(description="of the variance of one sample, the part between tasks")
    clamped: bool = Field(description="an estimate between tasks or instances was negative, so 0 is shown")
    next: Over | None = None


class GroupSpread(Compares):
    """Medians over a board's benchmarks; `benchmarks` counts those with two tasks or more and two samples in one."""

    between_instances: float | None = None
    between_tasks: float
    within_tasks: float
    benchmarks: int
    next: Over | None = None


class Cell(Compares):
    """One benchmark on one group. `interval_over` says what was repeated: `samples` only if one task was to measure it.

    There is no interval if one task did, or tasks of one instance, and several were to.

    `mean` is the mean that is compared: on the ratio scale the geometric one over instances or tasks.
    """

    mean: float
    interval: Interval | None
    interval_over: Over
    tasks: int
    instances: int | None = Field(default=None, description="that its tasks ran on; null where not recorded")
    samples: int
    dropped: int = Field(description="samples that were no usable numbers")
    narrow: bool = Field(
        default=False,
        description="may the interval of the mean be narrow by luck? fewer than 20 repeats, which vary much less than those of "
        "the others",
    )
    task_means: list[float]
    distribution: Distribution | None = Field(default=None, description="null without samples")
    to_best: Relation
    spread: Spread | None


class Benchmark(Part):
    benchmark: str
    unit: str
    common: bool = Field(
        description="measured in at least half of the tasks (and two) of every group of the board, so part of the ranking"
    )
    missing: list[str] = Field(description="groups without it")
    cells: list[Cell] = Field(description="best first")


class Board(Part):
    """Groups that are compared with each other. What they are not compared by, they have in common, or it is null."""

    title: str = Field(description="tells the board from the others of the report")
    by: list[Dimension]
    workload: str
    provider: str | None
    name: str | None
    subject: str | None
    variant: str | None
    metric: str
    better: Literal["lower", "higher"]
    scale: Scale = Field(
        description="`ratio`: quotients, geometric means; `share` and `count`: differences, plain means"
    )
    not_compared: str | None = Field(description="why no group is called better")
    unit: str | None = Field(description="of the common benchmarks; null where they have several")
    common: list[str]
    left_out: list[LeftOut]
    absent: list[str] = Field(description="groups without any measurement here")
    ranking: list[Ranked]
    told_apart: bool = Field(
        default=False, description="the first of the ranking is better than all others beyond noise"
    )
    tests: int = Field(default=0, description="of the board: what p_adjusted is corrected for")
    value: list[Value]
    spread: list[GroupSpread]
    benchmarks: list[Benchmark]


class LoadPoint(Part):
    """Latency at one fixed rate. `rate`: of the group's mean saturation rate, `fraction` of it. Latencies in `unit`."""

    fraction: float
    rate: float = Field(description="requests a second that were sent, on average")
    p50: float | None
    p50_interval: Interval | None
    p99: float | None
    p99_interval: Interval | None


class LoadCurve(Compares):
    """Latency of one benchmark against load, of one group: the points in order of load."""

    benchmark: str
    unit: str
    saturation: float = Field(description="requests a second, the group's mean")
    points: list[LoadPoint]


class Compared(Group):
    """This run against the baseline. `benchmark` null: the geometric mean over what both have."""

    workload: str
    variant: str
    metric: str
    better: Literal["lower", "higher"]
    benchmark: str | None
    unit: str | None
    benchmarks: int
    old: float | None
    new: float | None
    old_tasks: int
    new_tasks: int
    relation: Relation
    regression: bool = Field(default=False, description="worse beyond the threshold and beyond noise")
    threshold: float | None = Field(default=None, description="share that counts for this row")
    rule: str | None = Field(default=None, description="file and line that say so; null: the default threshold")


class Ignored(Part):
    """What a rule of the thresholds' file keeps out of the comparison."""

    what: str
    rule: str = Field(description="file and line")


class Gate(Part):
    """Whether the comparison passes, as `report --baseline` says it by its exit code."""

    passed: bool
    reasons: list[str] = Field(description="why not")
    required: int = Field(description="benchmarks of the baseline that have to be comparable")
    allow_failed: bool = Field(description="a benchmark or task that failed now and not before is no reason")


class RunComparison(Part):
    baseline: str
    runs: list[str]
    threshold: float = Field(default=0.05, description="share, where no rule says another one")
    thresholds: str | None = Field(default=None, description="file with the rules")
    tests: int = Field(description="how many the whole table has: what p_adjusted is corrected for")
    of_baseline: int = Field(description="benchmarks that the baseline measured, by machine, variant and metric")
    compared: int = Field(description="those of them that can be told from noise: measured on both sides, by two tasks")
    detectable: float | None = Field(
        default=None,
        description="the largest `detectable` ratio of a benchmark's row: what could be worse and not be found",
    )
    rows: list[Compared]
    failed: list[str] = Field(
        description="benchmarks and tasks that failed in this run, of what the baseline measured without failure"
    )
    only_in_baseline: list[str]
    only_new: list[str]
    ignored: list[Ignored] = Field(default=[])
    gate: Gate | None = None

    @property
    def workloads(self) -> set[str]:
        """Of everything that was compared."""
        return {row.workload for row in self.rows}

    @property
    def regressions(self) -> list[Compared]:
        return [row for row in self.rows if row.regression]


class QualityFinding(Part):
    """What speaks against a series: seen in `tasks` of its tasks."""

    kind: str = Field(description="the check that found it, such as `warm-up`, `spread`, `foreign cpu`")
    size: float = Field(description="orders findings of one kind, the largest being the worst")
    grade: Grade = Field(description="fair or poor; unknown where a check could not be made")
    tasks: int
    words: str = Field(description="with its numbers: `falls from 3.000 s to 1.050 s: warm-up is not over`")


class SeriesQuality(Group):
    """One series of one group, over all of its tasks. Its grade is that of its worst finding."""

    role: Literal["measured", "baseline"]
    workload: str
    benchmark: str
    variant: str
    metric: str
    unit: str
    grade: Grade
    tasks: int
    samples: int
    findings: list[QualityFinding] = Field(description="worst first")


class FindingCount(Part):
    """One kind of finding over the whole report. `series` of them have it; `poor` of those are poor because of it."""

    kind: str
    title: str = Field(description="what it means, in words that follow a number: `warm-up not over`")
    series: int
    poor: int
    worst: list[str] = Field(description="up to three of those series, the worst first, with what was found")


class Span(Part):
    """Over the tasks that recorded it."""

    median: float
    most: float
    tasks: int


class GroupConditions(Group):
    """What else the machines did while this group was measured."""

    role: Literal["measured", "baseline"]
    tasks: int = Field(description="with a result")
    recorded: int = Field(description="those whose metadata says anything of it")
    values: dict[str, Span] = Field(
        description="`load before`, `load after`, `runnable before`, `runnable after` (threads), `foreign cpu` (cores that "
        "others used), `steal` (share), `throttled` (share of the task's time), `busy slots` (beside the task's own), "
        "`clock` (MHz after it), `attempt`; what was not recorded is not there"
    )


class Quality(Part):
    """How far the samples themselves can be believed, whatever they are compared with."""

    headline: str = Field(default="", description="one line for the whole report")
    good: int = 0
    fair: int = 0
    poor: int = 0
    unknown: int = 0
    shortened: list[str] = Field(
        default=[], description="modes that measured less than usual, with who: `effort: fast on aws c8g.large`"
    )
    not_recorded: list[str] = Field(default=[], description="what no check could look at, with who lacks it")
    findings: list[FindingCount] = Field(default=[], description="poor ones first, then by number of series")
    series: list[SeriesQuality] = Field(default=[], description="worst first")
    conditions: list[GroupConditions] = Field(default=[])


class FloorRow(Part):
    """One benchmark of what was measured twice: the second time in relation to the first."""

    benchmark: str
    unit: str
    relation: Relation


class NoiseFloor(Part):
    """One subject under two names on one machine: what differs between them is noise. `relation` is over all benchmarks."""

    provider: str
    name: str
    variant: str | None
    metric: str
    better: Literal["lower", "higher"]
    subject: str
    again: str = Field(description="the second name, which stands nowhere else in the report")
    label: str = Field(description="machine, and variant and metric where they have to be said")
    unit: str | None
    relation: Relation = Field(description="of the second time to the first")
    benchmarks: list[FloorRow]


class Moment(Part):
    """One task of a comparison with a baseline, at its start."""

    run_id: str
    role: Literal["measured", "baseline"]
    label: str
    at: str
    value: float = Field(description="its means as a multiple of those of all tasks of both runs; above 1 is worse")


class HistoryRun(Part):
    """One run of a history."""

    run_id: str
    at: str = Field(description="UTC: when its first task started, else when it was created")
    marks: list[str] = Field(default=[], description="names that `--mark` gave it")


class HistoryPoint(Part):
    """What one run measured of a series. The interval is within the run: what differs from run to run is not in it."""

    run_id: str
    at: str
    value: float = Field(description="in the unit; of a geometric mean, too")
    interval: Interval | None
    tasks: int
    changed: list[str] = Field(
        default=[],
        description="facts of its tasks that differ from those of the run before: `isolation: process → docker`",
    )


class HistoryLevel(Part):
    """Runs without a step between them."""

    first: int = Field(description="index in `points`")
    runs: int
    mean: float = Field(description="over the runs, in the unit; geometric on the ratio scale")


class HistoryStep(Part):
    """A change of level, beyond the noise from run to run."""

    at: int = Field(description="index in `points` of the first run of the new level")
    run_id: str
    previous: str = Field(description="the run before it")
    old: float
    new: float
    relation: Relation = Field(description="of the new level to the old: larger is worse")
    changed: list[str] = Field(default=[], description="as that run's point has it: the step may come from there")


class HistorySince(Part):
    """The newest run against a named one. Steps between them are what is beyond noise; this is one run against another."""

    mark: str
    run_id: str
    ratio: float | None = Field(description="larger is worse")
    difference: float | None = Field(default=None, description="in the unit, where the scale is no ratio")
    steps: int


class HistorySeries(Group):
    """One metric over the runs. `benchmark` null: the geometric mean over `benchmarks`."""

    workload: str
    variant: str
    metric: str
    better: Literal["lower", "higher"]
    scale: Scale
    benchmark: str | None
    benchmarks: list[str]
    unit: str | None = Field(description="null: of a geometric mean over several units, whose values are only relative")
    points: list[HistoryPoint] = Field(description="in order of time")
    levels: list[HistoryLevel] = Field(description="empty where no steps were looked for")
    steps: list[HistoryStep]
    since: list[HistorySince] = Field(default=[])
    note: str | None = Field(default=None, description="why no steps were looked for")


class History(Part):
    """A metric over runs. A step has the verdict of a test between the runs before and after it."""

    runs: list[HistoryRun] = Field(description="in order of time")
    unread: list[str] = Field(default=[], description="runs that are not in it, with the reason")
    tests: int = Field(
        description="size of the family that p_adjusted is corrected for: all places for a step, of all series"
    )
    series: list[HistorySeries] = Field(description="with steps first, then geometric means, then benchmarks")
    left_out: int = Field(default=0, description="series beyond the limit")


class Filters(Part):
    providers: list[str]
    names: list[str]
    subjects: list[str]
    benchmarks: list[str]


class Report(Part):
    """Schema: docs/report.schema.json."""

    schema_version: Literal[1] = 1
    generator: str
    runs: list[RunFacts]
    filters: Filters
    by: list[Dimension] = Field(description="what the boards compare; the rest keeps boards apart")
    answers: list[Answer] = Field(default=[], description="what is fastest, and best for its price")
    money: str | None = Field(default=None, description="what prices were taken, and what the run cost, in sentences")
    warnings: list[str]
    names: dict[str, str] = Field(default={}, description="what names of variants mean, as their workload says")
    groups: list[GroupFacts]
    boards: list[Board]
    variants: list[Board] = Field(
        description="variants against each other, on each machine and subject, where `boards` compare something else; "
        "only rankings"
    )
    factors: list[FactorTable] = Field(default=[], description="variants, and subjects, against the first of them")
    costs: list[MachineCost] = Field(default=[], description="of machines that have a price")
    comparison: RunComparison | None
    timeline: list[Moment] = Field(
        default=[], description="tasks of the runs and their baseline in order of time; empty without a baseline"
    )
    history: History | None = Field(default=None, description="of `--history`; the rest is then of its newest run")
    load: list[LoadCurve] = Field(
        default=[],
        description="latency against load, where both saturation and latencies at fractions of it were measured",
    )
    noise_floor: list[NoiseFloor] = Field(
        default=[], description="of runs that measured one subject twice: what differs where nothing does"
    )
    turns: list[Turns] = Field(default=[], description="of runs with several subjects")
    differences: list[Difference]
    task_problems: list[TaskProblem]
    benchmark_problems: list[BenchmarkProblem]
    quality: Quality = Quality()

    @property
    def measured(self) -> bool:
        return bool(self.boards)
