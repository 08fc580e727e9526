"""Readers of other tools' results, with files that those tools wrote (tests/data/imports/README.md)."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.bounds import MAX_NAME_CHARS
from benchfleet_contract.results import Measurement
from benchfleet_results.formats.found import Found
from benchfleet_results.formats.registry import NAMES, read, reader
from benchfleet_results.formats.source import FormatError, Source
from benchfleet_results.reading import read_result

from tests.each_case import each_case

DATA = Path(__file__).parents[1] / "data" / "imports"
FILES = {  # every file, with the format that it is
    "pyperf/pyperf.json": "pyperf",
    "hyperfine/hyperfine.json": "hyperfine",
    "hyperfine/hyperfine-plain.json": "hyperfine",
    "pytest-benchmark/with-data.json": "pytest-benchmark",
    "pytest-benchmark/saved.json": "pytest-benchmark",
    "asv/result.json": "asv",
    "google-benchmark/google-benchmark.json": "google-benchmark",
    "google-benchmark/google-benchmark-aggregates.json": "google-benchmark",
    "jmh/result.json": "jmh",
    "criterion/lines.json": "criterion",
    "criterion/target": "criterion",
    "go-bench/count.txt": "go-bench",
    "go-bench/cpu.txt": "go-bench",
    "http-harness/run.json": "http-harness",
    "http-harness/profile.json": "http-harness",
    "http-harness/compare.json": "http-harness",
    "http-harness/consolidated.json": "http-harness",
    "http-harness/aggregated.json": "http-harness",
    "junit/pytest.xml": "junit",
    "../ruby-bench/box-1/output_001.json": "ruby-bench",
}


def source(name: str) -> Source:
    path = DATA / name
    if path.is_file():
        return Source(path.name, path.read_bytes())
    return Source(path.name, files={str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*.json")})


def found(name: str) -> Found:
    return read(source(name))[1]


def series(name: str, *, metric: str = "time") -> dict[str, Measurement]:
    return {one.benchmark: one for one in found(name).output().measurements if one.metric == metric}


def lost(found: Found) -> dict[str, str]:
    return {one.benchmark: one.reason for one in found.output().failures}


def of(document: Any) -> Source:
    return Source("x.json", json.dumps(document).encode())


@each_case("name", FILES)
def test_a_file_is_recognised_and_can_be_named(name: str) -> None:
    by_looking, what = read(source(name))
    assert by_looking == FILES[name]
    assert read(source(name), FILES[name])[1].output() == what.output()


@each_case("name", FILES)
def test_no_two_formats_claim_a_file(name: str) -> None:
    assert [each for each in NAMES if reader(each).looks_like(source(name))] == [FILES[name]]


def test_every_format_has_a_file() -> None:
    assert set(FILES.values()) | {"benchfleet"} == set(NAMES)


def test_pyperf_has_values_of_each_process_and_keeps_warm_up_apart() -> None:
    sort = series("pyperf/pyperf.json")["sort ints"]
    assert (len(sort.samples), len(sort.warmup)) == (12, 3)  # the calibration's seventeen are none
    assert sort.samples[0] == 1.3349511718274698e-06
    assert (sort.variant, sort.unit, sort.better) == ("cpython-3.11", "s", "lower")
    assert sort.shortest_raw_s == min(sort.samples) * 4096
    about = found("pyperf/pyperf.json").about
    assert (about.cpu_model, about.logical_cores, about.host) == ("AMD EPYC", 2, "vm")
    assert about.started_at == "2026-11-28T22:11:46Z"
    assert about.versions == {"python": "3.11.7 (64-bit)", "pyperf": "2.11.0"}


def test_pyperformance_s_file_is_the_workload_of_our_own_runs() -> None:
    document = json.loads(source("pyperf/pyperf.json").raw)
    document["metadata"]["performance_version"] = "1.14.0"
    assert read(of(document))[1].output().workload == "pyperformance"
    assert found("pyperf/pyperf.json").output().workload == "command"


def test_hyperfine_names_what_its_parameters_tell_apart() -> None:
    named = series("hyperfine/hyperfine.json")
    assert list(named) == ["nap [n=0.01]", "nap [n=0.02]"]
    assert named["nap [n=0.01]"].samples[0] == 0.01322839362


def test_what_is_shorter_than_hyperfine_s_shell_is_no_time() -> None:
    assert list(series("hyperfine/hyperfine-plain.json")) == ["sleep 0.01"]
    assert lost(found("hyperfine/hyperfine-plain.json")) == {
        "true": "4 of 4 runs took 0 s beside the start of the shell: hyperfine -N has none"
    }


def test_allocations_of_go_may_be_none_and_so_are_a_count() -> None:
    assert series("go-bench/count.txt", metric="allocations")["Sprint"].unit == "count"


def test_runs_of_hyperfine_that_failed_are_no_samples() -> None:
    with pytest.raises(FormatError, match="false: 4 of 4 runs failed, the first with exit code 1"):
        found("hyperfine/hyperfine-failing.json")


def test_pytest_benchmark_has_all_rounds_or_says_that_it_has_means_only() -> None:
    name = "test_b.py::test_sort[10]"
    whole, saved = series("pytest-benchmark/with-data.json")[name], series("pytest-benchmark/saved.json")[name]
    assert (len(whole.samples), len(saved.samples)) == (6, 1)
    assert whole.shortest_raw_s == min(whole.samples) * 10
    assert whole.variant == "cpython-3.11"
    assert found("pytest-benchmark/with-data.json").notes == []
    assert found("pytest-benchmark/saved.json").notes == [
        "3 benchmarks have statistics only, so that their mean is their one sample: pytest --benchmark-save-data keeps all"
    ]


def test_asv_has_a_measurement_for_each_combination_of_parameters() -> None:
    named = series("asv/result.json")
    assert list(named) == [
        "b.Suite.time_sorted(10, 'list')",
        "b.Suite.time_sorted(10, 'tuple')",
        "b.Suite.time_sorted(100, 'list')",
        "b.Suite.time_sorted(100, 'tuple')",
        "b.time_sum",
    ]
    assert named["b.Suite.time_sorted(100, 'list')"].samples[:2] == [2.1341602405300364e-06, 1.2858802074333653e-06]
    assert series("asv/result.json", metric="memory")["b.mem_list"].samples == [8056.0]
    assert series("asv/result.json", metric="peak memory")["b.peakmem_list"].unit == "bytes"
    assert series("asv/result.json", metric="value")["b.track_answer"].samples == [42.0]
    assert lost(found("asv/result.json")) == {"b.time_fails": "asv has no result of it: it failed"}
    assert found("asv/result.json").about.commit == "fad07afee16b4879d21f5dce0c76e9cf291496d8"


def test_an_old_result_of_asv_is_refused_with_a_remedy() -> None:
    with pytest.raises(FormatError, match=r"version is 1, must be 2: asv 0\.5 and later write that"):
        read(of({"commit_hash": "x", "results": {}, "version": 1}))


def test_google_benchmark_has_a_sample_for_each_repetition_and_no_statistics() -> None:
    copy = series("google-benchmark/google-benchmark.json")["BM_Copy/64"]
    assert copy.samples == [9.556451256116945, 8.393192371460346, 8.725886913961082]
    assert copy.unit == "ns"
    assert copy.shortest_raw_s == pytest.approx(min(copy.samples) * 6124071e-9)
    assert series("google-benchmark/google-benchmark.json", metric="bytes_per_second")["BM_Copy/64"].better == "higher"
    assert set(series("google-benchmark/google-benchmark.json", metric="cpu_time")) == {
        "BM_Copy/64", "BM_Copy/1024", "BM_Slow",
    }  # fmt: skip
    assert lost(found("google-benchmark/google-benchmark.json")) == {"BM_Bad": "no file"}


def test_google_benchmark_with_statistics_only_gives_its_means() -> None:
    alone = found("google-benchmark/google-benchmark-aggregates.json")
    assert [len(one.samples) for one in alone.output().measurements if one.metric == "time"] == [1, 1, 1]
    assert alone.notes[0].startswith("3 benchmarks have statistics only")


def test_jmh_pools_the_iterations_of_all_forks() -> None:
    add = series("jmh/result.json")["org.example.Lists.add:size=100"]
    assert (add.samples, add.unit, add.variant) == ([4.1, 4.2, 4.3, 4.4, 4.5, 4.6], "ns", "jdk-17")
    sort = series("jmh/result.json", metric="throughput")["org.example.Lists.sort (4 threads)"]
    assert (sort.samples, sort.unit, sort.better) == ([1250.5], "ops/ms", "higher")


@each_case(
    "made",
    [
        Source(
            "build.json",
            b'{"reason": "compiler-artifact", "target": {}}\n{"reason": "build-finished", "success": true}\n',
        ),
        Source("events.json", b'{"message": "stopped", "reason": "no space left"}\n'),
        Source("notes", files={"notes/sample.json": b"{}", "notes/other/estimates.json": b"{}"}),
    ],
)
def test_what_cargo_and_others_write_is_not_taken_for_criterion_s(made: Source) -> None:
    assert not reader("criterion").looks_like(made)


def test_criterion_s_samples_are_divided_by_their_iterations() -> None:
    lines = series("criterion/lines.json")["sum/iter/10"]
    assert (lines.samples, lines.unit) == ([15.0, 15.5, 16.0], "ns")
    assert lines.shortest_raw_s == pytest.approx(150e-9)
    folder = series("criterion/target")
    assert list(folder) == ["fib 10", "sum/iter/10"]
    assert folder["fib 10"].samples[0] == 5485171.0 / 5529.0  # of new/, and not of base/
    assert len(folder["fib 10"].samples) == 10


def test_estimates_of_criterion_alone_give_a_mean() -> None:
    files = {path: raw for path, raw in source("criterion/target").files.items() if "sample" not in path}
    measured = {one.benchmark: one for one in read(Source("t", files=files))[1].output().measurements}
    assert measured["fib 10"].samples == [496.4358427928354]


def test_go_has_a_sample_for_each_line_and_all_of_its_units() -> None:
    fib = series("go-bench/count.txt")["Fib/n-10"]
    assert (fib.samples, fib.unit, fib.variant) == ([581.6, 1203.0, 1347.0], "ns", "default")
    assert series("go-bench/count.txt", metric="memory")["Sprint"].unit == "bytes"
    assert series("go-bench/count.txt", metric="throughput")["Sprint"].better == "higher"
    assert series("go-bench/count.txt", metric="calls")["Sprint"].samples == [121418.0, 127599.0, 131409.0]
    assert lost(found("go-bench/count.txt")) == {"Fails": "fib_test.go:8: it cannot"}
    assert found("go-bench/count.txt").about.cpu_model == "AMD EPYC"


@each_case(
    ("lines", "names"),
    [
        (["Fib/n-10-8", "Fib/n-15-8"], {("Fib/n-10", "default"), ("Fib/n-15", "default")}),
        (["Fib/n-10", "Fib/n-15"], {("Fib/n-10", "default"), ("Fib/n-15", "default")}),  # GOMAXPROCS=1
        (["Fib/n-10", "Fib/n-10-2"], {("Fib/n-10", "procs-1"), ("Fib/n-10", "procs-2")}),
        (["A-2", "B-2", "A-4", "B-4"], {("A", "procs-2"), ("A", "procs-4"), ("B", "procs-2"), ("B", "procs-4")}),
        (["Plain", "Size-10"], {("Plain", "default"), ("Size-10", "default")}),
    ],
)
def test_gomaxprocs_is_told_from_a_name_that_ends_in_a_number(lines: list[str], names: set[tuple[str, str]]) -> None:
    text = "\n".join(f"Benchmark{name}   100   5.0 ns/op" for name in lines)
    measured = read(Source("b.txt", text.encode()))[1].output().measurements
    assert {(one.benchmark, one.variant) for one in measured} == names


def test_packages_of_go_keep_their_names_apart() -> None:
    text = "pkg: a\nBenchmarkX 1 5 ns/op\npkg: b\nBenchmarkX 1 6 ns/op\n"
    assert [one.benchmark for one in read(Source("b.txt", text.encode()))[1].output().measurements] == ["a.X", "b.X"]


def test_junit_has_the_times_of_what_passed() -> None:
    named = series("junit/pytest.xml")
    assert {name: one.samples for name, one in named.items()} == {
        "test_j.test_nap[1]": [0.014],
        "test_j.test_nap[2]": [0.025],
    }
    assert lost(found("junit/pytest.xml")) == {
        "test_j.test_fails": "failure: AssertionError: one is <not> two & never was assert 1 == 2",
        "test_j.test_error": 'error: failed on setup with "RuntimeError: no set-up"',
    }
    assert found("junit/pytest.xml").notes == ["1 test case took 0 s, as written, and was left out"]


ENCODED = b"""<?xml version="1.0" encoding="%s"?><testsuite><testcase name="b" time="1"/></testsuite>"""
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<testsuite><testcase name="&b;" time="1"/></testsuite>"""


@each_case(
    ("encoding", "mark"),
    [("utf-16", ""), ("utf-16-le", ""), ("utf-16-be", ""), ("utf-16-be", "\ufeff"), ("utf-8", "\ufeff")],
)
def test_junit_in_any_encoding_that_expat_knows_by_itself_is_recognised(encoding: str, mark: str) -> None:
    name = encoding.removesuffix("-le").removesuffix("-be").encode()
    text = mark + (ENCODED % name).decode().replace('"b"', '"b\u00fcrste"')
    kind, what = read(Source("x.xml", text.encode(encoding)))
    assert (kind, [one.benchmark for one in what.output().measurements]) == ("junit", ["b\u00fcrste"])


@each_case(
    ("raw", "words"),
    [
        (BOMB, "document type declaration"),
        (b"<testsuite>" * 40, "nested deeper than 32"),
        (b"<testsuite><testcase>", "it is not XML: no element found: line 1"),
        *[
            (ENCODED % name, "its encoding cannot be read.*; save it as UTF-8")
            for name in (b"Shift_JIS", b"UTF-32", b"foo", b"idna")
        ],
    ],
)
def test_hostile_xml_is_refused(raw: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read(Source("x.xml", raw), "junit")


def test_our_own_file_is_read_as_it_is() -> None:
    one = {"benchmark": "b", "variant": "v", "unit": "req/s", "better": "higher", "samples": [5.0], "warmup": [1.0]}
    name, what = read(of({"workload": "mine", "measurements": [one]}))
    assert name == "benchfleet"
    assert what.output().workload == "mine"
    assert (what.output().measurements[0].warmup, what.output().measurements[0].unit) == ([1.0], "req/s")


def hyperfine(*times: Any, name: Any = "x") -> dict[str, Any]:
    return {"command": name, "times": list(times)}


@each_case(
    ("value", "words"),
    [
        (float("nan"), r"results\[0\]\.times\[1\] is no finite number"),
        (float("inf"), r"results\[0\]\.times\[1\] is no finite number"),
        (10**400, r"results\[0\]\.times\[1\] is no finite number"),
        (True, r"results\[0\]\.times\[1\] is a truth value, must be a number"),
        ("1.5", r"results\[0\]\.times\[1\] is a text, must be a number"),
        (None, r"results\[0\]\.times\[1\] is missing, must be a number"),
    ],
)
def test_an_odd_value_costs_its_benchmark_and_no_other(value: Any, words: str) -> None:
    _, what = read(of({"results": [hyperfine(1.0, value, name="bad"), hyperfine(2.0, name="good")]}))
    assert [one.benchmark for one in what.output().measurements] == ["good"]
    (problem,) = what.problems
    assert re.fullmatch(words, problem.message)
    assert lost(what) == {"bad": f"cannot be read: {problem.message}"}
    assert json.dumps(problem.model_dump(mode="json"), allow_nan=False)


def test_all_problems_of_a_file_are_told_at_once_with_their_places() -> None:
    odd = [hyperfine("x", name="a"), "no object", hyperfine(1.0, name=None), hyperfine(1.0, name="n" * 1001)]
    with pytest.raises(FormatError, match="not one benchmark can be read as hyperfine") as caught:
        read(of({"results": odd}))
    assert [problem.message for problem in caught.value.problems] == [
        "results[0].times[0] is a text, must be a number",
        "results[1] is a text, must be an object",
        "results[2].command is missing, must be a text that is not empty",
        f"results[3].command has 1001 characters, at most {MAX_NAME_CHARS} are allowed",
    ]
    assert all(problem.remedy for problem in caught.value.problems)


@each_case(
    ("raw", "words"),
    [
        (b'{"results": [', "not JSON: line 1, column 14"),
        (b"\xff\xfe{}", "not UTF-8: byte 0"),
        (b"[" * 100_000, "nested too deeply"),
        (b"", "not JSON: line 1, column 1"),
        (b'{"results": {}}', "cannot be read as hyperfine: results is an object, must be a list"),
        (b'{"results": []}', "holds no measurement of hyperfine"),
        (b"," * 3_000_000, "holds more than"),
    ],
)
def test_a_file_that_is_none_says_where_and_why(raw: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        read(Source("x.json", raw), "hyperfine")


@each_case("raw", [b"", b"hello", b"{}", b"[]", b"null", b"<html/>", b"\x00\xff", b"1" * 5000])
def test_what_nobody_knows_is_not_guessed(raw: bytes) -> None:
    with pytest.raises(FormatError, match="format is not recognised; known are benchfleet, ruby-bench"):
        read(Source("x", raw))


def test_an_unknown_name_says_which_are_known() -> None:
    with pytest.raises(FormatError, match="format 'perf' is unknown, must be one of benchfleet"):
        read(Source("x"), "perf")


def test_a_missing_unit_of_time_is_no_guess() -> None:
    item = {"name": "a", "run_type": "iteration", "iterations": 1, "real_time": 1.0, "cpu_time": 1.0}
    with pytest.raises(FormatError) as caught:
        read(of({"context": {}, "benchmarks": [item]}))
    assert caught.value.problems[0].message == "benchmarks[0].time_unit is no unit of time"
    assert caught.value.problems[0].remedy == "one of ns, us, ms, s"


GARBAGE: list[Any] = [None, "x", [], {"x": None}, [[]], "\ud800", 10**400, 1e-320]


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".json")])
def test_whatever_stands_in_place_of_a_value_is_an_error_of_the_file_or_of_a_benchmark(name: str) -> None:
    """Each value down to the fourth level is replaced by each piece of garbage, one at a time."""
    raw = source(name).raw
    document = small(json.loads(raw.splitlines()[0] if name.endswith("lines.json") else raw))
    for holder, key in places(document, depth=4):
        kept = holder[key]
        for piece in GARBAGE:
            holder[key] = piece
            with suppress(FormatError):
                read_result(read(of(document), FILES[name])[1].output().model_dump_json().encode())
        holder[key] = kept


def small(value: Any) -> Any:
    """The same shape with two of what there are many of."""
    if isinstance(value, list):
        return [small(each) for each in value[:2]]
    if isinstance(value, dict):
        alike = all(isinstance(each, dict) for each in value.values())
        return {key: small(each) for key, each in list(value.items())[: 2 if alike and len(value) > 3 else None]}
    return value


def places(value: Any, *, depth: int) -> list[tuple[Any, Any]]:
    """Each place in it; of a list, the first."""
    if depth == 0 or not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 1))
    here = [(value, key) for key in keys]
    return here + [place for _, key in here for place in places(value[key], depth=depth - 1)]
