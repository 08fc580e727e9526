"""What all workloads share: names, progress, options, files."""

import json
from pathlib import Path

import pytest
from benchfleet_contract.output_reading import read_output
from benchfleet_contract.results import Conditions, Load, Machine, Measurement, Output
from hypothesis import given
from hypothesis import strategies as st

from runner_image.isolation.lines import MAX_LINE_BYTES, Line, Lines
from runner_image.workloads.console import LAST_CHARS, Console, shorten
from runner_image.workloads.files import read_plain, without_empty, write_output, write_plain
from runner_image.workloads.progress import Meter
from runner_image.workloads.protocol import Progress
from runner_image.workloads.registry import NAMES, workload


def measurement(samples: list[float]) -> Measurement:
    return Measurement(benchmark="b", variant="default", unit="s", better="lower", samples=samples)


def test_every_name_makes_its_workload_anew() -> None:
    assert {"ruby-bench", "pyperformance", "command", "mock"} <= set(NAMES)
    for name in NAMES:
        assert workload(name).name == name
        assert workload(name) is not workload(name)


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        workload("nosuch")


@given(st.lists(st.floats(-1, 2)))
def test_progress_never_goes_back_nor_beyond_collecting(parts: list[float]) -> None:
    told: list[Progress] = []
    meter = Meter(told.append)
    for part in parts:
        meter.share(part)
    percents = [each.percent for each in told]
    assert percents == sorted(percents)
    assert all(0 <= percent <= 90 for percent in percents)


@given(st.text(max_size=1000))
def test_last_words_fit_and_keep_the_end(text: str) -> None:
    short = shorten(text)
    assert len(short) <= LAST_CHARS
    assert text.endswith(short.removeprefix("…")) or len(text) <= LAST_CHARS


def test_a_console_keeps_lines_as_they_come(tmp_path: Path) -> None:
    heard: list[str] = []
    with Console(tmp_path / "output.txt", on_line=heard.append) as console:
        console.write("one\r\n")
        assert (tmp_path / "output.txt").read_text() == "one\n"
        console.note("ours")
    assert heard == ["one"]
    assert (tmp_path / "output.txt").read_text() == "one\nours\n"


def test_the_end_of_a_line_that_comes_in_pieces_is_heard_whole(tmp_path: Path) -> None:
    heard: list[str] = []
    lines, progress = Lines(), b"." * (2 * MAX_LINE_BYTES - 5)
    with Console(tmp_path / "output.txt", on_line=heard.append) as console:
        for line in [*lines.feed(progress + b"[2/2] nbody...\n....."), *lines.end()]:
            console.write(line)
        assert [line[-15:] for line in heard] == [".[2/2] nbody..."]
    assert heard[1:] == ["....."]  # which never ended
    assert (tmp_path / "output.txt").read_bytes() == progress + b"[2/2] nbody...\n....."


def test_a_second_command_starts_on_a_line_of_its_own(tmp_path: Path) -> None:
    first: list[str] = []
    second: list[str] = []
    with Console(tmp_path / "output.txt") as console:
        console.begin("1 of 2", on_line=first.append)
        console.write(Line.of(b"...."))
        console.begin("2 of 2", on_line=second.append)
        console.write(Line.of(b"next\n"))
    assert (first, second) == (["...."], ["next"])
    assert (tmp_path / "output.txt").read_text() == "1 of 2\n....\n2 of 2\nnext\n"


def test_no_link_is_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("kept")
    link = tmp_path / "output.json"
    link.symlink_to(secret)
    with pytest.raises(OSError, match="symbolic links"):
        read_plain(link)
    with pytest.raises(OSError, match="symbolic links"):
        Console(link)
    write_output(tmp_path, Output(workload="mock", measurements=[measurement([1.0])]))
    assert secret.read_text() == "kept"
    assert json.loads(link.read_text())["schema_version"] == 1


def test_a_file_is_made_anew(tmp_path: Path) -> None:
    write_plain(tmp_path / "a", b"longer")
    write_plain(tmp_path / "a", b"new")
    assert read_plain(tmp_path / "a") == b"new"


def test_a_measurement_without_samples_is_a_failure_of_its_own() -> None:
    good = measurement([1.0])
    found = without_empty(Output(workload="command", measurements=[measurement([]), good]))
    assert found.measurements == [good]
    assert [(lost.benchmark, lost.reason) for lost in found.failures] == [("b", "has no samples")]


def test_what_is_not_known_of_a_measurement_is_left_out_of_the_file(tmp_path: Path) -> None:
    known = measurement([1.0]).model_copy(update={"shortest_raw_s": 0.5, "cpu_affinity": [1]})
    write_output(tmp_path, Output(workload="mock", measurements=[measurement([1.0]), known]))
    written = json.loads((tmp_path / "output.json").read_text())
    assert "subject" not in written
    first, second = written["measurements"]
    assert not {"shortest_raw_s", "cpu_affinity"} & first.keys()
    assert (second["shortest_raw_s"], second["cpu_affinity"]) == (0.5, [1])
    assert read_output((tmp_path / "output.json").read_bytes()).measurements[1] == known


def test_the_shortest_interval_must_be_finite() -> None:
    odd = measurement([1.0]).model_dump() | {"benchmark": "odd", "shortest_raw_s": float("inf")}
    document = {"workload": "mock", "measurements": [measurement([1.0]).model_dump(), odd]}
    output = read_output(json.dumps(document).encode())
    assert [one.benchmark for one in output.measurements] == ["b"]
    assert "shortest_raw_s is inf" in output.failures[0].reason


def test_a_machine_of_an_older_runner_has_no_identity_and_says_no_more_than_it_did() -> None:
    old = dict.fromkeys(["cpu_model", "logical_cores", "physical_cores", "pinned_cores", "memory_bytes", "governor"])
    old |= dict.fromkeys(["operating_system", "container_image", "cloud"])
    text = json.dumps({**old, "architecture": "x86_64", "kernel": "6.1"})
    assert json.loads(Machine.model_validate_json(text).model_dump_json()) == json.loads(text)


def test_conditions_keep_what_could_not_be_learned_as_null() -> None:
    there = Conditions(before=Load(load_1m=0.5), after=Load(), slots=2).model_dump(mode="json")
    assert (there["before"]["load_1m"], there["after"]["runnable"], there["foreign_cpu"]) == (0.5, None, None)
