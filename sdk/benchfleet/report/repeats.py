"""What the intervals of a ranking take for independent repeats, and what they cannot know, in words that every form shares."""

from collections.abc import Iterable, Sequence

from benchfleet_results.boards.model import Ranked

from benchfleet.report import words
from benchfleet.report.model.board import Board

RARE = 0.2  # of all repeats: a mode that one in five is in
_ALMOST_NEVER = 0.05


DOUBT = (
    "Intervals with a question mark may be too narrow: these repeats vary much less than those beside them, and there are "
    "fewer than 20, so it may be luck."
)
CLAMPED = "† the estimate was below 0 and is shown as 0."


def repeats(boards: Iterable[Board], *, marks: bool = True) -> str:
    """`Instances are the repeats.` Without a ranking only what marks its tables have, and without `marks` not that."""
    every = list(boards)
    rows = [row for board in every for row in board.ranking]
    noun = words.noun(every[0].by) if every else ""
    return " ".join(filter(None, (_kind(rows, noun), _unseen(rows), doubtful(every) if marks else "")))


def doubtful(boards: Sequence[Board]) -> str:
    """What a question mark behind an interval means; empty where there is none."""
    return DOUBT if any(doubtful_ranking(board) or doubtful_benchmarks(board) for board in boards) else ""


def doubtful_ranking(board: Board) -> bool:
    return any(row.narrow for row in board.ranking)


def clamped(board: Board) -> bool:
    return any(cell.spread and cell.spread.clamped for one in board.benchmarks for cell in one.cells)


def doubtful_benchmarks(board: Board) -> bool:
    return any(cell.narrow for one in board.benchmarks for cell in one.cells)


def missed(count: int, share: float = RARE) -> float:
    """The probability that none of `count` independent repeats is in a mode that `share` of all are in.

    Then nothing measured tells of it, and no interval can hold the mean of both modes: R. R. Bahadur and L. J. Savage, "The
    nonexistence of certain statistical procedures in nonparametric problems", Annals of Mathematical Statistics 27 (1956).
    """
    return (1 - share) ** count


def enough() -> int:
    """The least count that misses it in at most one of twenty runs."""
    return next(count for count in range(1, 1000) if missed(count) <= _ALMOST_NEVER)


def _unseen(rows: Sequence[Ranked]) -> str:
    """Of the group with the fewest repeats. One alone has no interval over repeats."""
    counts = [(row.instances if row.interval_over == "instances" else row.tasks, row.interval_over) for row in rows]
    known = [(count, over) for count, over in counts if count is not None and count > 1]
    count, over = min(known, default=(enough(), ""))
    if missed(count) <= _ALMOST_NEVER:
        return ""
    return (
        f"No interval knows of what was never seen: if one in five {over} is slow by chance, {100 * missed(count):.0f} % of "
        f"runs with {count} {over} have no slow one ({100 * missed(enough()):.0f} % with {enough()})."
    )


def _kind(rows: Sequence[Ranked], noun: str) -> str:
    kinds = {row.interval_over for row in rows}
    if rows and all(row.tasks == 1 for row in rows):
        return "One task each: nothing was repeated."
    if kinds == {"instances"}:
        return "Instances are the repeats."
    if "instances" in kinds:
        return "Instances are the repeats where several are known, else tasks."
    if rows and all(row.instances == 1 for row in rows):
        return (
            f"Tasks are the repeats. Those of each {noun} ran on one instance, so what differs between instances is not in the "
            "intervals."
        )
    return "Tasks are the repeats." if rows else ""
