"""A board in one or two sentences."""

from benchfleet.report import words
from benchfleet.report.model import Board, Ranked


def headline(board: Board) -> str:
    if not board.ranking:
        return "No benchmark was measured on every machine, so there is no ranking."
    best, *others = board.ranking
    size = len(board.common)
    over = f"over {size} common benchmark{'s' if size != 1 else ''}"
    mean = words.quantity(best.geometric_mean, board.unit)
    reached = f" with a geometric mean of {mean}" if best.geometric_mean is not None else ""
    if not others:
        return f"{best.label} is the only machine{' and ends' if reached else ''}{reached} {over}."
    return f"{best.label} comes first{reached} {over}. {_rest(board, others)}"


def _rest(board: Board, others: list[Ranked]) -> str:
    second = others[0]
    apart = f"{second.label} follows at {words.difference(second.to_best.ratio)}"
    beyond = sum(row.to_best.beyond_noise for row in others)
    unknown = sum(row.to_best.verdict == "unknown" for row in others)
    if unknown == len(others):
        why = "with one task on a side" if any(row.tasks == 1 for row in board.ranking) else "without repeats"
        return f"{apart}; {why}, whether that is more than noise cannot be said."
    worse = words.comparative("worse", metric=board.metric, unit=board.unit, better=board.better)
    told = f"{apart} ({words.board_verdict(second.to_best.verdict, board)})."
    if len(others) == 1:
        return told
    return f"{told} {beyond} of the {len(others)} others {'is' if beyond == 1 else 'are'} {worse} beyond noise."
