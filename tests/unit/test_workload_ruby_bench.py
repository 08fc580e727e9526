"""ruby-bench: its real output read, its command line, its rubies told apart."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.workloads.ruby_bench import RubyBenchOptions
from hypothesis import given
from hypothesis import strategies as st

from runner_image.workloads.options import parse
from runner_image.workloads.protocol import TIMED_OUT, Job, Prepared, WorkloadError
from runner_image.workloads.ruby_bench.console import Reader, read
from runner_image.workloads.ruby_bench.options import command
from runner_image.workloads.ruby_bench.results import UNTOLD, load, output
from runner_image.workloads.ruby_bench.suite import check_variant, same_ruby
from runner_image.workloads.ruby_bench.workload import RubyBench
from tests.each_case import each_case

DATA = Path(__file__).parents[1] / "data" / "ruby-bench"
BOTH = ["interp", "yjit"]
PLAIN = "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu]"
COMPILED = "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) +YJIT [x86_64-linux-gnu]"


def console(folder: str) -> Reader:
    return read((DATA / folder / "console.txt").read_text(encoding="utf-8").splitlines())


def test_every_benchmark_of_a_real_run_is_kept_with_its_samples_and_warmups_apart() -> None:
    found = output(load(DATA / "box-1" / "output_001.json"), variants=BOTH, console=console("box-1"))
    assert len(found.measurements) == 24
    assert found.failures == []
    fib = next(m for m in found.measurements if (m.benchmark, m.variant) == ("fib", "interp"))
    assert fib.unit == "s"
    assert fib.better == "lower"
    assert fib.samples[0] == pytest.approx(0.5347316910001609)
    assert fib.warmup == pytest.approx([0.5498508589998892, 0.5363780739999129])


def test_memory_comes_only_when_asked_for() -> None:
    raw = load(DATA / "box-1" / "output_001.json")
    found = output(raw, variants=BOTH, console=Reader(), memory=True)
    rss = [m for m in found.measurements if m.metric == "rss"]
    assert len(rss) == 24
    assert rss[0].unit == "bytes"
    assert rss[0].samples[0] == 19709952


def test_a_failed_benchmark_is_named_with_its_last_words_and_the_others_stay() -> None:
    found = output(load(DATA / "failed" / "output_001.json"), variants=BOTH, console=console("failed"))
    assert {(m.benchmark, m.variant) for m in found.measurements} == {(b, v) for b in ("fib", "nqueens") for v in BOTH}
    assert [(f.benchmark, f.variant) for f in found.failures] == [("protoboeuf", "interp"), ("protoboeuf", "yjit")]
    assert all("No such file or directory" in f.reason and "encoded_msgs.bin" in f.reason for f in found.failures)


def test_the_tables_at_the_end_are_nobodys_last_words() -> None:
    assert all("N/A" not in s.last_words and "Output" not in s.last_words for s in console("failed").sections)


def test_starts_and_the_end_are_seen_behind_lines_without_an_end() -> None:
    lines = ['Running benchmark "a" (1/2)', 'said Running benchmark "oops Running benchmark "b" (2/2)']
    a, b = read([*lines, "....Total time spent benchmarking: 2s", "a table"]).sections
    assert (a.benchmark, a.last_words) == ("a", 'said Running benchmark "oops')
    assert (b.benchmark, b.part, b.last_words) == ("b", 1, "....")


def test_ruby_benchs_own_list_of_failures_is_read() -> None:
    assert console("failed").listed == [("interp", "protoboeuf"), ("yjit", "protoboeuf")]
    assert console("box-1").listed == []


END = ["Total time spent benchmarking: 2s", "Failed benchmarks: 3", "", "a table", "", "Failed benchmarks:"]


def test_each_listed_benchmark_is_a_failed_one_with_its_reason() -> None:
    said = read(
        ['Running benchmark "a" (1/1)', "no planet", *END, "  interp: a, psych-load", "  yjit: a", "", "  x: y"]
    )
    found = output({"interp": {}, "yjit": {}}, variants=BOTH, console=said)
    reasons = {(f.variant, f.benchmark): f.reason for f in found.failures}
    assert reasons == {("interp", "a"): "no planet", ("interp", "psych-load"): UNTOLD, ("yjit", "a"): UNTOLD}


def test_a_listed_benchmark_with_samples_is_incomplete_and_not_well() -> None:
    raw = load(DATA / "box-1" / "output_001.json")
    found = output(raw, variants=BOTH, console=read([*END, "  interp: fib"]))
    assert len(found.measurements) == 24
    assert [(f.benchmark, f.variant) for f in found.failures] == [("fib", "interp")]


def test_a_list_that_a_benchmark_prints_is_not_ruby_benchs() -> None:
    assert read(['Running benchmark "a" (1/2)', "Failed benchmarks:", "  interp: b"]).listed == []
    assert read([*END, "  interp: b", 'Running benchmark "b" (2/2)']).listed == []


@each_case(
    ("names", "cost"),
    [(["a"], "Took longer than 60 s"), (["a", "a"], "what ended before 'a' (yjit) is lost: 1 of its")],
)
def test_a_timeout_says_what_it_cost(tmp_path: Path, names: list[str], cost: str) -> None:
    text = "".join(f'Running benchmark "{name}" (1/1)\n' for name in names)
    (tmp_path / "benchmark_output.txt").write_text(text)
    with pytest.raises(WorkloadError, match=re.escape(cost)) as failed:
        RubyBench().collect(Job("r.1", tmp_path, {"timeout_s": 60}), Prepared([], {}), TIMED_OUT)
    assert failed.value.error_type == "timeout"


def test_progress_counts_a_second_pass_as_the_second_variant() -> None:
    found = console("box-1").sections
    assert [s.variant for s in found] == [0] * 12 + [1] * 12
    assert [found[0].part, found[11].part, found[12].part] == pytest.approx([1 / 12, 1, 1 / 12])


@each_case(("variant", "description"), [("yjit", PLAIN), ("interp", COMPILED), ("zjit", COMPILED), ("zjit", PLAIN)])
def test_a_number_under_the_wrong_name_is_refused(variant: str, description: str) -> None:
    with pytest.raises(WorkloadError) as refused:
        check_variant(variant, description)
    assert (refused.value.error_type, refused.value.failure_class) == ("wrong_variant", "infrastructure")


def test_results_that_did_not_run_under_their_compiler_are_refused() -> None:
    raw = load(DATA / "box-1" / "output_001.json")
    raw["yjit"]["fib"] = raw["interp"]["fib"]
    with pytest.raises(WorkloadError, match=r"\+YJIT is not on"):
        output(raw, variants=BOTH, console=Reader())


@each_case("bench", [[], None, ["fast"], [math.nan], [math.inf]])
def test_one_unreadable_benchmark_does_not_spoil_the_others(bench: Any) -> None:
    raw = load(DATA / "box-1" / "output_001.json")
    raw["interp"]["fib"]["bench"] = bench
    found = output(raw, variants=BOTH, console=console("box-1"))
    assert len(found.measurements) == 23
    assert [(f.benchmark, f.variant) for f in found.failures] == [("fib", "interp")]
    assert "unreadable" in found.failures[0].reason


@each_case("text", ["", "[]", "{}", '{"raw_data": 3}', '{"raw_data": {"interp": 3}}', '{"raw_data"'])
def test_a_file_that_is_not_ruby_benchs_is_a_failed_benchmark(text: str, tmp_path: Path) -> None:
    (tmp_path / "output_001.json").write_text(text)
    with pytest.raises(WorkloadError, match="cannot be read") as failed:
        load(tmp_path / "output_001.json")
    assert failed.value.error_type == "benchmark_failed"


@each_case(
    ("wanted", "description", "same"),
    [
        ("3.1.2", PLAIN, True),
        ("3.1", COMPILED, True),
        ("3", PLAIN, True),
        ("ruby-3.1.2", PLAIN, True),
        ("3.4.7", PLAIN, False),
        ("3.1.20", PLAIN, False),
        ("3.5.0-preview1", "ruby 3.5.0preview1 (2026-04-18 master) [x86_64-linux]", True),
        ("3.5.0", "ruby 3.5.0preview1 (2026-04-18 master) [x86_64-linux]", False),
        ("3.1", "", False),
    ],
)
def test_ruby_versions(wanted: str, description: str, same: bool) -> None:
    assert same_ruby(wanted, description, engine="ruby", engine_version="3.5.0") is same


def test_other_engines_go_by_their_own_version() -> None:
    assert same_ruby(
        "truffleruby-24.1", "truffleruby 24.1.0, like ruby 3.2.4", engine="truffleruby", engine_version="24.1.0"
    )


def test_the_command_line_of_two_variants() -> None:
    asked = {"name_filters": ["fib", "nqueens"], "excludes": ["nbody"], "warmup": 2, "bench": 6, "harness": "harness"}
    line = command(parse(RubyBenchOptions, asked), out_path=Path("/w"))
    assert line == [
        *["ruby", "run_benchmarks.rb", "--no-pinning", "--no-sudo", "--out-path=/w"],
        *["-e", "interp::ruby", "-e", "yjit::ruby --yjit"],
        *["--name_filters=fib,nqueens", "--excludes=nbody", "--warmup=2", "--bench=6", "--harness=harness"],
    ]


def test_headline_unless_something_is_chosen() -> None:
    assert "--category=headline" in command(parse(RubyBenchOptions, {}), out_path=Path("/w"))
    chosen = command(parse(RubyBenchOptions, {"categories": ["micro", "gc"], "once": True}), out_path=Path("/w"))
    assert chosen[-2:] == ["--category=micro,gc", "--once"]


def test_all_problems_of_the_options_are_told_at_once() -> None:
    asked = {"variants": ["rjit"], "warmup": -1, "once": "yes", "speed": 3, "name_filters": ["a,b"], "ruby": "ruby;rm"}
    with pytest.raises(WorkloadError) as refused:
        parse(RubyBenchOptions, asked)
    assert all(name in str(refused.value) for name in asked)
    assert (refused.value.error_type, refused.value.failure_class) == ("invalid_options", "infrastructure")


@each_case("commit", ["--upload-pack=x", "a b", "", "HEAD;x"])
def test_a_commit_is_no_place_for_flags(commit: str) -> None:
    with pytest.raises(WorkloadError, match="commit"):
        parse(RubyBenchOptions, {"commit": commit})


@given(st.lists(st.text(max_size=80), max_size=30))
def test_no_console_can_break_the_reader(lines: list[str]) -> None:
    assert all(0 <= s.part <= 1 for s in read(lines).sections)


names = st.from_regex(r"[a-z][a-z0-9_-]{0,15}", fullmatch=True)


@given(st.lists(names, min_size=1, max_size=8, unique=True), st.integers(1, 3), st.data())
def test_whatever_was_started_is_either_measured_or_missed(listed: list[str], passes: int, data: st.DataObject) -> None:
    variants = ["interp", "yjit", "zjit"][:passes]
    lines = [f'Running benchmark "{b}" ({n}/{len(listed)})' for _ in variants for n, b in enumerate(listed, start=1)]
    marks = {"interp": "", "yjit": "+YJIT", "zjit": "+ZJIT"}
    kept = {v: data.draw(st.sets(st.sampled_from(listed))) for v in variants}
    raw = {v: {b: {"RUBY_DESCRIPTION": f"ruby {marks[v]}", "bench": [1.0]} for b in kept[v]} for v in variants}
    found = output(raw, variants=variants, console=read(lines))
    measured = {(m.variant, m.benchmark) for m in found.measurements}
    missed = {(f.variant, f.benchmark) for f in found.failures}
    assert measured | missed == {(v, b) for v in variants for b in listed}
    assert measured == {(v, b) for v in variants for b in kept[v]}
    assert not measured & missed


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(names, json_values, max_size=4))
def test_no_benchmark_can_break_the_results(benches: dict[str, Any]) -> None:
    found = output({"interp": benches}, variants=["interp"], console=Reader())
    assert len(found.measurements) + len(found.failures) == len(benches)
    json.loads(found.model_dump_json(), parse_constant=lambda word: pytest.fail(word))


@each_case(
    ("options", "run_version", "name"),
    [
        ({}, "3.4.7", "ruby:3.4.7"),
        ({}, "ruby-3.4", "ruby:3.4"),
        ({"ruby_version": "3.3.6"}, "3.4.7", "ruby:3.3.6"),
        ({}, "3.5.0-preview1", "ruby:3.5.0-preview1"),
        ({}, "3.5.0preview1", "ruby:3.5.0-preview1"),
        ({}, None, None),
        ({}, "truffleruby-24", None),
        ({"ruby": "/opt/ruby/bin/ruby"}, "3.4.7", None),
        ({"path": "/suite"}, "3.4.7", None),
        ({"require_ruby_version": False}, "3.4.7", None),
    ],
)
def test_the_official_image_of_each_subjects_ruby(
    tmp_path: Path, options: dict[str, Any], run_version: str | None, name: str | None
) -> None:
    found = RubyBench().image(Job("r.1", tmp_path, options, ruby_version=run_version))
    assert (found and found.name) == name


def test_an_image_that_says_which_ruby_it_holds_serves_if_it_is_the_one(tmp_path: Path) -> None:
    found = RubyBench().image(Job("r.1", tmp_path, {}, ruby_version="3.4"))
    assert found is not None
    said: list[dict[str, str]] = [
        {"RUBY_VERSION": "3.4.7"},
        {"benchfleet.ruby": "3.4.1"},
        {"RUBY_VERSION": "3.3.1"},
        {},
    ]
    assert [found.is_in(facts) for facts in said] == [True, True, False, False]
