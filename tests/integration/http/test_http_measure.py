"""A running server is measured by real load; 500s, wrong and half bodies, and servers that die never win."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from benchfleet_contract.http_results import HttpResult, Resources, WorkloadResult

from runner_image.workloads.http.load.own import OpenLoop
from runner_image.workloads.http.load.wrk import Wrk
from runner_image.workloads.http.measure import Asked, Gate, Loaders, measure
from runner_image.workloads.http.outputs import output_of
from runner_image.workloads.http.plan import Plan, interleaved
from runner_image.workloads.protocol import WorkloadError
from tests.integration.http.load_parts import slot_commands
from tests.integration.http.loaded_server import BODY, loaded_server

pytestmark = pytest.mark.system

loads = pytest.mark.needs_load_tools
PLAN = Plan(
    primer_s=0, warmup_s=0, duration_s=0.2, concurrencies=(4,), rate_duration_s=0.2, fractions=(), keep_alive=True
)


@dataclass(frozen=True)
class One:
    name: str
    target: str
    suite: str = "all"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    expected_status: int = 200
    declared_bytes: int | None = None


@dataclass
class Served:
    """`ended`: how many looks until it is gone."""

    port: int
    looks: int = 1000

    def alive(self) -> None:
        self.looks -= 1
        if self.looks < 0:
            raise WorkloadError("the server died: out of memory")


class Quiet:
    def start(self) -> None:
        pass

    def stop(self) -> Resources:
        return Resources(cpu_s=0.1, memory_peak_bytes=1000)


def accepted(asked: Asked) -> Gate:
    return Gate("unsupported", ("not declared",)) if "none" in asked.name else Gate("pass", body=BODY)


def unchecked(_found: object, _used: object) -> list[str]:
    """Other tests share this machine's cores: the checks of the load would see them."""
    return []


@pytest.fixture
def loaders(tmp_path: Path) -> Iterator[Loaders]:
    with slot_commands(tmp_path) as commands:
        yield Loaders(Wrk(commands), OpenLoop(commands), accepted, Quiet, unchecked, unchecked)


def measured(loaders: Loaders, *paths: str, looks: int = 1000, plan: Plan = PLAN) -> list[WorkloadResult]:
    with loaded_server() as server:
        asked = [One(path.strip("/"), path) for path in paths]
        return list(measure(Served(server.port, looks), asked, plan, loaders, on_workload=lambda _name: None))


@loads
def test_right_answers_are_measured_at_each_concurrency(loaders: Loaders) -> None:
    (found,) = measured(loaders, "/ok", plan=replace(PLAN, concurrencies=(2, 4)))
    assert found.status == "measured", found.reasons
    assert [level.connections for level in found.saturation] == [2, 4]
    assert found.best_rps == max(level.rps for level in found.saturation) > 0
    best = max(found.saturation, key=lambda level: level.rps)
    assert found.requests_per_cpu_s == pytest.approx(best.ok / 0.1)


@loads
def test_wrong_answers_never_win_however_fast(loaders: Loaders) -> None:
    paths = ("/ok", "/500", "/other", "/half", "/none")
    found = measured(loaders, *paths)
    by_name = {one.name: one for one in found}
    assert {name: one.status for name, one in by_name.items()} == {
        "ok": "measured", "500": "invalid", "other": "invalid", "half": "invalid", "none": "unsupported",
    }  # fmt: skip
    assert all(one.best_rps is None for one in found if one.name != "ok")
    assert by_name["500"].reasons == ["no right answer at all"]
    result = HttpResult(framework="f", subject="f", suite="all", started_at="now", workloads=found, startup_s=0.5)
    output = output_of(result)
    assert {one.benchmark for one in output.measurements} == {"ok", "server"}
    assert {one.benchmark for one in output.failures} == {path.strip("/") for path in paths} - {"ok"}


@loads
def test_a_server_that_dies_keeps_what_it_had_and_fails_the_rest(loaders: Loaders) -> None:
    first, second, third = measured(loaders, "/ok", "/ok", "/ok", looks=4)
    assert first.status == "measured"
    assert second.status == "failed"
    assert second.best_rps is None
    assert second.reasons == ["the server died: out of memory"]
    assert third.status == "failed"
    assert "before its turn" in third.reasons[0]


@loads
def test_latency_is_measured_at_a_fraction_of_the_saturation_rate(loaders: Loaders) -> None:
    (found,) = measured(loaders, "/ok", plan=replace(PLAN, fractions=(0.25,)))
    (rate,) = found.latency
    assert found.best_rps is not None
    assert rate.rate == pytest.approx(found.best_rps / 4)
    assert rate.ok == rate.response.count > 0
    assert rate.response.p99 is not None
    assert rate.service.p50 is not None
    assert rate.response.p99 >= rate.service.p50
    output = output_of(HttpResult(framework="f", subject="f", suite="all", started_at="now", workloads=[found]))
    metrics = {(one.metric, one.variant) for one in output.measurements}
    assert {("throughput", "default"), ("throughput_per_cpu", "default")} <= metrics
    assert (("latency_p99", "25%") in metrics) is rate.validity.ok


@loads
def test_a_check_that_objects_makes_the_cell_invalid(loaders: Loaders) -> None:
    (found,) = measured(replace(loaders, check_saturation=lambda _found, _used: ["client-limited"]), "/ok")
    assert (found.status, found.reasons, found.best_rps) == ("invalid", ["client-limited"], None)


@loads
def test_what_was_disturbed_is_measured_again_and_told(loaders: Loaders) -> None:
    said = iter([["noisy: others had its core"], []])
    told = list[str]()
    with loaded_server() as server:
        once = replace(loaders, check_saturation=lambda _found, _used: next(said))
        found = list(
            measure(Served(server.port), [One("ok", "/ok")], replace(PLAN, tries=3), once, on_workload=told.append)
        )
    assert found[0].status == "measured"
    assert found[0].saturation[0].earlier == ["noisy: others had its core"]
    assert told == ["ok", "ok at 4 connections again: noisy: others had its core"]


@loads
def test_tries_have_an_end_and_other_doubts_are_not_tried_again(loaders: Loaders) -> None:
    always = replace(loaders, check_saturation=lambda _found, _used: ["noisy: others had its core"])
    (found,) = measured(always, "/ok", plan=replace(PLAN, tries=2))
    assert (found.status, len(found.saturation[0].earlier or [])) == ("invalid", 1)
    limited = replace(loaders, check_saturation=lambda _found, _used: ["client-limited"])
    (found,) = measured(limited, "/ok", plan=replace(PLAN, tries=2))
    assert (found.status, found.saturation[0].earlier) == ("invalid", None)


def test_a_profiled_result_has_nothing_to_rank() -> None:
    result = HttpResult(
        framework="f", subject="f", suite="all", started_at="now", requested=["ok"], profiled=True, startup_s=1.0,
        workloads=[WorkloadResult(name="ok", suite="all", status="measured", best_rps=1.0)],
    )  # fmt: skip
    assert output_of(result).measurements == []


def test_repeats_are_interleaved_and_turn_round() -> None:
    assert list(interleaved(["a", "b"], 3)) == [("a", 1), ("b", 1), ("b", 2), ("a", 2), ("a", 3), ("b", 3)]
