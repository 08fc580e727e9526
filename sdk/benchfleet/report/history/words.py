"""A history in words, the same in every form."""

from benchfleet_results.boards.model import Relation

from benchfleet.report import words
from benchfleet.report.model.history import History, HistorySeries, HistorySince, HistoryStep

_BARS = "▁▂▃▄▅▆▇█"


def headline(found: History) -> str:
    """How many series have steps, and the newest of them."""
    first, last = found.runs[0], found.runs[-1]
    span = f"{len(found.runs)} runs from {day(first.at)} to {day(last.at)}"
    searched = [one for one in found.series if one.note is None]
    if not searched:
        return f"{span}: {next((one.note for one in found.series if one.note), 'nothing was measured')}."
    having = [one for one in searched if one.steps]
    if not having:
        return f"{span}: no step beyond noise in {len(searched)} series."
    newest = max(having, key=lambda one: one.points[one.steps[-1].at].at)
    said = f"{len(having)} of {len(searched)} series have steps beyond noise"
    return (
        f"{span}: {said}; the newest at {newest.steps[-1].run_id} ({name(newest)}: {size(newest, newest.steps[-1])})."
    )


def name(one: HistorySeries) -> str:
    """`aws c8g.large, yjit, sudoku`"""
    return f"{one.label}, {variant(one)}, {what(one)}"


def what(one: HistorySeries) -> str:
    return one.benchmark or f"{'geometric ' * (one.scale == 'ratio')}mean of {len(one.benchmarks)}"


def variant(one: HistorySeries) -> str:
    return one.variant if one.metric == "time" else f"{one.variant}, {one.metric}"


def size(one: HistorySeries, step: HistoryStep) -> str:
    """`+20.1 %, slower`"""
    direction = words.comparative(step.relation.verdict, metric=one.metric, unit=one.unit, better=one.better)
    return f"{words.apart(step.relation, one.unit, one.better)}, {direction}"


def since(one: HistorySeries, found: HistorySince) -> str:
    """`+3.2 %, no step`"""
    since = Relation(ratio=found.ratio, difference=found.difference)
    apart = words.apart(since, one.unit, one.better)
    if one.note:
        return apart
    return f"{apart}, {found.steps or 'no'} step{'s' * (found.steps != 1)}"


def day(at: str) -> str:
    return at[:10]


def bars(one: HistorySeries, *, most: int = 24) -> str:
    """The last points as a row of bars, from the least to the largest."""
    values = [point.value for point in one.points[-most:]]
    low, high = min(values), max(values)
    reach = high - low
    return "".join(_BARS[round((value - low) / reach * (len(_BARS) - 1)) if reach else 0] for value in values)
