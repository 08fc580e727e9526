"""The answers' sentences."""

from collections.abc import Iterator, Sequence

from benchfleet_results.boards.model import Relation

from benchfleet.report import words
from benchfleet.report.model.board import Board
from benchfleet.report.model.money import MachineCost, Value
from benchfleet.report.order import Order, Place
from benchfleet.report.printing import shown

_NAMED = 4  # leaders
_COMPARED = 2  # of them, with the first
_LEAST_PERCENT = 0.1
_MANY = 1000  # tasks, or instances, that nobody would pay for


def short(order: Order, by: Sequence[str], *, of_costs: bool = False) -> str:
    first = shown(order.rows[0].label)
    if order.verdict == "only_one":
        return f"{first}, the only {words.noun(by)}{' with such a price' * of_costs}"
    if order.verdict == "unknown":
        return f"not known, from too few repeats ({first} is ahead)"
    return first if order.verdict == "told_apart" else f"not told apart: {listed([row.label for row in order.leaders])}"


def reached(board: Board, order: Order) -> str:
    """The first one's mean; with its name where others are named beside it."""
    first, size = board.ranking[0], len(board.common)
    if first.centre is None:
        return ""
    mean = words.mean_name([board]).capitalize()
    of = f" of {shown(first.label)}" if order.verdict in ("not_told_apart", "unknown") else ""
    over = f" over {size} benchmarks" if size > 1 else ""
    ends = words.interval(first.centre_interval, board.unit, like=first.centre, narrow=first.narrow)
    sure = f" (95 % interval: {ends})" if order.verdict == "only_one" and ends != words.NONE else ""
    return f"{mean}{of}{over}: {words.quantity(first.centre, board.unit)}{sure}."


def cost(row: Value, board: Board) -> str:
    work = words.million(board.unit)
    return f"{words.cost(row.usd_per_million)} for {work}." if row.usd_per_million and work else ""


def without_price(rows: Sequence[Value]) -> str:
    """Machines that might be better for their price: nothing is known of them."""
    if not rows:
        return ""
    return f"No price was given for {listed([row.label for row in rows])}."


def others(order: Order, board: Board, *, of_costs: bool, advised: bool = False) -> Iterator[str]:
    """How far the next one is, how sure that is, and what of the rest."""
    second = order.second
    if second is None:
        return
    worse = words.comparative("worse", metric=board.metric, unit=board.unit, better=board.better)
    near = order.leaders[1:][:_COMPARED] or [second]
    apart = [_dearer(row) if of_costs else _slower(row, board, worse) for row in near]
    yield f"{'; '.join(apart)}, {_sure(order, second, advised=advised)}.".replace("; The", "; the")
    if order.verdict == "not_told_apart":
        yield _needed(order)
    beyond, rest = len(order.having("worse")) - (second.relation.verdict == "worse"), len(order.rows) - 2
    if order.verdict == "not_told_apart":
        rest = len(order.rows) - len(order.leaders)
    if beyond > 0:
        what = f"cost{'s' * (beyond == 1)} more" if of_costs else f"{'is' if beyond == 1 else 'are'} {worse}"
        yield f"{_some(beyond, rest)} {what}, beyond noise."


def money(costs: Sequence[MachineCost], values: Sequence[Value]) -> str | None:
    """What the prices were, for how much of an instance, and what the run itself cost."""
    priced = [row for row in values if row.usd_per_hour is not None]
    if not priced:
        return None
    days = sorted({row.date for row in priced if row.date})
    when = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    said = f"Prices in US dollars, of {when}; {_slots(priced)}."
    return " ".join([said, *_spent(costs)])


def _slots(rows: Sequence[Value]) -> str:
    known = {row.slots_at_work for row in rows}
    if known == {None}:
        return "how many tasks an instance had at a time was not recorded, so one is assumed"
    several = "the work of a whole instance is counted, with all tasks that it had at a time"
    return several + (" (where not recorded, one)" if None in known else "")


def _spent(costs: Sequence[MachineCost]) -> Iterator[str]:
    kinds = list(dict.fromkeys(one.kind for one in costs))
    if kinds:
        hours = sum(one.hours for one in costs if one.kind == kinds[0])
        sums = (f"{words.cost(sum(one.usd for one in costs if one.kind == kind))} {kind}" for kind in kinds)
        untimed = sum(one.not_timed for one in costs if one.kind == kinds[0])
        more = f" ({untimed} tasks had no times)" if untimed else ""
        yield f"The tasks of this report took {words.number(round(hours, 2))} machine hours: {', '.join(sums)}{more}."


def _some(count: int, of: int) -> str:
    if count < of:
        return f"{count} of the other {of}"
    return "The other one" if of == 1 else f"The other {of}"


def _slower(row: Place, board: Board, worse: str) -> str:
    found, unit = row.relation, board.unit
    if found.ratio is not None and board.better == "higher":
        return _lower(row, found.ratio, board.metric)
    if found.ratio is None:
        by = f"{worse} by {words.apart(found, unit).removeprefix('+')}"
    elif found.ratio < words.AS_FACTOR:
        by = f"{_percent(found.ratio)} {worse}"
    else:
        by = f"{worse} by a factor of {words.times(found.ratio)}"
    return f"{shown(row.label)} is {by}{_interval(found, unit)}"


def _lower(row: Place, ratio: float, metric: str) -> str:
    """Of a rate: in its own terms, not in those of the time that a piece of work takes."""
    found, what = row.relation, f"The {metric.replace('_', ' ')} of {shown(row.label)} is"
    if ratio >= words.AS_FACTOR:
        return f"{what} lower by a factor of {words.times(ratio)}{_interval(found, None)}"
    percent = (1 - 1 / ratio) * 100
    least = f"{percent:.1f} %" if percent >= _LEAST_PERCENT else f"less than {_LEAST_PERCENT} %"
    return f"{what} {least} lower{_interval(found, None, 'higher')}"


def _percent(ratio: float) -> str:
    """Never `0.0 %`, which says neither that there is a difference nor that there is none."""
    percent = (ratio - 1) * 100
    return f"{percent:.1f} %" if percent >= _LEAST_PERCENT else f"less than {_LEAST_PERCENT} %"


def _dearer(row: Place) -> str:
    ratio = row.relation.ratio or 1.0
    more = f"{_percent(ratio)} more" if ratio < words.AS_FACTOR else f"{words.times(ratio)} times as much"
    return f"The same work costs {more} on {shown(row.label)}{_interval(row.relation, None)}"


def _interval(found: Relation, unit: str | None, better: str = "lower") -> str:
    if found.ratio is not None and found.ratio >= words.AS_FACTOR and found.interval:
        ends = f"{words.times(found.interval[0])} to {words.times(found.interval[1])}"
    else:
        ends = words.apart_interval(found, unit, better)
    return "" if ends == words.NONE else f" ({words.level(found.confidence)} interval: {ends})"


def _sure(order: Order, second: Place, *, advised: bool) -> str:
    if second.relation.verdict == "unknown":
        single = any(row.tasks == 1 for row in order.rows)
        few = "one task" if single else "no repeats"
        advice = "; measure at least two tasks of each, better five" if advised else ""
        return f"but with {few} a difference cannot be told from noise{advice}"
    return words.noise(second.relation.verdict)


def _needed(order: Order) -> str:
    found = order.needed
    if found is None:
        return ""
    if found.count > _MANY:
        return f"Even {_MANY:,} {found.level} of each would hardly tell them apart."
    return f"About {found.count} {found.level} of each would tell them apart (with 80 % probability)."


def listed(labels: Sequence[str]) -> str:
    names = [shown(label) for label in labels[:_NAMED]]
    if len(labels) > _NAMED:
        return f"{', '.join(names)} and {len(labels) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
