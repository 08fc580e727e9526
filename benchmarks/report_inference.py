"""How often is the report right? Simulated runs through its own functions: coverage, false claims, power.

`python -m benchmarks.report_inference` prints the tables of docs/benchmarks.md, or their rows with some words in their names;
`RUNS=2000` for more of each scenario.
"""

import math
import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet.report.board_making import made
from benchfleet.report.coverage import group_facts
from benchfleet.report.model.board import Board, Cell
from benchfleet_results.boards.model import Interval, Ranked

from benchmarks.false_claims import BOARDS, OFTEN, false_claims
from benchmarks.metric import Metric
from benchmarks.simulated_runs import Scenario, Simulated, simulate

RUNS = int(os.environ.get("RUNS", "300"))
SEED = 20261128
TOLERANCE = 0.02  # of coverage: 93 to 97 %

HONEST = [
    *(Scenario(tasks, 1, 1) for tasks in (2, 3, 5, 10)),
    *(Scenario(tasks, 1, 1, shared=True) for tasks in (2, 3, 5, 10)),
    Scenario(4, 2, 1),
    Scenario(10, 2, 1),
    Scenario(3, 3, 12),
    Scenario(10, 3, 12),
    Scenario(10, 5, 12),
    Scenario(10, 5, 12, shared=True),
    Scenario(5, 1, 12, effects=(0.0,) * 6),
    Scenario(5, 1, 50),
    Scenario(5, 5, 50, shared=True),
    *(Scenario(tasks, 1, 12, shape="heavy-tailed") for tasks in (3, 5, 10)),
    *(Scenario(tasks, 1, 1, shared=True, drift=0.01, abba=abba) for tasks in (3, 5, 10) for abba in (False, True)),
    *(Scenario(tasks, 1, 1, shared=True, drift=0.05) for tasks in (4, 5)),
    *(Scenario(tasks, 1, shape="bimodal samples", shared=True) for tasks in (2, 3, 5, 10)),
    *(
        Scenario(tasks, instances, shape="bimodal samples")
        for tasks in (2, 3, 5, 10)
        for instances in range(1, min(tasks, 5) + 1)
    ),
    *(Scenario(tasks, instances, shared=True, split=0.2) for tasks, instances in ((6, 2), (6, 3), (10, 3), (10, 5))),
    *(Scenario(tasks, 1, shared=True, drift=0.01, late=0.2) for tasks in (6, 10)),
    Scenario(2, 1, 12, missing=0.2),
    *(Scenario(3, 2, 12, missing=0.2, shared=shared) for shared in (False, True)),
    *(
        Scenario(tasks, instances, shared=True, lost=0.2)
        for tasks, instances in ((4, 1), (5, 1), (10, 1), (5, 5), (10, 5))
    ),
    *(Scenario(tasks, 1, shared=True, drift=0.01, lost=0.2) for tasks in (6, 10)),
    *(Scenario(10, 1, effects=(0.0,) * 3, shared=True, lost=lost) for lost in (0.2, 0.4, 0.7)),
    *(
        Scenario(10, 1, effects=(0.0,) * 3, shared=True, drift=drift, fails=f)
        for drift in (0.0, 0.01)
        for f in (0.3, 0.7)
    ),
    *(Scenario(10, 1, 12, shared=True, parts=3, drift=drift, pauses=0.3) for drift in (0.0, 0.01)),
    *(
        Scenario(10, 1, 12, shared=True, drift=drift, missing=missing)
        for drift in (0.0, 0.01)
        for missing in (0.05, 0.2)
    ),
    Scenario(5, 1, 12, missing=0.2),
    Scenario(10, 5, 12, missing=0.2),
]
# Few tasks may all fall into one mode, and then nothing tells of the other: no interval of theirs can hold the mean of both.
MODES = [Scenario(tasks, shape="bimodal", slow=slow) for slow in (0.1, 0.3, 0.5) for tasks in (3, 5, 10, 14)]
POWERFUL = [
    Scenario(tasks, instances, 1, effects=(0.0, math.log1p(effect)), shared=shared)
    for tasks, instances, shared in ((3, 1, False), (5, 1, False), (10, 1, False), (10, 5, False), (10, 5, True))
    for effect in (0.05, 0.10)
]


@dataclass
class Count:
    """`means`: intervals of a group's own mean, `differences`: of a group to the first; [held, all]. `one_mode`: those of
    `means` whose tasks were all in one mode of bimodal data; `marked`: those that the report calls narrow by luck.
    """

    means: list[int]
    differences: list[int]
    one_mode: list[int]
    marked: list[int]
    boards: int = 0
    claims: int = 0
    found: int = 0
    confidence: float = 0.0  # of the intervals of differences, added up

    @property
    def both_modes(self) -> list[int]:
        """Those of `means` whose tasks were in both modes."""
        return [every - one for every, one in zip(self.means, self.one_mode, strict=True)]

    @property
    def unmarked(self) -> list[int]:
        return [every - one for every, one in zip(self.means, self.marked, strict=True)]

    @property
    def promised(self) -> float | None:
        """The mean confidence of the intervals of differences: what share of them should hold."""
        return self.confidence / self.differences[1] if self.differences[1] else None


def runs_of(scenario: Scenario) -> int:
    """Large boards cost most, and each has many intervals."""
    return RUNS if scenario.benchmarks * len(scenario.effects) <= 24 else RUNS // 4


def measure(scenario: Scenario, *, runs: int | None = None, seed: int = SEED) -> Count:
    """`claims`: boards with a claim where nothing differs; `found`: boards whose last group is told from the first."""
    chance = random.Random(f"{seed} {scenario.name}")
    count = Count([0, 0], [0, 0], [0, 0], [0, 0])
    for _ in range(runs or runs_of(scenario)):
        drawn = simulate(scenario, chance)
        for board in boards_of(drawn, scenario):
            count.boards += 1
            _count(board, drawn, scenario, count)
    return count


def boards_of(drawn: Simulated, scenario: Scenario) -> list[Board]:
    tasks = drawn.dataset.tasks
    return made(tasks, ("subject",) if scenario.shared else ("machine",), group_facts(tasks, role="measured"))


def _count(board: Board, drawn: Simulated, scenario: Scenario, count: Count) -> None:
    def true(row: Ranked | Cell, names: list[str]) -> float:
        mine = drawn.truth[row.subject or row.name]
        return sum(mine[name] for name in names) / len(names)

    rows: list[tuple[Ranked | Cell, Ranked | Cell, list[str], Interval | None]] = [
        (row, board.ranking[0], board.common, row.geometric_mean_interval) for row in board.ranking
    ]
    rows += [(cell, one.cells[0], [one.benchmark], cell.interval) for one in board.benchmarks for cell in one.cells]
    claimed = False
    for row, first, names, interval in rows:
        if (
            not scenario.drift and not scenario.fails
        ):  # those were on another instance in part, without a drawn one of their own
            _held(interval, true(row, names), count.means)
            if (row.subject or row.name) in drawn.one_mode:
                _held(interval, true(row, names), count.one_mode)
            if row.narrow:
                _held(interval, true(row, names), count.marked)
        if row is not first:
            _held(row.to_best.interval, true(row, names) - true(first, names), count.differences)
            count.confidence += row.to_best.confidence if row.to_best.interval else 0.0
            claimed = claimed or row.to_best.beyond_noise
    count.claims += claimed
    count.found += (
        bool(board.ranking) and board.told_apart and (board.ranking[0].subject or board.ranking[0].name) == "a"
    )


def _held(interval: Interval | None, truth: float, into: list[int]) -> None:
    if interval is None:
        return
    into[0] += math.log(interval[0]) <= truth <= math.log(interval[1])
    into[1] += 1


def share(held: list[int]) -> float | None:
    return held[0] / held[1] if held[1] else None


def metrics() -> list[dict[str, Any]]:
    """Over all scenarios together: one alone is too few runs to hold it to a limit."""
    found = {scenario: measure(scenario) for scenario in [*HONEST, *MODES]}
    honest = [found[scenario] for scenario in HONEST]
    modes = [found[scenario] for scenario in MODES]
    alone = [found[scenario] for scenario in HONEST if scenario.tests == 1 and not scenario.drift]
    claims = sum(one.claims for one in found.values()) / sum(one.boards for one in found.values())
    how = f"{len(found)} scenarios of {RUNS} simulated runs"
    powers = {scenario: measure(scenario) for scenario in POWERFUL}
    return [
        Metric("report: boards with a false claim", claims, "share", 0.05, how).as_dict(),
        _coverage("report: intervals of means", [one.means for one in honest], how),
        _coverage("report: intervals of single differences", [one.differences for one in alone], how),
        Metric(
            "report: intervals of bimodal data without a question mark that miss",
            1 - (share(_sum([one.unmarked for one in modes])) or 0.0),
            "share",
            0.05 + TOLERANCE,
            how,
        ).as_dict(),
        Metric(
            "report: intervals of bimodal data that miss, where tasks were in both modes",
            1 - (share(_sum([one.both_modes for one in modes])) or 0.0),
            "share",
            0.05 + TOLERANCE,
            how,
        ).as_dict(),
        *(_of(scenario, count) for scenario, count in found.items()),
        *(_of_one_test(scenario) for scenario in OFTEN),
        *(
            Metric(
                f"report: found of {math.expm1(one.effects[1]):+.0%}, {one.name}",
                of.found / of.boards,
                "share",
                None,
                how,
            ).as_dict()
            for one, of in powers.items()
        ),
    ]


def _of(scenario: Scenario, found: Count) -> dict[str, Any]:
    """One scenario alone is too few draws for a limit. Where a drift leaves no truth of a mean, the differences are told."""
    how = (
        f"{found.boards} boards; differences: {_told(share(found.differences))} held, {_told(found.promised)} promised; "
        f"a false claim on {_told(found.claims / found.boards)} of boards"
    )
    what, held = ("means", found.means) if found.means[1] else ("differences", found.differences)
    return Metric(f"report: intervals of {what} that hold: {scenario.name}", share(held), "share", None, how).as_dict()


def _of_one_test(scenario: Scenario) -> dict[str, Any]:
    claims, how = false_claims(scenario), f"{BOARDS} simulated boards with one test each"
    return Metric(f"report: false claims of one test: {scenario.name}", claims, "share", 0.055, how).as_dict()


def _coverage(name: str, counts: list[list[int]], how: str) -> dict[str, Any]:
    held, every = _sum(counts)
    return Metric(f"{name}, coverage off 95 %", abs(held / every - 0.95), "share", TOLERANCE, how).as_dict()


def _sum(counts: list[list[int]]) -> list[int]:
    return [sum(of) for of in zip(*counts, strict=True)]


def rows(words: str = "") -> Iterator[tuple[str, ...]]:
    for scenario in (one for one in HONEST if words in one.name):
        found = measure(scenario)
        yield (
            scenario.name,
            f"{found.boards:,}",
            _told(share(found.means)),
            _told(share(found.differences)),
            _told(found.promised),
            _told(found.claims / found.boards),
        )


def rows_of_modes(words: str = "") -> Iterator[tuple[str, ...]]:
    """With what no interval can do better than, where the modes are far apart: to hold the mean whenever both were seen."""
    for scenario in (one for one in MODES if words in one.name):
        found = measure(scenario)
        missed = scenario.slow**scenario.tasks + (1 - scenario.slow) ** scenario.tasks
        yield (
            f"{scenario.tasks} tasks, {scenario.slow:.0%} of all slow",
            _told(share(found.means)),
            _told(share(found.unmarked)),
            _told(share(found.marked)),
            _told(found.marked[1] / found.means[1]),
            _told(share(found.both_modes)),
            _told(share(found.one_mode)),
            _told(1 - missed),
            _told(found.claims / found.boards),
        )


def _told(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def rows_of_powers(words: str = "") -> Iterator[tuple[str, ...]]:
    for five, ten in zip(POWERFUL[::2], POWERFUL[1::2], strict=True):
        if words in five.name:
            yield five.name, *(_told(one.found / one.boards) for one in (measure(five), measure(ten)))


def main(words: str = "") -> None:
    _print(
        ("scenario", "boards", "intervals of means", "of differences", "promised", "boards with a false claim"),
        rows(words),
    )
    _print(
        (
            "bimodal",
            "held",
            "without a mark",
            "with one",
            "marked",
            "where both modes were seen",
            "where one was",
            "bound",
            "false claims",
        ),
        rows_of_modes(words),
    )
    _print(("scenario", "+5 % found", "+10 % found"), rows_of_powers(words))
    often = (one for one in OFTEN if words in one.name)
    _print(("one test", "false claims"), ((one.name, f"{100 * false_claims(one):.2f} %") for one in often))


def _print(head: Sequence[str], lines: Iterator[tuple[str, ...]]) -> None:
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for line in lines:
        print(f"| {' | '.join(line)} |", flush=True)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
