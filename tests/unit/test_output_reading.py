"""An `output.json` of a stranger: what is odd about one thing costs that one, never the others."""

import json

import pytest
from benchfleet_contract.output_reading import OutputError, read_output

from tests.each_case import each_case

GOOD = {"benchmark": "good", "variant": "default", "unit": "s", "better": "lower", "samples": [1.0, 1.1]}


def written(*measurements: object, **fields: object) -> bytes:
    return json.dumps({"schema_version": 1, "workload": "command", "measurements": measurements, **fields}).encode()


def reasons(raw: bytes) -> dict[str, str]:
    """Reads a document whose one good measurement must survive. Why each other thing did not, by its name."""
    output = read_output(raw)
    assert [(one.benchmark, one.samples) for one in output.measurements] == [("good", [1.0, 1.1])]
    output.model_dump_json()  # what was read can be written again
    return {lost.benchmark: lost.reason for lost in output.failures}


@each_case(
    ("field", "value"),
    [
        ("unit", None), ("unit", 5), ("better", "up"), ("samples", "1.5"), ("samples", None), ("samples", [1, None]),
        ("samples", [True]), ("samples", [float("inf")]), ("warmup", ["a"]), ("variant", []), ("metric", {}),
        ("\ud800", 1), ("unit", "\ud800"),
    ],
)  # fmt: skip
def test_one_odd_field_of_a_measurement_costs_that_measurement(field: str, value: object) -> None:
    found = reasons(written(GOOD, {**GOOD, "benchmark": "odd", field: value}))
    assert found.keys() == {"odd"}
    assert found["odd"].startswith("cannot be read: measurements.1")


@each_case("item", [None, [], "x", 5])
def test_what_is_no_measurement_at_all_goes_by_its_place(item: object) -> None:
    assert reasons(written(item, GOOD)).keys() == {"measurements.0"}


def test_a_name_in_another_encoding_costs_that_measurement() -> None:
    raw = written(GOOD, {**GOOD, "benchmark": "CAFE"}).replace(b"CAFE", b"caf\xe9")
    assert reasons(raw) == {"caf?": "cannot be read: measurements.1.benchmark is no valid Unicode"}


def test_fields_that_nobody_knows_cost_nothing_and_are_told() -> None:
    found = reasons(written(GOOD, failure=[], b=1, c=1, d=1))
    assert found == {
        "output.json": 'cannot be read: "failure", "b", "c" and 1 more: no such field, must be one of '
        "schema_version, workload, subject, measurements, failures"
    }
    assert "ud800" in reasons(written(GOOD, **{"\ud800": 1}))["output.json"]


@each_case("failures", [None, {}, "none", 0])
def test_failures_that_are_no_list_cost_no_measurement(failures: object) -> None:
    assert reasons(written(GOOD, failures=failures)) == {
        "failures": f"cannot be read: failures is {json.dumps(failures)}, must be a list"
    }


@each_case(
    ("raw", "words"),
    [
        (written(GOOD).decode().encode("utf-16"), "not UTF-8: byte 0"), (b"\xef\xbb\xbf{", "not JSON"), (b"", "not JSON"),
        (b"[]", "must be an object"), (b'{"workload": "command"}', "no such field"),
        (written(GOOD, schema_version=2), "schema_version"), (b"[" * 100_000, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_no_result_at_all_says_why(raw: bytes, words: str) -> None:
    with pytest.raises(OutputError, match=words):
        read_output(raw)
