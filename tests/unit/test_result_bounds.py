"""What a runner makes, archive and report can take; what had to be left out is told."""

import gzip
import io
import os
import tarfile
from pathlib import Path
from statistics import fmean, stdev

import pytest
from benchfleet_contract import bounds
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output
from benchfleet_results.reading import read_result
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive.bundle import judge
from chalicelib.archive.prefetch import Held
from chalicelib.archive.unpack import Limits
from runner_image.delivery.fitting import fitting, head_and_tail
from runner_image.delivery.packaging import pack
from runner_image.delivery.thinning import fitted, thinned
from runner_image.task.metadata import with_more
from runner_image.workloads.files import require_bounded, write_output
from runner_image.workloads.protocol import WorkloadError
from tests.each_case import each_case

MIB = bounds.MIB


def a_measurement(name: str, samples: list[float], warmup: list[float] | None = None) -> Measurement:
    return Measurement(benchmark=name, variant="v", unit="s", better="lower", samples=samples, warmup=warmup or [])


@pytest.mark.proof
def test_a_log_that_packs_too_well_is_cut_and_everything_else_is_whole(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    line = b"warning: method redefined; discarding old to_s (lib/a.rb:12)\n"
    (work / "output.txt").write_bytes(b"begin\n" + line * (80 * MIB // len(line)) + b"end\n")
    (work / "output.json").write_bytes(b"{}")
    (work / "small.log").write_bytes(b"small")
    package = pack(work, tmp_path / "result.tar.gz", extra={"metadata.json": b"{}"})
    assert "output.txt cut to beginning and end" in package.cut
    data = package.path.read_bytes()
    assert judge(Held(data), Limits()).problem is None
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        files = {member.name: archive.extractfile(member) for member in archive}
        text = files["./output.txt"].read()  # type: ignore[union-attr]
        assert (text[:6], text[-4:]) == (b"begin\n", b"end\n")
        assert b"bytes and more left out" in text
        assert files["./output.json"].read() == b"{}"  # type: ignore[union-attr]
        assert files["./small.log"].read() == b"small"  # type: ignore[union-attr]


@pytest.mark.proof
def test_a_large_file_that_does_not_pack_stays_whole(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "trace.bin").write_bytes(os.urandom(66 * MIB))
    assert pack(work, tmp_path / "result.tar.gz", extra={}).cut == ""


def test_too_many_files_are_left_out_and_told() -> None:
    plan = fitting({f"f{n:06}": 1 for n in range(30_000)} | {"output.json": 9}, whole={"output.json"}, budget=10**9)
    assert "output.json" in plan.names
    assert len(plan.names) * 2 <= bounds.MAX_MEMBERS
    assert "files left out" in plan.words


@given(st.lists(st.integers(0, 10**8), max_size=30), st.integers(0, 10**8), st.sampled_from([bounds.FREE_BYTES, 10**9]))
def test_a_plan_never_exceeds_its_budget(sizes: list[int], output: int, budget: int) -> None:
    named = {f"f{n}": size for n, size in enumerate(sizes)} | {"output.json": min(output, budget // 2)}
    plan = fitting(named, whole={"output.json"}, budget=budget)
    assert sum(min(named[name], plan.cap_of(name)) for name in plan.names) <= budget
    assert plan.cap_of("output.json") == named["output.json"]
    if sum(named.values()) < budget - 2 * MIB:
        assert plan.words == ""


@given(st.binary(max_size=500), st.integers(0, 500))
def test_head_and_tail_have_the_size_that_was_asked_for(data: bytes, most: int) -> None:
    if most < len(data):
        assert len(head_and_tail(io.BytesIO(data), len(data), most).read()) == most


@given(st.lists(st.integers(0, 1_000), max_size=20), st.integers(0, 5_000))
def test_a_level_is_the_largest_that_fits(sizes: list[int], budget: int) -> None:
    cap = bounds.level(sizes, budget)
    assert sum(min(size, cap) for size in sizes) <= budget or cap == 0
    if cap < max(sizes, default=0):
        assert sum(min(size, cap + 1) for size in sizes) > budget


@given(st.lists(st.floats(0.001, 1_000), min_size=20, max_size=400), st.integers(8, 40))
def test_thinned_samples_have_the_same_mean_and_variance(samples: list[float], most: int) -> None:
    found = thinned(samples, most)
    assert len(found) <= max(most, len(samples) if len(samples) <= most else most)
    assert fmean(found) == pytest.approx(fmean(samples))
    assert stdev(found) == pytest.approx(stdev(samples), abs=1e-9)


@pytest.mark.proof
def test_more_samples_than_a_reader_takes_are_thinned_and_told() -> None:
    many = [1.0 + n % 7 for n in range(bounds.MAX_SAMPLES + 500)]
    output = Output(workload="w", measurements=[a_measurement("many", many), a_measurement("few", [1.0, 2.0], [9.0])])
    found, note = fitted(output)
    assert sum(len(one.samples) + len(one.warmup) for one in found.measurements) <= bounds.MAX_SAMPLES
    assert found.measurements[1].samples == [1.0, 2.0]
    assert "many thinned to" in note
    assert fmean(found.measurements[0].samples) == pytest.approx(fmean(many))
    assert fitted(found) == (found, "")


def test_more_measurements_and_failures_than_a_reader_takes_are_told() -> None:
    one = a_measurement("m", [1.0])
    lost = BenchmarkFailure(benchmark="f", variant="v", reason="r")
    output = Output(workload="w", measurements=[one] * (bounds.MAX_MEASUREMENTS + 1), failures=[lost] * 20_001)
    found, note = fitted(output)
    assert (len(found.measurements), len(found.failures)) == (bounds.MAX_MEASUREMENTS, bounds.MAX_FAILURES)
    assert "measurements" in note
    assert "failures" in note


def test_commas_in_names_are_no_values(tmp_path: Path) -> None:
    names = [f'x"{n}\\[' + "," * 900 + "]" for n in range(1_600)]
    write_output(tmp_path, Output(workload="w", measurements=[a_measurement(name, [1.0]) for name in names]))
    assert [one.series.benchmark for one in read_result((tmp_path / "output.json").read_bytes()).samples] == names


@each_case("raw", [b"[" + b"1," * bounds.MAX_VALUES + b"1,1]", b'"\\\\",' * (bounds.MAX_VALUES + 1)])
def test_values_are_counted_by_what_parts_them(raw: bytes) -> None:
    assert bounds.has_many_values(raw)
    assert not bounds.has_many_values(b'"' + raw.replace(b'"', b'\\"'))


def test_texts_are_values_too_and_no_reader_looks_at_all_of_too_many() -> None:
    """Each is a key or a value: 22 million of them took as many seconds as a function has to judge a result."""
    assert not bounds.has_many_values(b'","' * 10, most=5)
    assert bounds.has_many_values(b'","' * 11, most=5)


def test_a_result_that_no_reader_would_take_is_refused_by_its_writer() -> None:
    wide = a_measurement("x", [1.0]).model_copy(update={"cpu_affinity": [1] * (bounds.MAX_VALUES + 1)})
    with pytest.raises(WorkloadError, match="more than 1400000 values") as failed:
        require_bounded(Output(workload="w", measurements=[wide]))
    assert failed.value.error_type == "benchmark_failed"
    assert bounds.beyond(bytes(bounds.MAX_OUTPUT_BYTES)) is None
    assert "are read" in (bounds.beyond(bytes(bounds.MAX_OUTPUT_BYTES + 1)) or "")


def test_a_reason_has_room_for_what_was_cut() -> None:
    assert with_more(None, "") is None
    assert with_more("a", "b") == "a; b"
    long = with_more("a" * 600, "cut") or ""
    assert long.endswith("; cut")
    assert len(long) <= 512


def test_what_is_fitted_afterwards_is_written_first(tmp_path: Path) -> None:
    """A workload writes what its command measured; more samples than are read are thinned only then."""
    many = Output(workload="w", measurements=[a_measurement("x", [1.0] * (bounds.MAX_VALUES + 2))])
    write_output(tmp_path, many)
    require_bounded(fitted(many)[0])
