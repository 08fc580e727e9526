"""A board in one or two sentences."""

from benchfleet.report import words
from benchfleet.report.model import Board, Ranked


def headline(board: Board) -> str:
    one = words.noun(board.by)
    if board.not_compared:
        return f"Not compared: {board.not_compared}."
    if not board.ranking:
        return f"No benchmark was measured on every {one}, so there is no ranking."
    best, *others = board.ranking
    size = len(board.common)
    over = f"over {size} common benchmark{'s' if size != 1 else ''}"
    kind = "a geometric mean" if board.scale == "ratio" else "a mean"
    reached = f" with {kind} of {words.quantity(best.centre, board.unit)}" if best.centre is not None else ""
    if not others:
        return f"{best.label} is the only {one}{' and ends' if reached else ''}{reached} {over}."
    return f"{best.label} comes first{reached} {over}. {_rest(board, others)}"


def _rest(board: Board, others: list[Ranked]) -> str:
    second = others[0]
    apart = f"{second.label} follows at {words.apart(second.to_best, board.unit)}"
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
