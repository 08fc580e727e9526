"""Numbers and verdicts as people read them, the same in the terminal, in Markdown and on the page."""

from collections.abc import Sequence

from benchfleet.report.model import Board, Compared, Interval, Relation, RunComparison, Verdict
from benchfleet.report.value import is_speed

_SCALES: dict[str, Sequence[tuple[float, str]]] = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")),
    "bytes": ((1024.0**3, "GiB"), (1024.0**2, "MiB"), (1024.0, "KiB"), (1.0, "bytes")),
}
NONE = "–"


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


def interval(ends: Interval | None, unit: str | None, *, like: float | None) -> str:
    """In the unit that `like` (the mean) is shown in."""
    if ends is None or unit is None or like is None:
        return NONE
    factor, name = scale(like, unit=unit)
    return f"{number(ends[0] / factor)} to {number(ends[1] / factor)} {name}"


def difference(ratio: float | None) -> str:
    """1.034 → `+3.4 %`; beyond a factor of ten as a factor."""
    if ratio is None:
        return NONE
    if not 0.1 <= ratio < 10:
        return f"× {number(ratio)}"
    percent = (ratio - 1) * 100
    return f"{percent:+.1f} %" if abs(percent) >= 0.05 else "0.0 %"


def differences(ends: Interval | None) -> str:
    return NONE if ends is None else f"{difference(ends[0])} to {difference(ends[1])}"


def probability(p: float | None) -> str:
    if p is None:
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def to_best(relation: Relation) -> str:
    return "best" if relation.verdict == "best" else difference(relation.ratio)


def verdict(found: Verdict, *, metric: str, unit: str | None, better: str) -> str:
    if found in ("better", "worse"):
        return f"{comparative(found, metric=metric, unit=unit, better=better)}, beyond noise"
    return {"best": "best", "unclear": "within noise"}.get(found, "cannot be said")


def noise(found: Verdict) -> str:
    """Beside a difference that says the direction already."""
    return {"best": "best", "unclear": "within noise", "unknown": "cannot be said"}.get(found, "beyond noise")


def comparative(found: Verdict, *, metric: str, unit: str | None, better: str) -> str:
    """Slower and faster for times and rates; what else there is only gets better or worse."""
    if not is_speed(unit=unit, better=better, metric=metric):
        return found
    return "slower" if found == "worse" else "faster"


def board_verdict(found: Verdict, board: Board) -> str:
    return verdict(found, metric=board.metric, unit=board.unit, better=board.better)


def share(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:.1f} %"


def dollars(value: float | None) -> str:
    """Blank without a price: a dash could be read as nothing to pay."""
    return "" if value is None else f"$ {value:.6f}".rstrip("0").rstrip(".")


def title(board: Board | Compared, *, several_workloads: bool = False) -> str:
    """Names of a variant and metric; the metric is said where it is not time."""
    parts = [board.workload] if several_workloads else []
    return ", ".join([*parts, board.variant, *([board.metric] if board.metric != "time" else [])])


def row_title(found: RunComparison, row: Compared) -> str:
    """Of a row among the others: the workload is said where there is more than one."""
    return title(row, several_workloads=len(found.workloads) > 1)


def compared(found: RunComparison) -> str:
    """What a comparison with a baseline found, and never that all is well where nothing was compared."""
    bounds = f"by more than {share(found.threshold)} and beyond noise"
    of = f"{found.compared} of the baseline's {found.of_baseline} benchmarks could be compared"
    if found.regressions:
        return f"{len(found.regressions)} of {len(found.rows)} are worse {bounds}; {of}."
    if not found.compared:
        return f"Nothing can be said: {of}."
    return f"Nothing that was compared is worse {bounds}; {of}."
