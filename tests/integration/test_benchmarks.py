"""The frame around the benchmarks: what is counted, what is told when something cannot be measured."""

import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.hooks import HierarchicalEmitter
from rich.console import Console

from benchmarks import child_cpu, emulator_load, package_size, version_start
from benchmarks.__main__ import TOPICS, known, main, measure, merged, table, write
from benchmarks.causes import BEFORE, CAUSES, EXPRESSIONS, HTTP
from benchmarks.metering import Meter
from benchmarks.metric import Metric
from tests.each_case import each_case


def metric(value: float | None, *, limit: float = 2) -> dict[str, Any]:
    return Metric("requests", value, "requests", limit, "counted").as_dict()


@each_case(("value", "ok"), [(1.9, True), (2, True), (2.1, False), (None, False)])
def test_a_metric_is_ok_up_to_its_limit(value: float | None, ok: bool) -> None:
    assert metric(value)["ok"] is ok
    assert list(metric(value)) == ["name", "value", "unit", "limit", "how", "before", "ok"]


@each_case(("value", "ok"), [(1e9, True), (None, False)])
def test_a_metric_without_a_limit_is_only_told(value: float | None, ok: bool) -> None:
    assert Metric("share", value, "ms", None, "counted").ok is ok


def test_a_topic_that_cannot_be_measured_is_told_and_not_ok() -> None:
    def load(name: str) -> Any:
        raise OSError("no network")

    (told,) = measure("package_size", load=load)
    assert (told["ok"], told["value"]) == (False, None)
    assert told["how"] == "not measured: OSError: no network"


def test_every_topic_is_a_module() -> None:
    folder = Path(child_cpu.__file__).parent
    assert [name for name in TOPICS if not (folder / f"{name}.py").exists()] == []


def test_an_unknown_topic_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["speed"]) == 2
    assert "no such topic: speed" in capsys.readouterr().err


def test_the_table_tells_each_number_beside_its_limit() -> None:
    screen = Console(file=io.StringIO(), width=120, color_system=None)
    screen.print(table([metric(1.25), metric(None), Metric("CPU", 1.5, "ms", None, "", before=19.75).as_dict()]))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert "1.25" in text
    assert text.index("19.75") < text.index("1.5 ")
    assert (text.count("yes"), text.count(" no ")) == (2, 1)


def test_what_is_measured_anew_replaces_its_topic_and_keeps_the_others(tmp_path: Path) -> None:
    def found(topic: str, value: float, name: str = "x") -> dict[str, Any]:
        return {"topic": topic, "name": name, "value": value}

    before = [
        found("registry_load", 1),
        found("import_cost", 2),
        found("import_cost", 3, "gone"),
        found("no longer", 4),
    ]
    write(before, path=tmp_path / "results.json")
    now = merged(known(tmp_path / "results.json"), [found("import_cost", 5), found("requests_per_claim", 6)])
    assert [(one["topic"], one["value"]) for one in now] == [
        ("requests_per_claim", 6), ("registry_load", 1), ("import_cost", 5),
    ]  # fmt: skip
    assert known(tmp_path / "nothing.json") == []


def test_a_metric_says_of_which_topic_it_is_and_when_it_was_measured() -> None:
    (told,) = measure("package_size", load=lambda name: SimpleNamespace(metrics=lambda: [metric(1)]))
    assert (told["topic"], told["value"], len(told["on"])) == ("package_size", 1, len("2026-11-29"))


def test_results_are_written_whole(tmp_path: Path) -> None:
    write([metric(1)], path=tmp_path / "results.json")
    assert json.loads((tmp_path / "results.json").read_text()) == {"metrics": [metric(1)]}
    assert [entry.name for entry in tmp_path.iterdir()] == ["results.json"]


@pytest.fixture
def events() -> HierarchicalEmitter:
    return HierarchicalEmitter()


def test_the_meter_counts_every_attempt_but_only_of_dynamodb(events: HierarchicalEmitter) -> None:
    meter = Meter()
    meter.watch(events)
    for name in (
        "dynamodb.UpdateItem",
        "dynamodb.UpdateItem",
        "dynamodb.Query",
        "dynamodb-streams.GetRecords",
        "s3.PutObject",
    ):
        events.emit(f"before-call.{name}", request=None)
    assert meter.requests == {"UpdateItem": 2, "Query": 1}
    assert meter.total() == 3


def test_the_meter_keeps_a_thread_s_requests_apart(events: HierarchicalEmitter) -> None:
    meter = Meter()
    meter.watch(events)
    events.emit("before-call.dynamodb.Query", request=None)
    with meter.of_this_thread() as mine:
        events.emit("before-call.dynamodb.Query", request=None)
    events.emit("before-call.dynamodb.Query", request=None)
    assert (mine, meter.total()) == ({"Query": 1}, 3)


def test_the_meter_prices_reads_and_refused_writes(events: HierarchicalEmitter) -> None:
    meter = Meter()
    meter.watch(events)
    events.emit("provide-client-params.dynamodb.Query", params={"ConsistentRead": True})
    items = [{"pk": {"S": "x" * 3000}}, {"pk": {"S": "x" * 3000}}]
    events.emit("after-call.dynamodb.Query", model=SimpleNamespace(name="Query"), parsed={"Items": items})
    assert meter.read_units == 2
    refusal = {"Error": {"Code": "ConditionalCheckFailedException"}, "Item": {"pk": {"S": "x" * 1500}}}
    events.emit("after-call.dynamodb.UpdateItem", model=SimpleNamespace(name="UpdateItem"), parsed=refusal)
    assert meter.refused_units == 2
    meter.reset()
    assert (meter.refused_units, meter.read_units) == (0, 0)


@pytest.mark.proof
def test_cpu_of_a_child_leaves_out_the_start_of_its_interpreter() -> None:
    busy = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    assert child_cpu.cpu_s("pass") < 0.2 <= child_cpu.cpu_s(busy)


def test_what_is_measured_does_not_compile_its_modules_at_each_start() -> None:
    statement = "import sys\nassert not sys.dont_write_bytecode"
    assert child_cpu.cpu_s(statement, environment={"PYTHONDONTWRITEBYTECODE": "1"}) < 1


def test_each_cause_of_a_life_stands_beside_what_it_took_before() -> None:
    told = emulator_load.causes_told(dict.fromkeys(CAUSES, 0.001), 0.1)
    by_name = {metric["name"].removeprefix("of a life: "): metric for metric in told}
    assert list(by_name) == list(CAUSES)
    assert (by_name[EXPRESSIONS]["before"], by_name[EXPRESSIONS]["value"]) == (28.0, 1.0)
    assert "another machine" in by_name[EXPRESSIONS]["how"]
    assert by_name[HTTP]["before"] is None
    assert sum(BEFORE.values()) == pytest.approx(1)


def test_packaging_copies_follow_the_symlink_in_vendor(tmp_path: Path) -> None:
    package_size.copy_sources(tmp_path / "project", names=["vendor", "requirements.txt"])
    for package, module in (("benchfleet_contract", "names.py"), ("benchfleet_results", "registry.py")):
        copied = tmp_path / "project" / "vendor" / package
        assert (copied / module).is_file()
        assert not copied.is_symlink()
    assert list((tmp_path / "project").rglob("__pycache__")) == []


def test_cpu_of_a_process_is_all_of_it() -> None:
    busy = "import time\nend = time.process_time() + 0.2\nwhile time.process_time() < end: pass"
    assert version_start.process_cpu_s((sys.executable, "-c", busy)) >= 0.2
    with pytest.raises(subprocess.CalledProcessError):
        version_start.process_cpu_s((sys.executable, "-c", "raise SystemExit(1)"))


def test_the_start_of_the_command_line_is_measured_on_what_is_installed() -> None:
    assert version_start.console_script()[-1] == "--version"
    assert version_start.process_cpu_s(version_start.console_script()) > 0


@pytest.mark.proof  # of CPU time
def test_the_start_of_the_command_line_costs_little_more_than_pythons_own() -> None:
    assert version_start.start_ratio(version_start.console_script(), over=version_start.BARE, rounds=3) < 4
