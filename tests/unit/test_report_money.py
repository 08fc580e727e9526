"""What work costs: the whole instance, kinds of prices, how sure the order is, and what the run itself cost."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import scipy
from benchfleet.exceptions import ConfigError
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.csv_summary import summary_rows
from benchfleet.report.model.money import Value
from benchfleet.report.model.report import Report
from benchfleet.report.prices import MAX_BYTES, Price, PriceTable, known, load, named
from benchfleet.report.reading import read_runs

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run

TIMES = {"a": (1.0, 1.02, 1.01), "b": (2.0, 2.02, 2.05)}


def price(kind: str, cost: float, of: str = "on-demand") -> Price:
    return Price("aws", kind, cost, "list", "2026-11-01", of)  # type: ignore[arg-type]


def report(folder: Path, tasks: Sequence[TaskFolder], *prices: Price) -> Report:
    return analyse(read_runs([write_run(folder, "r", tasks)]), Options(prices=PriceTable(prices)))


def two_machines(**about: object) -> list[TaskFolder]:
    return [
        of_values(kind, {"x": [t, t]}, metadata={"conditions": about} if about else {})
        for kind in TIMES
        for t in TIMES[kind]
    ]


def rows(found: Report) -> dict[str, Value]:
    return {row.name: row for row in found.boards[0].value}


def test_costs_of_the_same_work_are_compared_as_the_ranking_is(tmp_path: Path) -> None:
    """Prices are exact: the ratio moves by theirs, and how sure it is stays as it was."""
    found = report(tmp_path, two_machines(), price("a", 4.0), price("b", 1.0))
    (board,) = found.boards
    slower, dearer = board.ranking[1].to_best, rows(found)["a"].to_best
    logs = [[math.log(t * cost) for t in TIMES[kind]] for kind, cost in (("a", 4.0), ("b", 1.0))]
    test = scipy.stats.ttest_ind(*logs, equal_var=False)
    assert (board.value[0].name, board.value[0].to_best.verdict) == ("b", "best")
    assert dearer.p == pytest.approx(test.pvalue, rel=1e-6)
    assert dearer.ratio == pytest.approx(4 / (slower.ratio or 0))
    assert dearer.interval is not None
    assert slower.interval is not None
    assert dearer.interval == pytest.approx((4 / slower.interval[1], 4 / slower.interval[0]))
    assert dearer.verdict == "worse"


def test_equal_costs_are_not_told_apart(tmp_path: Path) -> None:
    found = report(tmp_path, two_machines(), price("a", 2.0), price("b", 1.0))
    assert {row.to_best.verdict for row in found.boards[0].value[1:]} == {"unclear"}


def test_an_instance_does_what_all_its_slots_do(tmp_path: Path) -> None:
    tasks = two_machines()
    for task in tasks[:3]:
        task.metadata = {"conditions": {"slots": 8, "busy_slots": 4}}
    found = report(tmp_path, tasks, price("a", 4.0), price("b", 1.0))
    one, other = rows(found)["a"], rows(found)["b"]
    assert (one.slots_at_work, other.slots_at_work) == (4, None)
    assert (one.per_dollar, one.to_best.verdict) == (1.0, "best")
    assert other.to_best.ratio == pytest.approx(found.boards[0].ranking[1].to_best.ratio)
    mean = found.boards[0].ranking[0].geometric_mean or 0
    assert one.usd_per_million == pytest.approx(mean / 3600 * 4.0 / 4 * 1e6)


@each_case("odd", [0, True, "4", 4.5, 10**9, None])
def test_slots_that_cannot_be_are_not_recorded(tmp_path: Path, odd: object) -> None:
    tasks = two_machines(busy_slots=odd)
    assert {row.slots_at_work for row in report(tmp_path, tasks, price("a", 1.0)).boards[0].value} <= {None, 1.0}


def test_slots_that_one_task_did_not_record_are_not_known(tmp_path: Path) -> None:
    tasks = two_machines(busy_slots=2)
    tasks[0].metadata = {}
    found = {one.name: one.slots_at_work for one in report(tmp_path, tasks).groups}
    assert found == {"a": None, "b": 2.0}


def test_a_million_requests_cost_what_an_hour_of_them_does(tmp_path: Path) -> None:
    rate = {"metric": "throughput", "unit": "req/s", "better": "higher"}
    tasks = [TaskFolder("a", [measurement("hello", [value], **rate)]) for value in (1000.0, 1000.0)]
    row = rows(report(tmp_path, tasks, price("a", 3.6)))["a"]
    assert row.usd_per_million == pytest.approx(1.0)


def test_kinds_of_prices_have_rankings_of_their_own(tmp_path: Path) -> None:
    offers = [price("a", 4.0), price("b", 1.0), price("a", 0.1, "spot")]
    found = report(tmp_path, two_machines(), *reversed(offers)).boards[0].value
    assert [(row.kind, row.name, row.place) for row in found] == [
        ("on-demand", "b", 1), ("on-demand", "a", 2), ("spot", "a", 1), ("spot", "b", None),
    ]  # fmt: skip


def test_the_run_costs_its_machine_time(tmp_path: Path) -> None:
    """Tasks take an hour each here: two side by side share their instance. One that failed costs as much."""
    tasks = [*two_machines(busy_slots=2), TaskFolder("a", entry={"error_type": "timeout"})]
    found = report(tmp_path, tasks, price("a", 4.0), price("b", 1.0), price("b", 0.5, "spot"))
    assert [(one.name, one.kind, one.hours, one.usd, one.not_timed) for one in found.costs] == [
        ("a", "on-demand", 1.5, 6.0, 1), ("b", "on-demand", 1.5, 1.5, 0), ("b", "spot", 1.5, 0.75, 0),
    ]  # fmt: skip
    assert [one.hours for one in found.groups] == [1.5, 1.5]
    days = {(row["price_source"], row["price_date"]) for row in summary_rows(found) if row["row"] == "run_cost"}
    assert days == {(one.source, one.date) for one in found.costs}
    assert all(one.date for one in found.costs)


@each_case("about", [{"start_time": "soon"}, {"end_time": "2026-11-22T05:00:00Z"}, {"clock": "set back"}])
def test_times_that_cannot_be_cost_nothing_and_are_counted(tmp_path: Path, about: dict[str, str]) -> None:
    task = of_values("a", {"x": [1.0]}, metadata=about)
    assert report(tmp_path / "1", [task], price("a", 4.0)).costs == []
    (found,) = report(tmp_path / "2", [task, of_values("a", {"x": [1.0]})], price("a", 4.0)).costs
    assert (found.hours, found.not_timed) == (1.0, 1)


def test_automatic_prices_are_those_of_aws_in_a_region_with_source_and_day(tmp_path: Path) -> None:
    here = {"BENCHFLEET_PRICES": str(tmp_path / "prices.json")}
    found = known("", environ=here).find("aws", ["c8g.medium"])
    assert found is not None
    assert (found.usd_per_hour, found.date) == (0.03988, "2026-07-20")
    assert found.source.startswith("AWS Price List, as the Karpenter project published it")
    assert found.source.endswith(", us-east-1")
    spot = known("eu-west-1", environ=here).find("aws", ["c8g.medium"], "spot")
    assert spot is not None
    assert spot.usd_per_hour == 0.0133
    assert known("", environ=here | {"AWS_REGION": "eu-west-1"}) == known("eu-west-1", environ=here)
    with pytest.raises(ConfigError, match=r"no prices of mars-1 are known, only of ap-northeast-1, .*--region mars-1"):
        known("mars-1", environ=here)
    with pytest.raises(ConfigError, match="cannot read the price table auto: "):
        named("./auto")
    assert named(None) == PriceTable()


def test_of_an_endless_file_no_more_is_read_than_may_be() -> None:
    with pytest.raises(
        ConfigError, match=f"the price table /dev/zero has more than the {MAX_BYTES} bytes that are read"
    ):
        named("/dev/zero")


def test_a_kind_may_be_left_out_and_must_be_known(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    head = "provider,instance_type,usd_per_hour,source,date,kind\n"
    path.write_text(head + "aws,a,1,list,2026-01-01,\naws,a,0.4,list,2026-01-01,spot\n")
    assert [one.kind for one in load(path).prices] == ["on-demand", "spot"]
    path.write_text(head + "aws,a,1,list,2026-01-01,Spot\naws,b,1,list,2026-01-01,spot\naws,b,2,list,2026-01-01,spot\n")
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert "kind is 'Spot', must be on-demand, spot or reserved" in str(refused.value)
    assert "price 3: aws b has a spot price already: keep one" in str(refused.value)
