"""What a report claims, and what it must not."""

import math
import random
from pathlib import Path

import pytest
from benchfleet.exceptions import ConfigError, UsageError
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.charts import Charts
from benchfleet.report.dataset import Dataset
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.report import Report
from benchfleet.report.prices import Price, PriceTable, load
from benchfleet.report.reading import read_runs
from benchfleet.report.thresholds import Thresholds
from benchfleet_results.boards.relations import standing
from benchfleet_results.statistics.sample import Sample

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.conftest import Compared
from tests.variants import repeats

EXAMPLE = Path(__file__).parents[2] / "configs" / "prices-example.toml"


def report(folder: Path, *tasks: TaskFolder, options: Options | None = None) -> Report:
    return analyse(read_runs([write_run(folder, "r", tasks)]), options or Options())


def places(found: Report, board: int = 0) -> list[str]:
    return [row.name for row in found.boards[board].ranking]


def test_a_benchmark_that_one_machine_lacks_makes_nobody_faster(tmp_path: Path) -> None:
    """`slow` did not run the long benchmark: in a sum of times it would win."""
    quick = of_values("quick", {"short": [1.0], "long": [100.0]})
    slow = of_values("slow", {"short": [2.0]})
    found = report(tmp_path, quick, slow)
    assert places(found) == ["quick", "slow"]
    (board,) = found.boards
    assert board.common == ["short"]
    assert [(one.benchmark, one.reason) for one in board.left_out] == [("long", "not measured on aws slow")]
    assert [one.missing for one in board.benchmarks] == [["aws slow"], []]


def test_a_long_benchmark_weighs_no_more_than_a_short_one(tmp_path: Path) -> None:
    found = report(
        tmp_path, of_values("a", {"short": [1.0], "long": [100.0]}), of_values("b", {"short": [0.5], "long": [110.0]})
    )
    assert places(found) == ["b", "a"]
    assert found.boards[0].ranking[1].to_best.ratio == pytest.approx(math.sqrt(2 / 1.1))


def test_more_is_better_where_the_metric_says_so(tmp_path: Path) -> None:
    def rates(kind: str, *values: float) -> list[TaskFolder]:
        rate = {"metric": "throughput", "unit": "req/s", "better": "higher"}
        return [TaskFolder(kind, [measurement("hello", [value], **rate)]) for value in values]

    found = report(tmp_path, *rates("slow", 100, 102), *rates("fast", 400, 404))
    assert places(found) == ["fast", "slow"]
    best, other = found.boards[0].ranking
    assert best.geometric_mean == pytest.approx(math.sqrt(400 * 404))
    assert best.geometric_mean_interval is not None
    assert best.geometric_mean_interval[0] < 400 < best.geometric_mean_interval[1]
    assert other.to_best.ratio == pytest.approx(math.sqrt(400 * 404 / (100 * 102)))


def test_variants_metrics_and_workloads_are_never_mixed(tmp_path: Path) -> None:
    both = [
        measurement("fib", [1.0]),
        measurement("fib", [0.2], variant="yjit"),
        measurement("fib", [9e6], metric="rss", unit="bytes"),
    ]
    found = report(tmp_path, TaskFolder("a", both), TaskFolder("b", both))
    assert [(one.variant, one.metric) for one in found.boards] == [
        ("interp", "time"),
        ("yjit", "time"),
        ("interp", "rss"),
    ]


def test_units_of_one_benchmark_are_never_mixed(tmp_path: Path) -> None:
    found = report(
        tmp_path, TaskFolder("a", [measurement("x", [1.0])]), TaskFolder("b", [measurement("x", [9.0], unit="MB")])
    )
    assert found.boards[0].ranking == []
    assert any("no ranking" in words for words in found.warnings)


def test_with_one_task_nothing_is_claimed(tmp_path: Path) -> None:
    found = report(tmp_path, of_values("a", {"x": [1.0, 1.0, 1.0]}), of_values("b", {"x": [9.0, 9.0, 9.0]}))
    row = found.boards[0].ranking[1]
    assert row.to_best.ratio == pytest.approx(9)
    assert (row.to_best.verdict, row.to_best.p, row.geometric_mean_interval) == ("unknown", None, None)
    assert found.boards[0].benchmarks[0].cells[1].to_best.verdict == "unknown"
    assert any("Only one task on aws a, aws b" in words for words in found.warnings)


def test_tasks_without_a_common_benchmark_are_no_repeats(tmp_path: Path) -> None:
    tasks = [of_values(kind, {name: [1.0 + n]}) for n, kind in enumerate("ab") for name in ("x", "y")]
    found = report(tmp_path, *tasks)
    assert (found.boards[0].ranking, found.boards[0].common) == ([], [])
    assert {left.reason for left in found.boards[0].left_out} == {
        "measured in too few tasks of aws a (1 of 2), aws b (1 of 2): half of them are needed, and two"
    }


def test_many_samples_are_not_many_repeats(tmp_path: Path) -> None:
    """Two tasks each, far apart within a group: 2,000 samples do not make the difference more certain."""
    tasks = [
        of_values(kind, {"x": [base * shift] * 500}) for kind, base in (("a", 1), ("b", 1.2)) for shift in (1, 1.5)
    ]
    assert report(tmp_path, *tasks).boards[0].ranking[1].to_best.verdict == "unclear"


def test_a_zero_has_a_mean_and_no_ratio(tmp_path: Path) -> None:
    found = report(tmp_path, of_values("a", {"x": [0.0, 0.0], "y": [1e-9]}), of_values("b", {"x": [1.0], "y": [2e-9]}))
    (board,) = found.boards
    assert board.common == ["y"]
    assert board.ranking[1].to_best.ratio == pytest.approx(2)
    assert [(cell.name, cell.mean, cell.to_best.ratio) for cell in board.benchmarks[0].cells] == [
        ("a", 0.0, None),
        ("b", 1.0, None),
    ]


def test_numbers_at_the_ends_of_what_is_read(tmp_path: Path) -> None:
    tasks = [of_values(kind, {"x": [value]}) for kind in "ab" for value in (1e-18, 1e18)]
    found = report(tmp_path, *tasks)
    assert found.model_dump_json()
    relation = found.boards[0].ranking[1].to_best
    assert (relation.ratio, relation.verdict) == (1.0, "unclear")


def test_a_group_without_any_result_does_not_empty_the_ranking(tmp_path: Path) -> None:
    found = report(tmp_path, of_values("a", {"x": [1.0]}), TaskFolder("b"), of_values("c", {"x": [2.0]}))
    assert places(found) == ["a", "c"]
    assert found.boards[0].absent == ["aws b"]
    assert any("aws b: 1 of 1 tasks without a result" in words for words in found.warnings)


@each_case("tasks", [[], [TaskFolder("a"), TaskFolder("b")]])
def test_nothing_measured_is_said(tmp_path: Path, tasks: list[TaskFolder]) -> None:
    found = report(tmp_path, *tasks)
    assert found.boards == []
    assert found.warnings[0].startswith("Nothing was measured")
    assert analyse(Dataset((), ())).warnings[0].startswith("Nothing was measured")


def test_a_group_is_its_alias_and_several_types_in_it_are_told(tmp_path: Path) -> None:
    prices = PriceTable(tuple(Price("aws", kind, 1.0, "s", "2026-01-01") for kind in ("m1", "m2")))
    tasks = [of_values(kind, {"x": [1.0]}, alias="box") for kind in ("m1", "m2")]
    found = report(tmp_path, *tasks, of_values("m1", {"x": [2.0]}), options=Options(prices=prices))
    assert places(found) == ["box", "m1"]
    assert any("several instance types (m1, m2)" in words for words in found.warnings)
    assert [(row.name, row.usd_per_hour) for row in found.boards[0].value] == [("m1", 1.0), ("box", None)]


def test_one_instance_for_all_tasks_is_told(tmp_path: Path) -> None:
    tasks = [of_values("a", {"x": [1.0]}, machine={"cloud": {"instanceId": "i-1"}}) for _ in range(2)]
    found = report(tmp_path, *tasks)
    assert found.groups[0].hosts == 1
    assert any("ran on one instance" in words for words in found.warnings)


def test_runs_without_a_baseline_are_pooled(tmp_path: Path) -> None:
    folders = [write_run(tmp_path, run, [of_values("a", {"x": [1.0]})]) for run in ("one", "two")]
    found = analyse(read_runs(folders))
    assert found.boards[0].ranking[0].tasks == 2
    assert any("one, two are pooled" in words for words in found.warnings)


def test_runs_of_different_subjects_are_not_pooled(tmp_path: Path) -> None:
    folders = [write_run(tmp_path, run, [of_values("a", {"x": [1.0]}, subject=run)]) for run in ("before", "after")]
    found = analyse(read_runs(folders))
    assert {row.subject for row in found.boards[0].ranking} == {"before", "after"}
    assert not any("pooled" in words for words in found.warnings)


def test_a_baseline_of_other_work_is_told(tmp_path: Path) -> None:
    about = [{"workload_options": {"argv": [word]}} for word in ("old", "new")]
    folders = [
        write_run(tmp_path, a["workload_options"]["argv"][0], [of_values("a", {"x": [1.0]})], about=a) for a in about
    ]
    told = "The baseline had other workload options: what is compared may not be the same work."
    assert told in analyse(read_runs(folders), Options(baseline="old")).warnings
    alike = [write_run(tmp_path, run, [of_values("a", {"x": [1.0]})], about=about[0]) for run in ("one", "two")]
    assert told not in analyse(read_runs(alike), Options(baseline="one")).warnings


def test_prices_that_fit_no_machine_are_told(tmp_path: Path) -> None:
    price = Price("aws", "m9", 1.0, "list", "2026-11-22")
    found = report(tmp_path, of_values("m1", {"x": [1.0]}), options=Options(prices=PriceTable((price,))))
    assert (
        "The price table has no price for aws m1 (provider, instance type): there is no speed per dollar."
        in found.warnings
    )


def test_filters(compared: Compared) -> None:
    data = read_runs([compared.new])
    assert {row.provider for row in analyse(data, Options(providers=("azure",))).boards[0].ranking} == {"azure"}
    assert set(places(analyse(data, Options(names=("C7*", "cax21"))))) == {"c7g.large", "c7i.large", "cax21"}
    assert analyse(data, Options(benchmarks=("n*",))).boards[0].common == ["nbody", "nqueens"]
    nothing = analyse(data, Options(names=("nobody",)))
    assert "after the filters" in nothing.warnings[0]


@pytest.mark.system
def test_a_false_claim_is_rare_though_the_best_is_picked_by_the_same_numbers() -> None:
    """Six equal machines of four tasks, hundreds of times: without the family of all pairs one in four would be a false claim."""
    chance = random.Random(20261122)
    claims = plain = 0
    times = repeats(200, 600)
    for _ in range(times):
        sides = {name: Sample.of([chance.gauss(0, 0.05) for _ in range(4)]) for name in range(6)}
        relations = standing(sides).relations
        claims += any(found.beyond_noise for found in relations.values())
        plain += any((found.p or 1) < 0.05 for found in relations.values() if found.verdict not in ("best", "first"))
    assert claims / times < 0.05
    assert plain / times > 0.2


def test_real_differences_are_found() -> None:
    chance = random.Random(5)
    sides = {
        name: Sample.of([chance.gauss(centre, 0.01) for _ in range(5)]) for name, centre in enumerate((0, 0.1, 0.2))
    }
    assert [found.verdict for found in standing(sides).relations.values()] == ["best", "worse", "worse"]


# baseline


def pair(folder: Path, new: list[float], old: list[float], *, threshold: float = 0.05) -> Report:
    """One benchmark; a task for each number."""
    folders = [
        write_run(folder, run, [of_values("m", {"x": [value]}) for value in values])
        for run, values in (("new", new), ("old", old))
    ]
    return analyse(read_runs(folders), Options(baseline="old", thresholds=Thresholds(threshold)))


@pytest.mark.parametrize(
    ("new", "old", "verdict", "regression"),
    [
        ([1.20, 1.21, 1.22], [1.0, 1.01, 1.02], "worse", True),
        ([1.03, 1.031, 1.032], [1.0, 1.001, 1.002], "worse", False),  # beyond noise, within the threshold
        ([0.5, 1.2, 2.2], [1.0, 1.01, 1.02], "unclear", False),  # beyond the threshold, within noise
        ([0.8, 0.81, 0.82], [1.0, 1.01, 1.02], "better", False),
        ([9.0], [1.0], "unknown", False),
        ([9.0], [1.0, 1.0, 1.0], "unknown", False),
    ],
)
def test_a_regression_is_beyond_the_threshold_and_beyond_noise(
    tmp_path: Path, new: list[float], old: list[float], verdict: str, regression: bool
) -> None:
    found = pair(tmp_path, new, old).comparison
    assert found is not None
    assert [row.benchmark for row in found.rows] == ["x"]  # the mean over one benchmark is no second test
    assert {(row.relation.verdict, row.regression) for row in found.rows} == {(verdict, regression)}


def test_a_regression_comes_before_larger_ratios_within_noise(tmp_path: Path) -> None:
    values = {"old": (1.0, 1.01, 1.02), "new": (1.2, 1.21, 1.22)}
    noise = {"old": (0.2, 1.0, 5.0), "new": (0.4, 2.0, 9.9)}
    folders = [
        write_run(
            tmp_path, run, [of_values("m", {"x": [x], "y": [y]}) for x, y in zip(values[run], noise[run], strict=True)]
        )
        for run in ("new", "old")
    ]
    found = analyse(read_runs(folders), Options(baseline="old")).comparison
    assert found is not None
    assert [(row.benchmark, row.regression) for row in found.rows] == [(None, False), ("x", True), ("y", False)]


def test_metrics_of_one_benchmark_are_told_apart_against_a_baseline(tmp_path: Path) -> None:
    both = [measurement(name, [1.0]) for name in "xy"]
    both += [measurement(name, [2.0], metric="memory", unit="bytes") for name in "xy"]
    folders = [write_run(tmp_path, run, [TaskFolder("m", both)] * 2) for run in ("new", "old")]
    report = analyse(read_runs(folders), Options(baseline="old"))
    assert report.comparison is not None
    drawn, table = Charts(["aws"]).comparison(report.comparison), as_markdown(report, everything=True)
    for name in ("x", "geometric mean"):
        assert f">{name}, interp, aws m<" in drawn
        assert f">{name}, interp, memory, aws m<" in drawn
    assert "| interp, memory | x |" in table


def test_the_threshold_can_be_moved(tmp_path: Path) -> None:
    found = pair(tmp_path, [1.20, 1.21, 1.22], [1.0, 1.01, 1.02], threshold=0.25).comparison
    assert found is not None
    assert found.regressions == []


def test_the_baseline_is_not_ranked_and_what_is_on_one_side_only_is_told(tmp_path: Path) -> None:
    old = write_run(tmp_path, "old", [of_values("m", {"x": [1.0], "gone": [1.0]})])
    new = write_run(tmp_path, "new", [of_values("m", {"x": [1.0], "fresh": [1.0]}), of_values("n", {"x": [1.0]})])
    found = analyse(read_runs([new, old]), Options(baseline="old"))
    assert found.boards[0].ranking[0].tasks == 1
    assert found.comparison is not None
    assert found.comparison.only_in_baseline == ["aws m: gone (interp, time)"]
    assert found.comparison.only_new == ["aws m: fresh (interp, time)", "aws n: x (interp, time)"]
    assert [group.role for group in found.groups] == ["measured", "measured", "baseline"]


def test_a_baseline_needs_another_run(tmp_path: Path) -> None:
    data = read_runs([write_run(tmp_path, "old", [of_values("m", {"x": [1.0]})])])
    with pytest.raises(UsageError, match="cannot be compared with itself"):
        analyse(data, Options(baseline="old"))
    with pytest.raises(UsageError, match="none of the runs"):
        analyse(data, Options(baseline="other"))


# prices


def test_speed_per_dollar(tmp_path: Path) -> None:
    prices = PriceTable(
        tuple(Price("aws", kind, cost, "list", "2026-11-01") for kind, cost in (("a", 4.0), ("b", 1.0)))
    )
    tasks = [of_values(kind, {"x": [value]}) for kind, value in (("a", 1), ("a", 1.02), ("b", 2), ("b", 2.1), ("c", 1))]
    (board,) = report(tmp_path, *tasks, options=Options(prices=prices)).boards
    assert [(row.name, row.place) for row in board.value] == [("b", 1), ("a", 2), ("c", None)]
    best, other, none = board.value
    fast, slow = math.sqrt(1.02), math.sqrt(2 * 2.1)
    assert best.per_dollar == 1.0
    assert other.per_dollar == pytest.approx((1 / fast / 4) / (1 / slow / 1))
    for row in (best, other):
        (ranked,) = (one for one in board.ranking if one.name == row.name)
        assert ranked.geometric_mean_interval is not None
        low, high = ranked.geometric_mean_interval
        cost = row.usd_per_hour or 0
        assert row.interval == pytest.approx(((1 / high / cost) / (1 / slow), (1 / low / cost) / (1 / slow)))
        assert row.interval is not None
        assert row.per_dollar is not None
        assert row.interval[0] < row.per_dollar < row.interval[1]
    assert (none.usd_per_hour, none.per_dollar, none.source) == (None, None, None)


def test_bytes_have_no_speed_per_dollar(tmp_path: Path) -> None:
    prices = PriceTable((Price("aws", "a", 4.0, "list", "2026-11-01"),))
    rss = TaskFolder("a", [measurement("x", [1.0], metric="rss", unit="bytes")])
    assert report(tmp_path, rss, options=Options(prices=prices)).boards[0].value == []


def test_the_example_is_a_price_table() -> None:
    found = load(EXAMPLE).find("aws", ["c8g.large"])
    assert found is not None
    assert "not an offer" in found.source
    assert found.date == "2026-11-22"


def test_csv_and_toml_say_the_same(tmp_path: Path) -> None:
    prices = load(EXAMPLE).prices
    rows = [f'{p.provider},{p.instance_type},{p.usd_per_hour},"{p.source}",{p.date}' for p in prices]
    path = tmp_path / "prices.csv"
    path.write_text("\n".join(["provider,instance_type,usd_per_hour,source,date", *rows]))
    assert load(path) == load(EXAMPLE)


def test_everything_wrong_with_a_price_table_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        "provider,instance_type,usd_per_hour,source,date\n"
        "aws,free,0,list,2026-01-01\naws,odd,nan,list,2026-01-01\naws,when,1,list,soon\naws,bare,,list,2026-01-01\n"
        "aws,ok,1,list,2026-01-01\naws,ok,2,list,2026-01-01\n"
    )
    with pytest.raises(ConfigError) as refused:
        load(path)
    told = str(refused.value)
    assert all(f"price {n}:" in told for n in (1, 2, 3, 4, 6))
    assert "price 5:" not in told
    assert "leave the whole price out" in told


HEAD = b"provider,instance_type,usd_per_hour,source,date\n"


@each_case(
    ("name", "content", "words"),
    [
        ("p.toml", b"price = 3", "no \\[\\[price\\]\\]"),
        ("p.toml", b"price = [3]", "must be a table"),
        ("p.toml", b"not toml", "is not TOML"),
        ("p.toml", b"price = " + b"9" * 5_000, "is not TOML"),
        ("p.toml", b"price = " + b"[" * 3_000, "is not TOML: nested too deeply"),
        ("p.toml", b"\xff", "is not UTF-8"),
        ("p.csv", b"provider,price\n", "lacks the columns instance_type, usd_per_hour"),
        ("p.csv", HEAD + b'"aws,m,1,s,2026-11-22\n' + b"x" * 200_000, "is not CSV: .*; is a quote missing"),
        ("p.csv", HEAD + b"aws,m,1e308,s,2026-11-22\n", "usd_per_hour is '1e308', must be a number above 0"),
        ("p.csv", HEAD + b"aws,m,1e-320,s,2026-11-22\n", "usd_per_hour is '1e-320', must be a number above 0"),
    ],
)
def test_a_file_that_is_no_price_table(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigError, match=words):
        load(tmp_path / name)


def test_a_price_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the price table"):
        load(tmp_path / "absent.toml")


def test_samples_of_a_benchmark_that_then_failed_are_told_as_incomplete(tmp_path: Path) -> None:
    lost = {"benchmark": "fib", "variant": "interp", "reason": "failed at repeat 4 of 6"}
    other = {**lost, "benchmark": "sum"}
    folder = write_run(tmp_path, "one", [of_values("a", {"fib": [1.0, 1.1]}, failures=[lost, other])])
    told = [words for words in analyse(read_runs([folder])).warnings if "incomplete" in words]
    assert len(told) == 1
    assert told[0].endswith(": the samples of fib are incomplete: failed at repeat 4 of 6")
