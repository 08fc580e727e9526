"""From unpacked results to the table and the document."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from benchfleet.cli.numbers import mean_and_interval, scale
from benchfleet.cli.results_table import caption, table
from benchfleet.exceptions import ArchiveError
from benchfleet.results.folder import read
from benchfleet_results.statistics import estimate
from rich.console import Console

from tests.each_case import each_case


def put(
    folder: Path,
    name: str,
    samples: list[float],
    *,
    metadata: dict[str, Any] | None = None,
    unit: str = "s",
    names: tuple[str, ...] = ("fib",),
) -> None:
    found = {"variant": "interp", "unit": unit, "better": "lower", "samples": samples}
    (folder / name).mkdir(parents=True)
    output = {"schema_version": 1, "workload": "mock", "measurements": [{"benchmark": name, **found} for name in names]}
    (folder / name / "output.json").write_text(json.dumps(output))
    if metadata is not None:
        (folder / name / "metadata.json").write_text(json.dumps(metadata))


def test_tasks_of_one_machine_are_one_row(tmp_path: Path) -> None:
    for number in (1, 2):
        put(tmp_path, f"box-{number}", [0.010, 0.012], metadata={"alias": "box", "instance_type": "m1"})
    put(tmp_path, "m2-3", [0.5], metadata={"alias": None, "instance_type": "m2"})
    rows = read(tmp_path)
    assert [(row.subject.machine, row.estimate.tasks, row.estimate.samples) for row in rows] == [
        ("box", 2, 4),
        ("m2", 1, 1),
    ]
    assert rows[0].estimate.mean == pytest.approx(0.011)


def test_subjects_of_one_machine_are_rows_of_their_own(tmp_path: Path) -> None:
    """What a run was made to tell apart is not averaged."""
    for number, (subject, seconds) in enumerate((("old", 1.0), ("new", 3.0), ("new", 3.0)), start=1):
        put(tmp_path, f"box-{subject}-{number}", [seconds], metadata={"alias": "box", "subject": subject})
    rows = read(tmp_path)
    assert [(row.subject.subject, row.estimate.tasks) for row in rows] == [("new", 2), ("old", 1)]
    assert [row.estimate.mean for row in rows] == pytest.approx([3.0, 1.0])
    assert [row.document()["subject"] for row in rows] == ["new", "old"]
    out = io.StringIO()
    Console(file=out, width=110).print(table(rows, title="Run 7"))
    assert "subject" in out.getvalue()


def test_machines_whose_names_begin_alike_or_of_two_providers_are_rows_of_their_own(tmp_path: Path) -> None:
    """Identity is the whole text; the table shows as much of it as tells the two apart, and obeys nothing in it."""
    names = ["m" * 5_000 + end for end in ("a", "b", "[red]b[/]")]
    named = [("aws", names[0]), ("aws", names[1]), ("local", names[1]), ("local", names[2]), ("aws", "x[/]")]
    for number, (provider, name) in enumerate(named, start=1):
        about = {"provider": provider, "alias": name, "subject": name}
        put(tmp_path, f"box-{number}", [float(number)], metadata=about, names=("b" * 300,))
    rows = read(tmp_path)
    assert sorted(row.estimate.mean for row in rows) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert {row.document()["provider"] for row in rows} == {"aws", "local"}
    assert max(len(row.subject.machine) for row in rows) < 4_100
    out = io.StringIO()
    Console(file=out, width=400).print(table(rows, title="Run 7"))
    text = "".join(out.getvalue().split())
    assert "awsx[/]" in text
    assert len(set(re.findall(r"mmm…\[(\w{6})\]…", text))) > 3
    assert "m" * 101 not in text


def test_a_folder_without_metadata_is_its_own_machine(tmp_path: Path) -> None:
    put(tmp_path, "box-1", [1.0])
    assert read(tmp_path)[0].subject.machine == "box-1"


def test_a_benchmark_without_samples_is_no_row(tmp_path: Path) -> None:
    put(tmp_path, "box-1", [])
    assert read(tmp_path) == []


def test_samples_that_are_no_numbers_are_dropped(tmp_path: Path) -> None:
    put(tmp_path, "box-1", [1.0, float("nan"), float("inf"), 3.0])
    (row,) = read(tmp_path)
    assert (row.estimate.mean, row.estimate.samples) == (2.0, 2)


def test_metadata_that_leads_elsewhere_or_nowhere_is_not_read(tmp_path: Path) -> None:
    for number, text in ((1, '{"alias": "elsewhere"}'), (2, "[" * 100_000), (3, '{"alias": "' + "x" * 2**20 + '"}')):
        put(tmp_path, f"box-{number}", [1.0])
        (tmp_path / f"box-{number}" / "metadata.json").write_text(text)
    (tmp_path / "box-1" / "metadata.json").rename(tmp_path / "elsewhere.json")
    (tmp_path / "box-1" / "metadata.json").symlink_to(tmp_path / "elsewhere.json")
    assert [row.subject.machine for row in read(tmp_path)] == ["box-1", "box-2", "box-3"]


def test_a_damaged_output_is_named(tmp_path: Path) -> None:
    (tmp_path / "box-1").mkdir()
    (tmp_path / "box-1" / "output.json").write_text("{}")
    with pytest.raises(ArchiveError, match=r"box-1/output\.json"):
        read(tmp_path)


def test_the_document_holds_numbers_in_the_unit_of_the_samples(tmp_path: Path) -> None:
    put(tmp_path, "box-1", [0.010])
    put(tmp_path, "box-2", [0.012])
    document = json.loads(json.dumps([row.document() for row in read(tmp_path)]))
    assert [found["ci95"] for found in document] == [None, None]
    assert document[0]["mean"] == 0.010
    assert document[0]["subject"] is None


@each_case(
    ("value", "unit", "expected"),
    [
        (2.0, "s", (1.0, "s")),
        (0.002, "s", (1e-3, "ms")),
        (-0.002, "s", (1e-3, "ms")),
        (2e-6, "s", (1e-6, "µs")),
        (2e-12, "s", (1e-9, "ns")),
        (0.0, "s", (1.0, "s")),
        (0.002, "req/s", (1.0, "req/s")),
    ],
)
def test_seconds_are_scaled_for_people(value: float, unit: str, expected: tuple[float, str]) -> None:
    assert scale(value, unit=unit) == expected


def test_numbers_of_a_row() -> None:
    assert mean_and_interval(estimate([[0.0100], [0.0102]]), unit="s") == ("10.1 ms", "8.906 to 11.45 ms", "± 12.6 %")
    assert mean_and_interval(estimate([[5.0]]), unit="bytes") == ("5 bytes", "", "")


def test_the_table_says_what_its_intervals_cover(tmp_path: Path) -> None:
    put(tmp_path, "box-1", [0.010, 0.011], metadata={"alias": "box"})
    one = read(tmp_path)
    assert "one task" in caption(one)
    put(tmp_path, "box-2", [0.012], metadata={"alias": "box"})
    two = read(tmp_path)
    assert "means of the tasks" in caption(two)
    out = io.StringIO()
    Console(file=out, width=110).print(table(two, title="Run 7"))
    assert "fib" in out.getvalue()
    assert "11.22 ms" in out.getvalue()
    assert "machine" not in out.getvalue()


def test_machines_get_a_column_when_there_are_several(tmp_path: Path) -> None:
    put(tmp_path, "a-1", [1.0])
    put(tmp_path, "b-2", [1.0])
    out = io.StringIO()
    Console(file=out, width=110).print(table(read(tmp_path), title="Run 7"))
    assert "machine" in out.getvalue()


def test_what_one_of_two_tasks_measured_has_no_interval(tmp_path: Path) -> None:
    put(tmp_path, "box-1", [0.010, 0.011], metadata={"alias": "box"}, names=("fib", "nbody"))
    put(tmp_path, "box-2", [0.010, 0.011], metadata={"alias": "box"})
    rows = read(tmp_path)
    assert [(row.subject.benchmark, row.document()["ci95"] is None) for row in rows] == [
        ("fib", False),
        ("nbody", True),
    ]
    assert "What only one of several tasks measured has none." in caption(rows)


def test_of_a_split_suite_tasks_of_another_part_were_not_to_measure_it(tmp_path: Path) -> None:
    """Of one repeat in two parts, each benchmark has the interval of its samples, as in the report."""
    for part, name in (("1/2", "fib"), ("2/2", "nbody")):
        put(tmp_path, f"box-{name}", [0.010, 0.011], metadata={"alias": "box", "part": part}, names=(name,))
    assert [(row.estimate.over, row.estimate.interval is None) for row in read(tmp_path)] == [("samples", False)] * 2
    put(tmp_path, "box-3", [0.010, 0.011], metadata={"alias": "box", "part": "1/2"}, names=("other",))
    assert [row.subject.benchmark for row in read(tmp_path) if row.estimate.interval is None] == ["fib", "other"]
