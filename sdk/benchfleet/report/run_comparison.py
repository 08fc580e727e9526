"""A run against a baseline: what became slower, what faster, and what nobody can tell."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchfleet_results.boards.dimensions import By, identity
from benchfleet_results.boards.grouping import BoardData, BoardKey, GroupData, boards, name_of
from benchfleet_results.boards.judging import common_scale
from benchfleet_results.boards.ranking import in_unit, score_of
from benchfleet_results.boards.relations import NOT_COMPARED, relation
from benchfleet_results.boards.tasks import GroupKey, Task
from benchfleet_results.metrics import Scale
from benchfleet_results.series import Series
from benchfleet_results.statistics.comparing import significance
from benchfleet_results.statistics.families import Decision, decide
from benchfleet_results.statistics.sample import Sample

from benchfleet.report.benchmarks import centre
from benchfleet.report.failing import Thing, failed_benchmarks, failed_tasks, lost_benchmarks
from benchfleet.report.model.comparison import Compared, RunComparison
from benchfleet.report.printing import printable, shown

_NAMED = 3  # in a sentence; the lists are whole
_BY: By = ("machine", "subject")  # whatever the boards compare: variants are told in a column of their own


@dataclass(frozen=True)
class _Pair:
    """One row before the correction. `series` None: the geometric mean of `benchmarks`."""

    key: BoardKey
    group: GroupKey
    series: Series | None
    benchmarks: list[Series]
    old: GroupData
    new: GroupData
    scale: Scale
    samples: tuple[Sample, Sample] | None  # new, old; None for what is not compared


def compare_runs(
    new_tasks: Sequence[Task], old_tasks: Sequence[Task], *, baseline: str, runs: list[str]
) -> RunComparison:
    """Every benchmark that both have on a group of the same name, and the geometric mean over them.

    What of it is too much worse, `gate.judged` says.

    Everything compared is one board of tests: a check that fails on any of it must not fail by chance.
    """
    new, old = boards(new_tasks, _BY), boards(old_tasks, _BY)
    before = {board.key: board for board in old}
    pairs = [
        pair
        for board in new
        if board.key in before
        for group in board.groups
        if group in before[board.key].groups
        for pair in _pairs(board, before[board.key], group)
    ]
    decisions = _decided(pairs)
    rows = [_row(pair, one) for pair, one in zip(pairs, decisions, strict=True)]
    mine, theirs = _things(new), _things(old)
    lost, added = theirs - mine, mine - theirs
    told = failed_benchmarks(new_tasks, old_tasks, theirs)
    return RunComparison(
        baseline=baseline,
        runs=runs,
        tests=sum(one is not None for one in decisions),
        of_baseline=sum(not key.not_compared for _, key, _ in theirs),
        compared=sum(
            row.benchmark is not None and row.relation.verdict not in ("unknown", "not_compared") for row in rows
        ),
        detectable=_detectable(rows),
        rows=rows,
        failed=[*told, *failed_tasks(new_tasks, old_tasks, theirs), *lost_benchmarks(new, old, frozenset(told))],
        only_in_baseline=_words(lost, added),
        only_new=_words(added, lost),
    )


def _decided(pairs: Sequence[_Pair]) -> list[Decision | None]:
    """Overall means and single benchmarks are the two families."""
    p_values = [significance(*pair.samples) if pair.samples else None for pair in pairs]
    overall, single = decide(
        [p if pair.series is None else None for p, pair in zip(p_values, pairs, strict=True)],
        [None if pair.series is None else p for p, pair in zip(p_values, pairs, strict=True)],
    )
    return [above or below for above, below in zip(overall, single, strict=True)]


def _detectable(rows: Sequence[Compared]) -> float | None:
    """Of the benchmarks' ratios, the largest: what could be worse by less than this and not be found."""
    known = [row.relation.detectable for row in rows if row.benchmark is not None and row.relation.ratio is not None]
    return max((one for one in known if one is not None), default=None)


def uncompared(found: RunComparison) -> Iterator[str]:
    """What keeps a comparison from meaning anything, or all of it."""
    if found.compared < found.of_baseline or not found.of_baseline:
        yield (
            f"{found.compared} of {found.of_baseline} benchmarks could be compared with baseline {shown(found.baseline)}"
            f"{_why_not(found)}."
        )
    if found.failed:
        yield f"Failed in this run and not in the baseline: {_some(found.failed)}."


def _why_not(found: RunComparison) -> str:
    if not found.of_baseline:
        return ": it measured nothing"
    unclear = sum(row.benchmark is not None and row.relation.verdict == "unknown" for row in found.rows)
    told = [f"only the baseline has {_some(found.only_in_baseline)}"] if found.only_in_baseline else []
    told += [f"only this run has {_some(found.only_new)}"] if found.only_new else []
    if unclear:
        few = f"{unclear} {'has' if unclear == 1 else 'have'} too few repeats to tell"
        told.append(f"{few}: one task on a side, or one of several instances")
    return ": " + "; ".join(told) if told else ""


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(shown(name) for name in names[:_NAMED]) + more


def _pairs(new: BoardData, old: BoardData, group: GroupKey) -> list[_Pair]:
    """Each benchmark, and the geometric mean over them where there are several: that of one would test it twice."""
    this, that = new.groups[group], old.groups[group]
    both = sorted(set(this.series) & set(that.series))
    pairs = [_pair(new.key, group, series, this, that) for series in both]
    usable = [pair.benchmarks[0] for pair in pairs if pair.samples and pair.scale == "ratio"]
    if len(usable) > 1:
        sides = [score_of(side, usable, "ratio")[0].sample for side in (this, that)]
        pairs.append(_Pair(new.key, group, None, usable, that, this, "ratio", (sides[0], sides[1])))
    return pairs


def _pair(key: BoardKey, group: GroupKey, series: Series, this: GroupData, that: GroupData) -> _Pair:
    new, old = this.series[series], that.series[series]
    scale = common_scale((new, old), key.scale)
    samples = None if key.not_compared else (new.sample(scale), old.sample(scale))
    return _Pair(key, group, series, [series], that, this, scale, samples)


def _row(pair: _Pair, decision: Decision | None) -> Compared:
    related = relation(*pair.samples, decision, scale=pair.scale) if pair.samples else NOT_COMPARED
    units = {series.unit for series in pair.benchmarks}
    old, new = _centres(pair) if len(units) == 1 else (None, None)
    return Compared(
        provider=pair.group.provider,
        name=pair.group.name,
        subject=pair.group.subject,
        label=identity(*pair.group[:3]),
        workload=pair.key.workload,
        variant=pair.key.variant,
        metric=pair.key.metric,
        better=pair.key.better,
        benchmark=pair.series.benchmark if pair.series else None,
        unit=units.pop() if len(units) == 1 else None,
        benchmarks=len(pair.benchmarks),
        old=old,
        new=new,
        old_tasks=_tasks(pair.old, pair.benchmarks),
        new_tasks=_tasks(pair.new, pair.benchmarks),
        relation=related,
    )


def _centres(pair: _Pair) -> tuple[float | None, float | None]:
    if pair.series:
        old, new = pair.old.series[pair.series], pair.new.series[pair.series]
        return centre(old, pair.scale)[0], centre(new, pair.scale)[0]
    if pair.samples is None:
        return None, None
    return in_unit(pair.samples[1].mean, pair.key.better), in_unit(pair.samples[0].mean, pair.key.better)


def _tasks(data: GroupData, benchmarks: Sequence[Series]) -> int:
    """Tasks that measured any of them."""
    names = {name_of(series) for series in benchmarks}
    executions = sum(any(name in one.costs for name in names) for one in data.executed)
    return executions or max(len(data.series[series].taken) for series in benchmarks)


def _things(boards: Sequence[BoardData]) -> set[Thing]:
    return {
        (group, board.key, series) for board in boards for group, data in board.groups.items() for series in data.series
    }


def _words(mine: set[Thing], others: set[Thing]) -> list[str]:
    """Where two things have the same names, what else they differ in is told."""
    alike = defaultdict[str, list[tuple[str, ...]]](list)
    for thing in mine | others:
        alike[_thing(*thing)].append(_beside(thing))
    return sorted(_thing(*thing, _differing(_beside(thing), alike[_thing(*thing)])) for thing in mine)


def _beside(thing: Thing) -> tuple[str, ...]:
    _, key, series = thing
    return f"in {series.unit}", f"{key.better} is better", f"workload {key.workload}"


def _differing(words: tuple[str, ...], others: Sequence[tuple[str, ...]]) -> list[str]:
    return [word for place, word in enumerate(words) if any(other[place] != word for other in others)]


def _thing(group: GroupKey, key: BoardKey, series: Series, beside: Sequence[str] = ()) -> str:
    names = ", ".join(printable(name) for name in (key.variant, key.metric, *beside))
    return f"{identity(*group[:3])}: {printable(series.benchmark)} ({names})"
