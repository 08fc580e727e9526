"""The lead of a report: which is fastest, which is best for its price, and how sure that is."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal

from benchfleet.report.answer_words import cost, others, reached, short, without_price
from benchfleet.report.model.answer import Answer
from benchfleet.report.model.board import Board
from benchfleet.report.model.facts import GroupFacts
from benchfleet.report.order import Order, Place
from benchfleet.report.printing import shown
from benchfleet.report.value import is_speed

Question = Literal["fastest", "best", "best_for_price"]
_HOW = "--prices FILE, with what an hour of each machine costs, answers it (as configs/prices-example.toml)."


def answers(boards: Sequence[Board], *, unpriced: GroupFacts | None) -> list[Answer]:
    """`unpriced`: a machine, where prices were given, to say how one is found. Boards that compare nothing have no answer."""
    ranked = [board for board in boards if board.ranking]
    found = [one for board in ranked for one in (_fastest(board, advised=board is ranked[0]), *_cheapest(board))]
    by_machine = any("machine" in board.by and len(board.ranking) > 1 and speed(board) for board in ranked)
    if any(board.value for board in ranked):
        return found
    if by_machine:
        return [*found, _not_asked(unpriced)]
    compared = [board for board in ranked if len(board.ranking) > 1 and speed(board)]
    machines = {(board.provider, board.name) for board in compared}
    return [*found, _one_price(several=len(machines) > 1)] if compared else found


def speed(board: Board) -> bool:
    return is_speed(unit=board.unit, better=board.better, metric=board.metric)


def title(found: Answer) -> str:
    """The question, in words."""
    if found.question != "best_for_price":
        return found.question.capitalize()
    return "Best for its price" + (f" ({found.kind})" if found.kind not in (None, "on-demand") else "")


def by_board(found: Sequence[Answer]) -> list[tuple[str | None, list[Answer]]]:
    """In the order of the boards; what belongs to none of them comes last, under None."""
    return [(board, list(mine)) for board, mine in groupby(found, key=lambda one: one.board)]


def sentence(found: Answer, *, named: bool = False) -> str:
    """`named`: with the board, where a form has nothing above it that says so."""
    of = f", {shown(found.board)}" if named and found.board else ""
    return f"{title(found)}{of}: {found.short}. {found.detail}".rstrip()


def _not_asked(unpriced: GroupFacts | None) -> Answer:
    return Answer(
        question="best_for_price",
        board=None,
        verdict="not_asked",
        leaders=[],
        short="no price fits" if unpriced else "no prices were given",
        detail=_wanted(unpriced) if unpriced else _HOW,
    )


def _wanted(machine: GroupFacts) -> str:
    return (
        f"The price table names none of these machines: an entry for {shown(machine.label)} needs "
        f'provider = "{shown(machine.provider)}" and instance_type = "{shown("/".join(machine.instance_types))}".'
    )


def _one_price(*, several: bool) -> Answer:
    """Of subjects and variants: nobody needs a table of prices for them."""
    return Answer(
        question="best_for_price",
        board=None,
        verdict="one_price",
        leaders=[],
        short="the fastest",
        detail=f"{'Those compared' if several else 'All'} were measured on the same machine, at the same price an hour.",
    )


def _fastest(board: Board, *, advised: bool) -> Answer:
    """`advised`: with what to do about too few repeats, which is the same for all boards."""
    order = Order([Place(row.label, row.to_best, row.needed, row.tasks, row.place) for row in board.ranking])
    asked: Question = "fastest" if speed(board) else "best"
    return _answer(asked, board, order, [reached(board, order), *others(order, board, of_costs=False, advised=advised)])


def _cheapest(board: Board) -> Iterator[Answer]:
    tasks = {row.key: row.tasks for row in board.ranking}
    for kind, found in groupby(board.value, key=lambda row: row.kind):
        every = list(found)
        rows = [row for row in every if row.place is not None]
        order = Order([Place(row.label, row.to_best, row.needed, tasks[row.key], row.place or 1) for row in rows])
        without = without_price([row for row in every if row.usd_per_hour is None])
        detail = [cost(rows[0], board), *others(order, board, of_costs=True), without]
        yield _answer("best_for_price", board, order, detail).model_copy(update={"kind": kind})


def _answer(asked: Question, board: Board, order: Order, detail: Sequence[str]) -> Answer:
    second = order.second
    return Answer(
        question=asked,
        board=board.title,
        verdict=order.verdict,
        leaders=[row.label for row in order.leaders],
        second=second.label if second else None,
        relation=second.relation if second else None,
        needed=order.needed,
        short=short(order, board.by, of_costs=asked == "best_for_price"),
        detail=" ".join(filter(None, detail)),
    )
