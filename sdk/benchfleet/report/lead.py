"""What stands at the top of every form: the answers, and beside them what weakens them all."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import takewhile

from benchfleet.report import words
from benchfleet.report.answers import by_board, title
from benchfleet.report.model.answer import Answer
from benchfleet.report.model.board import Board
from benchfleet.report.model.report import Report
from benchfleet.report.names import in_words
from benchfleet.report.noise_floor import sentence as floor_sentence

MOST_BOARDS = 4  # on a first screen


@dataclass(frozen=True)
class Block:
    """The answers for one board. `board`: its title, where there are several; None for the report as a whole."""

    board: str | None
    answers: list[Answer]


def blocks(report: Report) -> list[Block]:
    """Those of the first boards, and what is said of the whole report: before boards of another metric than the first.

    On a phone, all the boards fill more than a screen, and prices are half of what was asked.
    """
    found, several = by_board(report.answers), len(report.boards) > 1
    metrics = {board.title: board.metric for board in report.boards}
    of_boards = [(board, mine) for board, mine in found if board is not None][:MOST_BOARDS]
    alike = list(takewhile(lambda one: metrics.get(one[0]) == metrics.get(of_boards[0][0]), of_boards))
    shown = [Block(board if several else None, mine) for board, mine in of_boards]
    whole = [Block(None, mine) for board, mine in found if board is None]
    return shown[: len(alike)] + whole + shown[len(alike) :]


def heading(found: Answer, block: Block) -> str:
    """`Fastest, interp`"""
    return f"{title(found)}, {block.board}" if block.board else title(found)


def against_baseline(report: Report) -> str | None:
    """What was asked first where a baseline is given."""
    found = report.comparison
    return f"Against baseline {found.baseline}: {words.compared(found)}" if found else None


def notes(report: Report, *, said: Collection[str | None] = ()) -> Iterator[str]:
    """Sentences behind the answers. `said`: names of variants that are explained already."""
    if not report.boards:
        yield "Nothing was measured. What happened to the tasks is listed below."
    boards = len({one.board for one in report.answers if one.board})
    if boards > MOST_BOARDS:
        yield f"{boards - MOST_BOARDS} more boards have answers of their own, below."
    yield from (f"{board.title}: {no_ranking(board)}" for board in report.boards if not board.ranking)
    if meanings := in_words(report, said=said):
        yield meanings
    yield from (floor_sentence(floor) for floor in report.noise_floor)
    if any(board.metric == "rss" for board in report.boards):
        yield "rss is the memory that a process had in use (resident set size)."
    if report.money:
        yield report.money


def no_ranking(board: Board) -> str:
    """Why a board has no answer."""
    if board.not_compared:
        return f"not compared: {board.not_compared}."
    return f"no benchmark was measured often enough on every {words.noun(board.by)}, so there is no ranking."
