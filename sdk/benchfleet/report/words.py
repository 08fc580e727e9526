"""Numbers and verdicts as people read them, the same in the terminal, in Markdown and on the page."""

import math
from collections import Counter
from collections.abc import Sequence

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.model import Interval, Relation, Verdict
from benchfleet_results.boards.tasks import UNKNOWN
from benchfleet_results.boards.units import base

from benchfleet.report.model.board import Board, Cell
from benchfleet.report.model.comparison import Compared, RunComparison
from benchfleet.report.model.factors import Factor, FactorTable
from benchfleet.report.model.report import Report
from benchfleet.report.value import is_speed

_SCALES: dict[str, Sequence[tuple[float, str]]] = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "bytes": ((1024.0**3, "GiB"), (1024.0**2, "MiB"), (1024.0, "KiB"), (1.0, "bytes")),
}
NONE = "–"
_BARS = " ▁▂▃▄▅▆▇█"
AS_FACTOR = 2.0  # from which on a ratio in a sentence is a factor, and no percentage
_WITHOUT_DIRECTION: dict[Verdict, str] = {
    "best": "best", "first": "not told apart", "ahead": "too few repeats", "unclear": "within noise",
    "unknown": "too few repeats", "not_compared": "not compared",
}  # fmt: skip


def scale(value: float, *, unit: str) -> tuple[float, str]:
    """What to divide by, and the unit then. Only seconds and bytes are scaled."""
    steps = _SCALES.get(unit)
    if steps is None or value == 0:
        return 1.0, unit
    return next(((factor, name) for factor, name in steps if abs(value) >= factor), steps[-1])


def number(value: float) -> str:
    """Four significant digits; thousands apart; powers of ten only beyond ten million and below a ten-thousandth."""
    rounded = float(f"{value:.4g}")
    if rounded != 0 and not 1e-4 <= abs(rounded) < 1e7:
        return f"{rounded:.3e}"
    return f"{rounded:,.0f}" if abs(rounded) >= 1000 or value.is_integer() else f"{rounded:#.4g}"


def quantity(value: float | None, unit: str | None) -> str:
    if value is None or unit is None:
        return NONE
    factor, name = scale(value, unit=unit)
    return f"{number(value / factor)} {name}"


def interval(ends: Interval | None, unit: str | None, *, like: float | None, narrow: bool = False) -> str:
    """In the unit that `like` (the mean) is shown in. `narrow`: it may be so by luck (a question mark; `repeats` says why)."""
    if ends is None or unit is None or like is None:
        return NONE
    factor, name = scale(like, unit=unit)
    return f"{number(ends[0] / factor)} to {number(ends[1] / factor)} {name}{' ?' * narrow}"


def interval_of(cell: Cell, unit: str) -> str:
    """Of a benchmark's mean, and whether it knows of one task only."""
    ends = interval(cell.interval, unit, like=cell.mean, narrow=cell.narrow)
    return ends if cell.tasks > 1 or ends == NONE else f"{ends} (one task)"


def who(report: Report) -> str:
    """Over a column of machines, with their subjects where there are any."""
    return heading(("machine", "subject") if any(group.subject for group in report.groups) else ("machine",))


def noun(by: Sequence[str]) -> str:
    """What a board compares, in a sentence."""
    return by[0] if len(by) == 1 else "group"


def nouns(by: Sequence[str]) -> str:
    return f"{noun(by)}s"


def heading(by: Sequence[str]) -> str:
    """Over the column of labels."""
    return " / ".join(by)


def difference(ratio: float | None) -> str:
    """1.034 → `+3.4 %`; beyond a factor of ten as a factor: `17.0×`."""
    if ratio is None:
        return NONE
    if not 0.1 <= ratio < 10:
        return factor(ratio)
    percent = (ratio - 1) * 100
    return f"{percent:+.1f} %" if abs(percent) >= 0.05 else "0.0 %"


def differences(ends: Interval | None) -> str:
    """An interval that leaves out zero does not end at `0.0 %`."""
    if ends is None:
        return NONE
    apart = min(ends) > 1 or max(ends) < 1
    return " to ".join(_small(end) if apart and difference(end) == "0.0 %" else difference(end) for end in ends)


def _small(ratio: float) -> str:
    """`+0.03 %`"""
    percent = (ratio - 1) * 100
    digits = min(9, -math.floor(math.log10(abs(percent))))
    return f"{percent:+.{digits}f} %"


def apart(relation: Relation, unit: str | None, better: str = "lower") -> str:
    """How far the value is from the reference's: as a ratio, or in the unit where there is none.

    A relation says how many times worse something is. Of a rate that is 1.398 times worse, 1 / 1.398 is left: `-28.5 %`.
    """
    if relation.difference is None or unit is None:
        return difference(of_values(relation.ratio, better))
    apart = 0.0 - relation.difference if better == "higher" else relation.difference
    return f"{'+' * (apart > 0)}{quantity(apart, _of_differences(unit))}"


def apart_interval(relation: Relation, unit: str | None, better: str = "lower") -> str:
    """With a space in front of no end; a dash where there is none."""
    if relation.difference is None or unit is None:
        return differences(interval_of_values(relation.interval, better))
    ends = relation.difference_interval
    if ends is not None and better == "higher":
        ends = 0.0 - ends[1], 0.0 - ends[0]  # 0 and not -0
    like = max((relation.difference, *(ends or ())), key=abs)
    return interval(ends, _of_differences(unit), like=like)


def of_values(ratio: float | None, better: str) -> float | None:
    return 1 / ratio if ratio and better == "higher" else ratio


def interval_of_values(ends: Interval | None, better: str) -> Interval | None:
    """Of the quotient of values, from that of how many times worse something is: turned over, its ends change places."""
    return (1 / ends[1], 1 / ends[0]) if ends and better == "higher" else ends


def _of_differences(unit: str) -> str:
    """From 1 % to 2 % is one point and not 1 %."""
    return "points" if unit.strip() in ("%", "percent") else unit


def probability(p: float | None) -> str:
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def to_best(relation: Relation, unit: str | None = None, better: str = "lower") -> str:
    """What all others are held against is the first: whether it is the best, its verdict says."""
    return "first" if relation.verdict in ("best", "first", "ahead") else apart(relation, unit, better)


def verdict(found: Verdict, *, metric: str, unit: str | None, better: str) -> str:
    if found in ("better", "worse"):
        return f"{comparative(found, metric=metric, unit=unit, better=better)}, beyond noise"
    return noise(found)


def comparative_or_noise(found: Verdict, *, metric: str, unit: str | None, better: str) -> str:
    """Where there is no room to say each time that it is beyond noise."""
    if found in ("better", "worse"):
        return comparative(found, metric=metric, unit=unit, better=better)
    return noise(found)


def noise(found: Verdict) -> str:
    """Beside a difference that says the direction already."""
    return _WITHOUT_DIRECTION.get(found, "beyond noise")


def comparative(found: Verdict, *, metric: str, unit: str | None, better: str) -> str:
    """Slower and faster for times and rates; what else there is only gets better or worse."""
    if not is_speed(unit=unit, better=better, metric=metric):
        return found
    return "slower" if found == "worse" else "faster"


def share(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:.1f} %"


def level(confidence: float) -> str:
    """0.95 → `95 %`, 0.98713 → `98.7 %`, 0.99991 → `99.99 %`: never rounded to certainty."""
    percent = round(confidence * 100, 9)
    digits = next((n for n in range(1, 9) if round(percent, n) < 100), 9)
    return f"{percent:.{0 if percent.is_integer() else digits}f} %"


def dollars(value: float | None) -> str:
    """Blank without a price: a dash could be read as nothing to pay."""
    if value is None:
        return ""
    whole, _, part = f"{value:.6f}".partition(".")
    digits = part.rstrip("0")
    return f"${whole}.{digits.ljust(2, '0')}" if digits else f"${whole}"


def cost(value: float | None) -> str:
    """What was computed from a price: in cents, below one with three digits."""
    if value is None:
        return NONE
    return f"${value:,.2f}" if value >= 0.1 or value == 0 else f"${float(f'{value:.3g}'):.12f}".rstrip("0")


def slots(at_work: float | None) -> str:
    return "1 (not recorded)" if at_work is None else number(at_work)


def million(unit: str | None) -> str | None:
    """What `usd_per_million` is for; None where that is nothing."""
    if unit is None:
        return None
    name = base(unit)[0]
    if name == "s":
        return "a million runs of the mean benchmark"
    return f"a million {name.removesuffix('/s')}" if name.endswith("/s") else None


def factor(value: float | None) -> str:
    """`2.31×`"""
    return NONE if value is None else f"{times(value)}×"


def against(table: FactorTable) -> str:
    """`yjit against interp, aws c8g.large`"""
    of = "" if table.title in (table.metric, "") else f", {table.title}"
    return f"{table.new} against {table.old}{of}"


def factor_meaning(table: FactorTable) -> str:
    return f"how many times as fast {table.new} is" if table.speed else f"{table.new} / {table.old}"


def left_out(table: FactorTable) -> str:
    """What a table of factors hides, and why: what was never tested is not called noise."""
    of = len(table.rows)
    said = {"unclear": ("is", "are", " within noise"), "unknown": ("has", "have", " too few repeats to tell")}
    told = [
        f"{count} of {of} benchmarks {one if count == 1 else several}{what}"
        for verdict, count in hidden_factors(table).items()
        for one, several, what in [said.get(verdict, ("is", "are", " not compared"))]
    ]
    return f"{', '.join(told)}: left out" if told else ""


def hidden_factors(table: FactorTable) -> dict[Verdict, int]:
    """How many rows of which verdict stay out of a table of factors."""
    return Counter(row.relation.verdict for row in table.rows if not row.relation.beyond_noise)


def notable(found: RunComparison) -> list[Compared]:
    """Of a comparison with a baseline: means over benchmarks, what is beyond noise, and what has too few repeats to tell.

    Where that is nothing, everything: a table without a row tells nobody what was compared.
    """
    return [row for row in found.rows if not _is_noise(row)] or found.rows


def within_noise(found: RunComparison) -> list[Compared]:
    """The others."""
    noise = [row for row in found.rows if _is_noise(row)]
    return noise if len(noise) < len(found.rows) else []


def _is_noise(row: Compared) -> bool:
    return row.benchmark is not None and row.relation.verdict == "unclear"


def hidden(found: RunComparison) -> str:
    """What its tables leave out; empty where that is nothing."""
    count = len(within_noise(found))
    return (
        f"{count} of {len(found.rows)} rows {'is' if count == 1 else 'are'} within noise and left out" if count else ""
    )


def by_factor(row: Factor, better: str) -> str:
    """The factor, or the difference where there is no ratio."""
    return factor(row.factor) if row.relation.difference is None else apart(row.relation, row.unit, better)


def by_factor_interval(row: Factor, better: str) -> str:
    return factors(row.interval) if row.relation.difference is None else apart_interval(row.relation, row.unit, better)


def sparkline(counts: Sequence[int]) -> str:
    """A histogram in one line of text. A bin with anything in it is never blank."""
    most = max(counts, default=0)
    return "".join(_BARS[-(-count * (len(_BARS) - 1) // most)] if count else " " for count in counts)


def factors(ends: Interval | None) -> str:
    return NONE if ends is None else f"{times(ends[0])} to {times(ends[1])}×"


def three_digits(value: float) -> str:
    """2448 is 2,448 and not 2.45e+03; 0.5 is no 0.500."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def times(value: float) -> str:
    """1.997 is 2.00 and not 2; thousands and more are whole."""
    return f"{value:#.3g}".rstrip(".") if 0.001 <= value < 999.5 else number(value)


def corrected(boards: Sequence[Board]) -> str:
    """What intervals of differences are; empty where there are none."""
    tests = [board.tests for board in boards if board.tests]
    if not tests:
        return ""
    if max(tests) == 1:
        return "The interval of a difference leaves out zero exactly where its verdict is beyond noise."
    count = f"all {tests[0]} tests of this board" if len(boards) == 1 else "all tests of their board"
    return (
        f"Intervals of differences are corrected for {count}, as verdicts are: one leaves out zero exactly where its "
        "verdict is beyond noise."
    )


def over(board: Board) -> str:
    """What its ranking is made of."""
    mean = "geometric mean" if board.scale == "ratio" else "mean"
    return f"{mean} over {len(board.common)} common benchmark{'s' * (len(board.common) != 1)}"


def whose(board: Board) -> str:
    """Machine, subject and metric of a board whose variants are compared."""
    place = identity(board.provider or UNKNOWN, board.name or "", board.subject)
    return place if board.metric == "time" else f"{place}, {board.metric}"


def mean_name(boards: Sequence[Board]) -> str:
    """Over the column of centres: plain means have a name of their own where no board has geometric ones."""
    return "geometric mean" if not boards or any(board.scale == "ratio" for board in boards) else "mean"


def row_title(found: RunComparison, row: Compared) -> str:
    """Of a row among the others: the workload is said where there is more than one, the metric where it is not time."""
    parts = [row.workload] if len(found.workloads) > 1 else []
    return ", ".join([*parts, row.variant, *([row.metric] if row.metric != "time" else [])])


def limit(found: RunComparison) -> str:
    """How much worse is too much: a share, or in words where rows have thresholds of their own."""
    shares = {found.threshold if row.threshold is None else row.threshold for row in found.rows} or {found.threshold}
    return share(next(iter(shares))) if len(shares) == 1 else "the threshold of each"


def compared(found: RunComparison) -> str:
    """What a comparison with a baseline found, and never that all is well where nothing was compared."""
    bounds = f"by more than {limit(found)} and beyond noise"
    of = f"{found.compared} of the baseline's {found.of_baseline} benchmarks could be compared"
    if found.regressions:
        count = len(found.regressions)
        return f"{count} of {len(found.rows)} comparisons {'is' if count == 1 else 'are'} worse {bounds}; {of}."
    if not found.compared:
        return f"Nothing could be compared: {of}."
    return f"Nothing that was compared is worse {bounds}; {of}.{_unseen(found)}"


def direction(found: RunComparison) -> str:
    """Which way is worse: differences are those of the values."""
    ways = {row.better for row in found.rows}
    if len(ways) > 1:
        return "A positive difference is worse; of what should be high, such as a rate, a negative one is."
    return f"A {'negative' if ways == {'higher'} else 'positive'} difference is worse."


def _unseen(found: RunComparison) -> str:
    """What could be worse all the same: absence of a finding says no more than the repeats could tell."""
    if found.detectable is None:
        return ""
    return f" Found in four of five cases: {difference(found.detectable)} of each of those, and more."
