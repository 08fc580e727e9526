"""What a run's machines will cost, told before anything starts."""

import io
import json
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from benchfleet.cli.run_menu import agrees
from benchfleet.prices.durations import Durations, of_results
from benchfleet.prices.estimate import Estimate, estimate, words
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.runs import RunRequest
from benchfleet_results.prices.shipped import shipped

from tests.each_case import each_case

HOUR = Decimal("0.03988") + 30 * Decimal("0.08") / 730 + Decimal("0.005")


def asked(**changes: Any) -> RunRequest:
    body: dict[str, Any] = {
        "workload": "mock", "per_instance_type": {"tasks": 4, "instances": 2}, "deadline_s": 7200,
        "aws": [{"instance_type": "c8g.medium"}], "provision": {"aws": {}},
    }  # fmt: skip
    request = read_run_request(body | changes).request
    assert request is not None
    return request


def estimated(durations: Durations | None = None, **changes: Any) -> Estimate:
    return estimate(asked(**changes), shipped(), home="us-east-1", durations=durations)


def test_at_most_every_machine_works_until_the_deadline() -> None:
    found = estimated()
    assert found.at_most == pytest.approx(2 * 2 * HOUR)
    assert found.probably is None
    line, total, unknown = words(found)
    assert unknown.startswith("What they will probably cost is not known: no earlier run of the same work is known")
    assert line.startswith("  2 x c8g.medium, on-demand, us-east-1: 0.0482 USD/h each (2026-07-20, AWS Price List")
    assert total == "The machines cost at most 0.19 USD until the deadline."


def test_no_more_machines_are_counted_than_there_are_tasks() -> None:
    assert estimated(per_instance_type={"tasks": 1, "instances": 9}).at_most == pytest.approx(2 * HOUR)


def test_max_cost_bounds_what_is_told_also_where_a_price_is_unknown() -> None:
    unknown = [{"instance_type": "c8g.medium"}, {"instance_type": "z9.huge"}]
    assert estimated(max_cost=0.1).at_most == Decimal("0.1")
    found = estimated(aws=unknown)
    assert (found.at_most, found.probably) == (None, None)
    assert list(words(found))[1:] == [
        "  2 x z9.huge, on-demand, us-east-1: price unknown",
        "The machines cost nobody knows how much: set max_cost, or run `benchfleet prices update`.",
    ]
    assert estimated(aws=unknown, max_cost=5).at_most == pytest.approx(2 * 2 * HOUR)


def test_a_spot_machine_costs_at_most_what_it_does_on_demand() -> None:
    found = estimated(provision={"aws": {"market": "spot", "regions": ["us-west-2"]}})
    (line,) = found.lines
    assert line.price is not None
    assert (line.region, line.price.machine.usd) == ("us-west-2", Decimal("0.0068"))
    assert found.at_most == pytest.approx(2 * 2 * HOUR)


def test_a_run_that_brings_no_machines_has_nothing_to_tell() -> None:
    assert list(words(estimated(provision=None))) == []


def test_the_probable_cost_goes_by_the_time_out_of_tasks_where_no_earlier_run_is_known() -> None:
    repeats = {"argv": ["true"], "timeout_s": 100, "repeats": 5, "warmup": 1}
    found = estimated(workload="command", workload_options=repeats)
    assert found.probably == pytest.approx(2 * HOUR * (180 + 2 * 600) / 3600)
    assert list(words(found))[-1].endswith("probably not above 0.04 USD, by the time-out of its tasks.")


def done(results: Path, run_id: str, *seconds: float, instance_type: str = "c8g.medium", **changes: Any) -> None:
    """A folder of results, as a run leaves it."""
    run: dict[str, Any] = {"workload": "mock", "workload_options": {}, "ruby_version": None}
    (results / run_id).mkdir(parents=True)
    (results / run_id / "run.json").write_text(json.dumps(run | changes))
    for number, duration_s in enumerate(seconds, start=1):
        told = {"instance_type": instance_type, "status": "success", "duration_s": duration_s}
        (results / run_id / f"task-{number}").mkdir()
        (results / run_id / f"task-{number}" / "metadata.json").write_text(json.dumps(told))


def test_the_probable_cost_goes_by_what_the_same_work_took_before(tmp_path: Path) -> None:
    done(tmp_path, "like-this", 100, 140)
    done(tmp_path, "another", 9_999, workload_options={"steps": 9})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.json").write_text("{")
    known = of_results(tmp_path, asked())
    found = estimated(known)
    assert found.probably == pytest.approx(2 * HOUR * (180 + 2 * 120) / 3600)
    assert "probably about 0.01 USD, as 2 tasks of run like-this took (in " in list(words(found))[-1]


def test_where_only_other_machines_did_that_work_it_is_said(tmp_path: Path) -> None:
    done(tmp_path, "elsewhere", 60, instance_type="laptop")
    found = estimated(of_results(tmp_path, asked()), max_cost=0.001)
    assert found.probably == Decimal("0.001")
    assert "as 1 task of run elsewhere took on other machines (in " in list(words(found))[-1]


@each_case("seconds", [(), (-1,), (0,), (float("inf"),), (True,), ("60",)])
def test_a_duration_that_is_none_is_not_counted(tmp_path: Path, seconds: tuple[Any, ...]) -> None:
    done(tmp_path, "odd", *seconds)
    assert of_results(tmp_path, asked()) is None
    assert of_results(tmp_path / "nowhere", asked()) is None


class Screen:
    def paused(self) -> AbstractContextManager[None]:
        return nullcontext()


@each_case(("typed", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False), ("no\n", False)])
def test_only_yes_is_yes(typed: str, agreed: bool) -> None:
    out = io.StringIO()
    assert agrees(display=Screen(), answers=io.StringIO(typed), out=out) is agreed
    assert out.getvalue() == "Start it? [y/N] "
