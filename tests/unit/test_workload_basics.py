"""What all workloads share: names, progress, options, files."""

import json
from pathlib import Path

import pytest
from benchfleet_contract.results import Measurement, Output
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
