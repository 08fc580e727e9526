"""From what was read to the report: filters, roles of the runs, and every part put together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from glob import escape
from importlib.metadata import PackageNotFoundError, version

from benchfleet_results.boards import dimensions
from benchfleet_results.boards.dimensions import By
from benchfleet_results.boards.tasks import Task
from benchfleet_results.boards.units import harmonised

from benchfleet.exceptions import UsageError
from benchfleet.report.answer_words import money
from benchfleet.report.answers import answers
from benchfleet.report.board_making import made
from benchfleet.report.costs import machine_costs
from benchfleet.report.coverage import benchmark_problems, group_facts, run_facts, task_problems
from benchfleet.report.dataset import Dataset
from benchfleet.report.differences import between_groups, between_runs
from benchfleet.report.factors import Side, factor_tables
from benchfleet.report.gate import judged, unused
from benchfleet.report.load_curves import load_curves
from benchfleet.report.matching import Match
from benchfleet.report.model.answer import Answer
from benchfleet.report.model.board import Board
from benchfleet.report.model.comparison import RunComparison
from benchfleet.report.model.facts import Filters, GroupFacts
from benchfleet.report.model.report import Report
from benchfleet.report.names import names
from benchfleet.report.noise_floor import doubts, floors, split
from benchfleet.report.pairing import apart, taken, taken_twice
from benchfleet.report.prices import PriceTable
from benchfleet.report.quality.grading import quality
from benchfleet.report.run_comparison import compare_runs, uncompared
from benchfleet.report.thresholds import Thresholds, things, without_ignored
from benchfleet.report.timeline import confounded, moments
from benchfleet.report.value import prices_of
from benchfleet.report.warnings import no_price, warnings

_NO_PRICES = PriceTable()
_EXACT = Match()
_USUAL = Thresholds()


@dataclass(frozen=True)
class Options:
    """`names` match an alias or instance type, `subjects` and `benchmarks` theirs: shell patterns, in any case.

    `by` None leaves it to what was measured.
    """

    by: By | None = None

    providers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    baseline: str | None = None
    thresholds: Thresholds = _USUAL
    prices: PriceTable = _NO_PRICES
    match: Match = _EXACT


_DEFAULTS = Options()


def analyse(dataset: Dataset, options: Options = _DEFAULTS) -> Report:
    """Raises UsageError if the baseline is none of the runs, or is the only one."""
    old_id = options.baseline
    new_ids = frozenset(run.run_id for run in dataset.runs) - {old_id}
    if old_id is not None and old_id not in {run.run_id for run in dataset.runs}:
        raise UsageError(f"the baseline {old_id} is none of the runs that were read")
    if old_id is not None and not new_ids:
        raise UsageError(f"run {old_id} cannot be compared with itself: name another run beside the baseline")
    dataset = replace(dataset, tasks=tuple(harmonised(dataset.tasks)))
    known = things(dataset.tasks) if options.thresholds.rules else []
    wanted = replace(literal(options, dataset.tasks), thresholds=options.thresholds.literal(known))
    asked, before = dataset.of_runs(frozenset(new_ids)), dataset.of_runs(frozenset({old_id} if old_id else ()))
    everything = filtered(asked, wanted)
    new, old = split(everything)[0], split(filtered(before, wanted))[0]
    groups = group_facts(new.tasks, role="measured")
    by = options.by or dimensions.default(new.tasks)
    found = made(new.tasks, by, groups, options.prices)
    comparison = _comparison(new, old, wanted)
    again = split(filtered(asked, replace(wanted, subjects=())))[1]
    twice = floors(again)
    runs = [run_facts(run, everything.tasks, role="measured") for run in new.runs]
    costs = machine_costs(everything.tasks, groups, options.prices)
    given = answers(found, unpriced=groups[0] if options.prices.prices and groups else None)
    turns = [*taken(new.runs, new.tasks), *taken_twice(new.runs, again)]
    graded = quality(new.tasks, old.tasks)
    facts = runs + [run_facts(run, old.tasks, role="baseline") for run in old.runs]
    return Report(
        generator=f"benchfleet {_version()}",
        runs=facts,
        filters=Filters(
            providers=list(options.providers),
            names=list(options.names),
            subjects=list(options.subjects),
            benchmarks=list(options.benchmarks),
        ),
        by=list(by),
        answers=given,
        money=money(costs, [row for board in found for row in board.value]),
        warnings=[
            *(uncompared(comparison) if comparison else ()),
            *unused(wanted.thresholds, known),
            *confounded(facts),
            *doubts(twice, found),
            *apart(turns),
            *warnings(new, old, groups=groups, boards=found, quality=graded),
            *_unpriced(groups, options.prices, given),
        ],
        names=names(new.tasks),
        groups=groups + group_facts(old.tasks, role="baseline"),
        boards=found,
        variants=_variants(new.tasks, by, groups),
        factors=factor_tables(new.tasks, _sides(new.tasks), [one.name for run in runs for one in run.subjects]),
        costs=costs,
        comparison=comparison,
        timeline=moments(new.tasks, old.tasks) if comparison else [],
        load=load_curves(found),
        noise_floor=twice,
        turns=turns,
        differences=between_groups(new.tasks) + between_runs(new.tasks, old.tasks),
        task_problems=task_problems([*everything.tasks, *old.tasks]),
        benchmark_problems=benchmark_problems([*everything.tasks, *old.tasks]),
        quality=graded,
    )


def _unpriced(groups: Sequence[GroupFacts], prices: PriceTable, answers: Sequence[Answer]) -> list[str]:
    """Said where prices were given and none fits, unless an answer says so; one missing among others stays blank in its table."""
    given = bool(prices.prices) and bool(groups) and all(one.verdict != "not_asked" for one in answers)
    fits = any(any(prices_of(groups, prices, kind).values()) for kind in prices.kinds)
    return [no_price(groups)] if given and not fits else []


def _variants(tasks: Sequence[Task], by: By, groups: Sequence[GroupFacts]) -> list[Board]:
    """Rankings alone: `--by variant` shows each benchmark. What has one variant only has nothing to compare."""
    if "variant" in by or not dimensions.several_variants(tasks):
        return []
    found = (board.model_copy(update={"benchmarks": [], "spread": []}) for board in made(tasks, ("variant",), groups))
    return [board for board in found if len(board.ranking) > 1]


def _sides(tasks: Sequence[Task]) -> list[Side]:
    """What has something to be set against: several subjects, several variants."""
    several: list[Side] = ["subject"] if len({task.subject for task in tasks if task.subject}) > 1 else []
    return [*several, "variant"] if dimensions.several_variants(tasks) else several


def filtered(dataset: Dataset, options: Options) -> Dataset:
    """A pattern that matches nothing leaves nothing: the report then says that nothing was measured."""
    tasks = (task for task in dataset.tasks if not options.providers or task.provider in options.providers)
    named = (task for task in tasks if not options.names or _matches(task.group.name, options.names))
    kept = (task for task in named if not options.subjects or _matches(task.subject or "", options.subjects))
    return Dataset(dataset.runs, tuple(_only(task, options.benchmarks) for task in kept))


def _only(task: Task, patterns: Sequence[str]) -> Task:
    if not patterns:
        return task
    kept = tuple(one for one in task.samples if _matches(one.series.benchmark, patterns))
    failures = tuple(one for one in task.failures if _matches(one.benchmark, patterns))
    return replace(task, samples=kept, failures=failures)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)


def literal(options: Options, tasks: Sequence[Task]) -> Options:
    """A pattern that is a name means that one: `ctors[int|str]` is a benchmark before it is a set of characters."""
    benchmarks = {one.series.benchmark for task in tasks for one in task.samples}
    benchmarks |= {one.benchmark for task in tasks for one in task.failures}
    names, subjects = {task.group.name for task in tasks}, {task.subject for task in tasks if task.subject}

    def told(patterns: Sequence[str], known: set[str]) -> tuple[str, ...]:
        return tuple(escape(pattern) if pattern in known else pattern for pattern in patterns)

    return replace(
        options,
        names=told(options.names, names),
        subjects=told(options.subjects, subjects),
        benchmarks=told(options.benchmarks, benchmarks),
    )


def _comparison(new: Dataset, old: Dataset, options: Options) -> RunComparison | None:
    if options.baseline is None:
        return None
    thresholds = options.thresholds
    now, before = without_ignored(new.tasks, thresholds), without_ignored(old.tasks, thresholds)
    runs = [run.run_id for run in new.runs]
    found = compare_runs(*options.match.of(now[0], before[0]), baseline=options.baseline, runs=runs)
    return judged(found, thresholds, [*now[1], *before[1]])


def _version() -> str:
    try:
        return version("benchfleet")
    except PackageNotFoundError:
        return "(not installed)"
