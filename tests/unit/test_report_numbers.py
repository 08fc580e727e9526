"""A whole report computed a second time, from the same files, with NumPy and SciPy and none of our statistics."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy  # loads `stats`, which is heavy, when it is used
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.model.board import Board
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet_results.boards.model import Relation

from runner_image.workloads.pyperformance import results as pyperformance_results
from runner_image.workloads.ruby_bench import results as ruby_bench_results
from runner_image.workloads.ruby_bench.console import Reader
from tests.report_runs import TaskFolder, write_run
from tests.unit.conftest import Compared

DATA = Path(__file__).parents[1] / "data"
Tasks = dict[tuple[str, str], list[dict[str, np.ndarray]]]  # (provider, machine) → tasks → benchmark → samples


def raw(folder: Path, variant: str) -> Tasks:
    """Read without our reader."""
    found: Tasks = {}
    for path in sorted(folder.glob("*/output.json"), key=lambda path: int(path.parent.name.rpartition("-")[2])):
        about = json.loads((path.parent / "metadata.json").read_text(encoding="utf-8"))
        machine = about["provider"], about["alias"] or about["instance_type"]
        measured = [m for m in json.loads(path.read_text(encoding="utf-8"))["measurements"] if m["variant"] == variant]
        found.setdefault(machine, []).append({m["benchmark"]: np.array(m["samples"]) for m in measured})
    return found


def board_of(report: Report, variant: str) -> Board:
    (found,) = (board for board in report.boards if board.variant == variant)
    return found


def rejected(overall: list[float], single: list[float], level: float) -> set[tuple[bool, int]]:
    """The procedure as it is described, and not as it is computed: reject what may be rejected until nothing may."""
    done: set[tuple[bool, int]] = set()
    while True:
        left = {
            which: [n for n in range(len(ps)) if (which, n) not in done]
            for which, ps in ((True, overall), (False, single))
        }
        share = {True: 0.8 if left[False] else 1.0, False: 0.2 if left[True] else 1.0}
        more = {
            (which, n)
            for which, ps in ((True, overall), (False, single))
            for n in left[which]
            if ps[n] < level * share[which] / len(left[which])
        }
        if not more:
            return done
        done.add(min(more, key=lambda one: (overall if one[0] else single)[one[1]] / share[one[0]] * len(left[one[0]])))


def check_adjusted(rows: list[tuple[float, float]], overall: list[float], single: list[float]) -> None:
    """(p, adjusted p): rejected at any level above the adjusted p, and at none below."""
    for p, adjusted in rows:
        which, n = next(
            (w, ps.index(q)) for w, ps in ((True, overall), (False, single)) for q in ps if abs(q - p) <= 1e-5 * p
        )
        assert (which, n) not in rejected(overall, single, adjusted * (1 - 1e-4))
        assert adjusted == 1 or (which, n) in rejected(overall, single, adjusted * (1 + 1e-4))


@dataclass(frozen=True)
class Welch:
    """A t test as SciPy tells it."""

    difference: float
    error: float
    degrees: float

    @property
    def pvalue(self) -> float:
        return float(2 * scipy.stats.t.sf(abs(self.difference) / self.error, self.degrees))

    def confidence_interval(self, confidence: float) -> tuple[float, float]:
        low, high = scipy.stats.t.interval(confidence, self.degrees, self.difference, self.error)
        return float(low), float(high)


def welch(this: np.ndarray, other: np.ndarray) -> Welch:
    """Welch's test, with no more degrees of freedom than if both sides varied alike."""
    sizes = np.array([this.size, other.size])
    squares = np.array([this.var(ddof=1), other.var(ddof=1)]) / sizes
    alike = (1 / sizes).sum() ** 2 / ((1 / sizes) ** 2 / (sizes - 1)).sum()
    found = scipy.stats.ttest_ind(this, other, equal_var=False)
    return Welch(this.mean() - other.mean(), math.sqrt(squares.sum()), min(found.df, alike))


def scores_of(board: Board, tasks: Tasks) -> dict[tuple[str, str], np.ndarray]:
    """Where every task has every common benchmark."""
    return {m: np.array([np.mean([np.log(t[b].mean()) for b in board.common]) for t in ts]) for m, ts in tasks.items()}


def means_of(board: Board, tasks: Tasks) -> list[dict[tuple[str, str], np.ndarray]]:
    """Of each benchmark: machine → log means of its tasks."""
    return [
        {
            m: np.log([t[one.benchmark].mean() for t in ts if one.benchmark in t])
            for m, ts in tasks.items()
            if any(one.benchmark in t for t in ts)
        }
        for one in board.benchmarks
    ]


def p_values(tables: list[dict[tuple[str, str], np.ndarray]]) -> list[float]:
    """Of all pairs of machines in each of them."""
    pairs = [(t[a], t[b]) for t in tables for i, a in enumerate(t) for b in list(t)[i + 1 :]]
    return [float(welch(this, other).pvalue) for this, other in pairs if min(this.size, other.size) > 1]


def check_board(board: Board, tasks: Tasks, *, whole: bool = True) -> int:
    """Means, intervals, ratios, p values, verdicts, components; how many cells were checked."""
    single, checked = means_of(board, tasks), 0
    for one, means in zip(board.benchmarks, single, strict=True):
        best = min(means, key=lambda m: float(means[m].mean()))
        for cell in one.cells:
            mine = means[cell.provider, cell.name]
            samples = [t[one.benchmark] for t in tasks[cell.provider, cell.name] if one.benchmark in t]
            assert cell.task_means == pytest.approx(np.exp(mine))
            assert cell.mean == pytest.approx(np.exp(mine.mean()))
            check_interval(cell.interval, mine, samples[0])
            check_relation(cell.to_best, mine, means[best], first=(cell.provider, cell.name) == best)
            check_spread(cell.spread, samples)
            checked += 1
    if whole:
        scores = scores_of(board, tasks)
        check_ranking(board, scores)
        cells = [cell for one in board.benchmarks for cell in one.cells]
        rows = [
            (found.p, found.p_adjusted) for found in [*(r.to_best for r in board.ranking), *(c.to_best for c in cells)]
        ]
        known = [(p, adjusted) for p, adjusted in rows if p is not None and adjusted is not None]
        check_adjusted(known, p_values([scores]), p_values(single))
    return checked


def check_relation(found: Relation, this: np.ndarray, best: np.ndarray, *, first: bool) -> None:
    assert found.ratio == pytest.approx(np.exp(this.mean() - best.mean()))
    if first:
        assert found.verdict in ("best", "first", "ahead")
    elif min(this.size, best.size) < 2:
        assert (found.verdict, found.interval) == ("unknown", None)
    else:
        test = welch(this, best)
        assert found.p == pytest.approx(test.pvalue, rel=1e-6)
        assert found.interval == pytest.approx(tuple(np.exp(test.confidence_interval(found.confidence))), rel=1e-6)
        assert found.p_adjusted is not None
        assert found.p_adjusted >= test.pvalue
        assert found.verdict == ("worse" if found.p_adjusted < 0.05 else "unclear")
        assert (found.interval is not None and found.interval[0] > 1) == (found.verdict == "worse")


def check_interval(found: tuple[float, float] | None, logs: np.ndarray, samples: np.ndarray) -> None:
    if logs.size > 1:
        ends = scipy.stats.t.interval(0.95, logs.size - 1, loc=logs.mean(), scale=scipy.stats.sem(logs))
        assert found == pytest.approx(tuple(np.exp(ends)), rel=1e-6)
        return
    low, high = scipy.stats.t.interval(0.95, samples.size - 1, loc=samples.mean(), scale=scipy.stats.sem(samples))
    assert found == pytest.approx((max(low, 0), high), rel=1e-6)


def check_spread(found: Any, tasks: list[np.ndarray]) -> None:
    if len(tasks) < 2:
        assert found is None
        return
    sizes, everything = np.array([t.size for t in tasks]), np.concatenate(tasks)
    within = sum(((t - t.mean()) ** 2).sum() for t in tasks) / (everything.size - len(tasks))
    among = within * scipy.stats.f_oneway(*tasks).statistic
    size = (everything.size - (sizes**2).sum() / everything.size) / (len(tasks) - 1)
    between = max(0.0, (among - within) / size)
    assert found.within_tasks == pytest.approx(np.sqrt(within) / everything.mean())
    assert found.between_tasks == pytest.approx(np.sqrt(between) / everything.mean(), rel=1e-6, abs=1e-9)
    assert found.clamped == (among < within)
    assert found.share_between == pytest.approx(between / (between + within), rel=1e-6, abs=1e-9)


def check_ranking(board: Board, scores: dict[tuple[str, str], np.ndarray]) -> None:
    best = min(scores, key=lambda m: float(scores[m].mean()))
    assert [(row.provider, row.name) for row in board.ranking] == sorted(scores, key=lambda m: float(scores[m].mean()))
    for row in board.ranking:
        mine = scores[row.provider, row.name]
        assert row.geometric_mean == pytest.approx(np.exp(mine.mean()))
        if mine.size > 1:
            ends = np.exp(scipy.stats.t.interval(0.95, mine.size - 1, loc=mine.mean(), scale=scipy.stats.sem(mine)))
            assert row.geometric_mean_interval == pytest.approx(tuple(ends), rel=1e-6)
        else:
            assert row.geometric_mean_interval is None
        check_relation(row.to_best, mine, scores[best], first=(row.provider, row.name) == best)


def ruby_bench(box: int) -> list[dict[str, Any]]:
    loaded = ruby_bench_results.load(DATA / "ruby-bench" / f"box-{box}" / "output_001.json")
    output = ruby_bench_results.output(loaded, variants=["interp", "yjit"], console=Reader())
    return [one.model_dump() for one in output.measurements]


@pytest.mark.parametrize("kinds", [("a", "b", "c"), ("a", "a", "b"), ("a", "a", "a")])
def test_ruby_bench(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """Three real results: as three machines, as two and as one."""
    tasks = [TaskFolder(kind, ruby_bench(box)) for box, kind in enumerate(kinds, start=1)]
    folder = write_run(tmp_path, "r1", tasks)
    report = analyse(read_runs([folder]), Options(by=("machine",)))
    assert [board.variant for board in report.boards] == ["interp", "yjit"]
    for board in report.boards:
        expected = raw(folder, board.variant or "")
        assert len(board.common) == 12
        assert check_board(board, expected) == 12 * len(set(kinds))


def test_variants_of_ruby_bench(tmp_path: Path) -> None:
    """The same three results on one machine: interp and yjit against each other."""
    folder = write_run(tmp_path, "r1", [TaskFolder("a", ruby_bench(box)) for box in (1, 2, 3)])
    (board,) = analyse(read_runs([folder])).boards
    assert [row.label for row in board.ranking] == ["yjit", "interp"]
    logs = [
        np.array([np.mean([np.log(task[name].mean()) for name in board.common]) for task in raw(folder, v)["aws", "a"]])
        for v in ("yjit", "interp")
    ]
    test = scipy.stats.ttest_rel(logs[1], logs[0])  # each task measured both
    found = board.ranking[1].to_best
    assert found.ratio == pytest.approx(np.exp(logs[1].mean() - logs[0].mean()))
    assert found.p == pytest.approx(test.pvalue, rel=1e-6)
    assert found.verdict == "worse"


def test_a_common_order_of_magnitude_is_not_all_that_is_checked(tmp_path: Path) -> None:
    """The check of the check: one sample changed by a thousandth is found."""
    tasks = [TaskFolder("a", ruby_bench(1)), TaskFolder("a", ruby_bench(2)), TaskFolder("b", ruby_bench(3))]
    board = board_of(analyse(read_runs([write_run(tmp_path, "r1", tasks)])), "yjit")
    tampered = raw(tmp_path / "r1", "yjit")
    tampered["aws", "a"][0]["fib"][2] *= 1.001
    with pytest.raises(AssertionError):
        check_board(board, tampered, whole=False)
    with pytest.raises(AssertionError):
        check_ranking(board, scores_of(board, tampered))


def test_pyperformance(tmp_path: Path) -> None:
    suite = pyperformance_results.load(DATA / "pyperformance" / "fast" / "pyperf.json")
    output = pyperformance_results.output(suite, variant="cpython-3.11", sections=[])
    found = [one.model_dump() for one in output.measurements]
    twice = [{**one, "samples": [value * 1.02 for value in one["samples"]]} for one in found]
    folder = write_run(tmp_path, "p", [TaskFolder("a", found), TaskFolder("a", twice), TaskFolder("b", found)])
    (board,) = analyse(read_runs([folder])).boards
    assert board.common == ["json_dumps", "nbody"]
    expected = raw(folder, "cpython-3.11")
    assert check_board(board, expected) == 4


@pytest.mark.system
def test_many_machines_with_failures(compared: Compared) -> None:
    folder = compared.new
    report = analyse(read_runs([folder]))
    for board in report.boards:
        expected = raw(folder, board.variant or "")
        assert check_board(board, expected, whole=False) == 12 * 6
        whole = {machine: [t for t in tasks if "sudoku" in t] for machine, tasks in expected.items()}
        assert whole != expected  # hetzner's ranking has a task that lacks one: test_statistics checks that
        by_name = {row.name: row for row in board.ranking}
        for machine in ("c8g.large", "c7g.large", "d2as-v6"):
            logs = [
                np.mean([np.log(t[b].mean()) for b in board.common])
                for t in expected[by_name[machine].provider, machine]
            ]
            assert by_name[machine].geometric_mean == pytest.approx(np.exp(np.mean(logs)))


def test_comparison_of_runs(compared: Compared) -> None:
    report, new, old = compared.report, compared.new, compared.old
    assert report.comparison is not None
    rows = [row for row in report.comparison.rows if row.benchmark and row.relation.p is not None]
    overall, single = (
        [
            row.relation.p
            for row in report.comparison.rows
            if row.relation.p is not None and (row.benchmark is None) == top
        ]
        for top in (True, False)
    )
    adjusted = [row.relation.p_adjusted or 0 for row in report.comparison.rows if row.relation.p is not None]
    known = [row.relation.p for row in report.comparison.rows if row.relation.p is not None]
    check_adjusted(list(zip(known, adjusted, strict=True)), overall, single)
    sides = {(v, which.name): raw(which, v) for v in ("interp", "yjit") for which in (new, old)}
    assert len(rows) == 2 * 12 * 6
    for row in rows:
        key, name = (row.provider, row.name), row.benchmark or ""
        this, that = ([t[name].mean() for t in sides[row.variant, run][key] if name in t] for run in ("new", "old"))
        test = welch(np.log(this), np.log(that))
        assert row.relation.p == pytest.approx(test.pvalue, rel=1e-6)
        assert row.relation.ratio == pytest.approx(scipy.stats.gmean(this) / scipy.stats.gmean(that))
        assert (row.new, row.old) == pytest.approx((scipy.stats.gmean(this), scipy.stats.gmean(that)))
        beyond = row.relation.p_adjusted is not None and row.relation.p_adjusted < 0.05
        assert row.regression == (beyond and (row.relation.ratio or 0) > 1.05)
    assert {row.benchmark for row in report.comparison.regressions} == {"fib"}
