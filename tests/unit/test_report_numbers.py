"""A whole report computed a second time, from the same files, with NumPy and SciPy and none of our statistics."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy  # loads `stats`, which is heavy, when it is used
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.model import Board, Report
from benchfleet.report.reading import read_runs

from runner_image.workloads.pyperformance import results as pyperformance_results
from runner_image.workloads.ruby_bench import results as ruby_bench_results
from runner_image.workloads.ruby_bench.console import Reader
from tests.report_runs import TaskFolder, realistic, write_run

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


def holm(probabilities: list[float]) -> list[float]:
    """The definition, not the algorithm: the largest of (m - rank) * p over all that are as small or smaller."""
    order = np.argsort(probabilities)
    stepped = (len(order) - np.arange(len(order))) * np.array(probabilities)[order]
    found = np.empty(len(order))
    found[order] = np.minimum(1, np.maximum.accumulate(stepped))
    return [float(p) for p in found]


def check_benchmarks(board: Board, tasks: Tasks) -> int:
    """Means, intervals, ratios, p values, verdicts, components; how many cells were checked."""
    checked = 0
    for one in board.benchmarks:
        samples = {m: [t[one.benchmark] for t in ts if one.benchmark in t] for m, ts in tasks.items()}
        means = {m: np.array([values.mean() for values in found]) for m, found in samples.items() if found}
        best = min(means, key=lambda m: float(np.log(means[m]).mean()))
        pairs = [(a, b) for i, a in enumerate(means) for b in list(means)[i + 1 :]]
        tested = [(a, b) for a, b in pairs if min(means[a].size, means[b].size) > 1]
        welch = [scipy.stats.ttest_ind(np.log(means[a]), np.log(means[b]), equal_var=False).pvalue for a, b in tested]
        adjusted = dict(zip((frozenset(pair) for pair in tested), holm(welch), strict=True))
        for cell in one.cells:
            machine = (cell.provider, cell.name)
            mine, every = means[machine], samples[machine]
            assert cell.task_means == pytest.approx(mine)
            assert cell.mean == pytest.approx(mine.mean())
            check_interval(cell.interval, mine if mine.size > 1 else every[0])
            assert cell.to_best.ratio == pytest.approx(np.exp(np.log(mine).mean() - np.log(means[best]).mean()))
            if machine != best and frozenset((machine, best)) in adjusted:
                test = scipy.stats.ttest_ind(np.log(mine), np.log(means[best]), equal_var=False)
                low, high = np.exp(test.confidence_interval(0.95))
                p = adjusted[frozenset((machine, best))]
                assert cell.to_best.p == pytest.approx(test.pvalue, rel=1e-6)
                assert cell.to_best.interval == pytest.approx((low, high), rel=1e-6)
                assert cell.to_best.p_adjusted == pytest.approx(p, rel=1e-6)
                assert cell.to_best.verdict == ("worse" if p < 0.05 else "unclear")
            elif machine != best:
                assert (cell.to_best.verdict, cell.to_best.interval) == ("unknown", None)
            check_spread(cell.spread, every)
            checked += 1
    return checked


def check_interval(found: tuple[float, float] | None, values: np.ndarray) -> None:
    low, high = scipy.stats.t.interval(0.95, values.size - 1, loc=values.mean(), scale=scipy.stats.sem(values))
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


def check_ranking(board: Board, tasks: Tasks) -> None:
    """Where every task has every common benchmark."""
    logs = {m: np.array([[np.log(t[b].mean()) for b in board.common] for t in ts]) for m, ts in tasks.items()}
    scores = {machine: found.mean(axis=1) for machine, found in logs.items()}
    best = min(scores, key=lambda m: float(scores[m].mean()))
    assert [(row.provider, row.name) for row in board.ranking] == sorted(scores, key=lambda m: float(scores[m].mean()))
    for row in board.ranking:
        mine = scores[row.provider, row.name]
        assert row.geometric_mean == pytest.approx(scipy.stats.gmean(np.exp(logs[row.provider, row.name].mean(axis=0))))
        assert row.to_best.ratio == pytest.approx(np.exp(mine.mean() - scores[best].mean()))
        if mine.size > 1:
            ends = np.exp(scipy.stats.t.interval(0.95, mine.size - 1, loc=mine.mean(), scale=scipy.stats.sem(mine)))
            assert row.geometric_mean_interval == pytest.approx(tuple(ends), rel=1e-6)
        else:
            assert row.geometric_mean_interval is None
        if (row.provider, row.name) != best and min(mine.size, scores[best].size) > 1:
            test = scipy.stats.ttest_ind(mine, scores[best], equal_var=False)
            assert row.to_best.p == pytest.approx(test.pvalue, rel=1e-6)
            assert row.to_best.interval == pytest.approx(tuple(np.exp(test.confidence_interval(0.95))), rel=1e-6)


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
        assert check_benchmarks(board, expected) == 12 * len(set(kinds))
        check_ranking(board, expected)


def test_variants_of_ruby_bench(tmp_path: Path) -> None:
    """The same three results on one machine: interp and yjit against each other."""
    folder = write_run(tmp_path, "r1", [TaskFolder("a", ruby_bench(box)) for box in (1, 2, 3)])
    (board,) = analyse(read_runs([folder])).boards
    assert [row.label for row in board.ranking] == ["yjit", "interp"]
    logs = [
        np.array([np.mean([np.log(task[name].mean()) for name in board.common]) for task in raw(folder, v)["aws", "a"]])
        for v in ("yjit", "interp")
    ]
    test = scipy.stats.ttest_ind(logs[1], logs[0], equal_var=False)
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
        check_benchmarks(board, tampered)
    with pytest.raises(AssertionError):
        check_ranking(board, tampered)


def test_pyperformance(tmp_path: Path) -> None:
    suite = pyperformance_results.load(DATA / "pyperformance" / "fast" / "pyperf.json")
    output = pyperformance_results.output(suite, variant="cpython-3.11", sections=[])
    found = [one.model_dump() for one in output.measurements]
    twice = [{**one, "samples": [value * 1.02 for value in one["samples"]]} for one in found]
    folder = write_run(tmp_path, "p", [TaskFolder("a", found), TaskFolder("a", twice), TaskFolder("b", found)])
    (board,) = analyse(read_runs([folder])).boards
    assert board.common == ["json_dumps", "nbody"]
    expected = raw(folder, "cpython-3.11")
    assert check_benchmarks(board, expected) == 4
    check_ranking(board, expected)


def test_many_machines_with_failures(tmp_path: Path) -> None:
    folder = realistic(tmp_path, "many")
    report = analyse(read_runs([folder]))
    for board in report.boards:
        expected = raw(folder, board.variant or "")
        assert check_benchmarks(board, expected) == 12 * 6
        whole = {machine: [t for t in tasks if "sudoku" in t] for machine, tasks in expected.items()}
        assert whole != expected  # hetzner's ranking has a task that lacks one: test_statistics checks that
        by_name = {row.name: row for row in board.ranking}
        for machine in ("c8g.large", "c7g.large", "d2as-v6"):
            logs = [
                np.mean([np.log(t[b].mean()) for b in board.common])
                for t in expected[by_name[machine].provider, machine]
            ]
            assert by_name[machine].geometric_mean == pytest.approx(np.exp(np.mean(logs)))


def test_comparison_of_runs(tmp_path: Path) -> None:
    new, old = realistic(tmp_path, "new"), realistic(tmp_path, "old", seed=3, slower={"fib": 0.8})
    report = analyse(read_runs([new, old]), Options(baseline="old"))
    assert report.comparison is not None
    rows = [row for row in report.comparison.rows if row.benchmark and row.relation.p is not None]
    every = [row for row in report.comparison.rows if row.relation.p is not None]
    expected = holm([row.relation.p for row in every])  # type: ignore[misc]
    assert [row.relation.p_adjusted for row in every] == pytest.approx(expected)
    sides = {(v, which.name): raw(which, v) for v in ("interp", "yjit") for which in (new, old)}
    assert len(rows) == 2 * 12 * 6
    for row in rows:
        key, name = (row.provider, row.name), row.benchmark or ""
        this, that = ([t[name].mean() for t in sides[row.variant, run][key] if name in t] for run in ("new", "old"))
        test = scipy.stats.ttest_ind(np.log(this), np.log(that), equal_var=False)
        assert row.relation.p == pytest.approx(test.pvalue, rel=1e-6)
        assert row.relation.ratio == pytest.approx(scipy.stats.gmean(this) / scipy.stats.gmean(that))
        assert (row.new, row.old) == pytest.approx((np.mean(this), np.mean(that)))
        beyond = row.relation.p_adjusted is not None and row.relation.p_adjusted < 0.05
        assert row.regression == (beyond and (row.relation.ratio or 0) > 1.05)
    assert {row.benchmark for row in report.comparison.regressions} == {"fib"}
