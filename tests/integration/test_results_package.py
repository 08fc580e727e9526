"""What results mean: series, scales, and parts put together."""

import json
import subprocess
import sys

import pytest
from benchfleet_contract.workloads.known import KNOWN_WORKLOADS
from benchfleet_results.metrics import Aggregator, Metric, by_unit
from benchfleet_results.pooling import executions
from benchfleet_results.reading import ResultError, read_result
from benchfleet_results.registry import KINDS, aggregator, metric_of
from benchfleet_results.series import Failure, Samples, Series

from tests.each_case import each_case


def output(*measurements: dict[str, object], **more: object) -> bytes:
    found = [{"variant": "default", "unit": "s", "better": "lower", **one} for one in measurements]
    return json.dumps({"schema_version": 1, "workload": "mock", "measurements": found, **more}).encode()


def series(**more: object) -> Series:
    return Series("mock", "x", "default", "time", "s", "lower")._replace(**more)  # type: ignore[arg-type]


def test_every_kind_of_work_has_an_aggregator() -> None:
    assert set(KINDS) == set(KNOWN_WORKLOADS)
    assert [aggregator(kind).kind for kind in KINDS] == list(KINDS)


def test_a_kind_that_nobody_knows_goes_by_its_units() -> None:
    assert aggregator("theirs") == Aggregator("theirs")
    assert metric_of(series(workload="theirs", metric="p99", unit="ms")).scale == "ratio"


@each_case(
    ("unit", "scale"),
    [("s", "ratio"), ("req/s", "ratio"), ("bytes", "ratio"), ("%", "share"), (" Percent", "share"), ("count", "count"),
     ("errors", "count"), ("", "count"), ("1", "count")],
)  # fmt: skip
def test_units_say_the_scale(unit: str, scale: str) -> None:
    assert by_unit(unit).scale == scale


def test_a_kind_s_own_words_come_before_the_unit() -> None:
    assert Aggregator("k", {"load": Metric("share")}).metric("load", unit="s") == Metric("share")
    assert aggregator("pyperformance").metric("count", unit="1").not_compared
    assert aggregator("pyperformance").metric("time", unit="s") == Metric("ratio")


def test_a_result_becomes_series() -> None:
    raw = output(
        {"benchmark": "x", "samples": [1.0, 2.0], "warmup": [9.0]},
        {"benchmark": "x", "samples": [3.0]},
        failures=[{"benchmark": "y", "variant": "default", "reason": "why"}],
    )
    assert read_result(raw) == ((Samples(series(), (1.0, 2.0, 3.0), listed=2),), (Failure("y", "default", "why"),))


def test_samples_that_are_no_usable_numbers_are_counted() -> None:
    raw = output({"benchmark": "x", "samples": [1.0, 1e19, -1e-19, 0.0, -2.0]}).replace(b"1e+19", b"NaN")
    (found,) = read_result(raw).samples
    assert (found.values, found.dropped) == ((1.0, 0.0, -2.0), 2)


@each_case(
    ("raw", "words"),
    [(b"[]", "is none of ours: it is "), (b'{"failures": [' + 1_500_000 * b"1," + b"1]}", "too many")],
)
def test_a_document_that_is_none_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(ResultError, match=words):
        read_result(raw)


def test_parts_of_one_execution_are_one() -> None:
    first, second, other = (
        Samples(series(benchmark=name), (value,)) for name, value in (("a", 1.0), ("b", 2.0), ("a", 3.0))
    )
    found = executions([("one", (first,)), ("two", (other,)), ("one", (second,))])
    assert found == {"one": (first, second), "two": (other,)}


def test_a_benchmark_of_two_parts_is_one_series() -> None:
    found = executions([("one", (Samples(series(), (1.0,), dropped=1),)), ("one", (Samples(series(), (2.0,)),))])
    assert found == {"one": (Samples(series(), (1.0, 2.0), dropped=1, listed=2),)}


def test_the_package_loads_no_client_library() -> None:
    """A Lambda imports it: what is imported there costs each cold start."""
    code = (
        "import sys; from benchfleet_results.registry import KINDS, aggregator; [aggregator(kind) for kind in KINDS]; "
        "print(sorted({'httpx', 'rich', 'typer', 'yaml', 'boto3', 'benchfleet'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
