"""How the command line tells times, sizes, tables and runs."""

import io
import os
from datetime import UTC, datetime
from pathlib import Path

from benchfleet.cli.ages import ago
from benchfleet.cli.output import plain_table, print_table, size, state
from benchfleet.cli.run_ids import known_ids
from benchfleet.cli.runs.shown import print_run
from benchfleet.watch.durations import span
from benchfleet_contract.runs import RunDetail
from rich.console import Console

from tests.each_case import each_case

NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


@each_case(
    ("at", "said"),
    [
        (None, ""),
        ("2026-01-02T12:00:00Z", "now"),
        ("2026-01-02T11:59:58Z", "2 s ago"),
        ("2026-01-02T11:55:01Z", "4 min ago"),
        ("2026-01-02T09:00:00Z", "3 h ago"),
        ("2025-12-25T12:00:00+00:00", "8 d ago"),
        ("2026-01-02T12:05:30Z", "in 5 min"),
    ],
)
def test_times_are_told_from_now(at: str | None, said: str) -> None:
    assert ago(at, now=NOW) == said


def test_a_span_is_told_in_one_unit_with_two_digits_or_more() -> None:
    assert [span(seconds) for seconds in (0.2, 59.9, 119, 120, 7199, 7200, 172_799, 172_800)] == [
        "0 s", "59 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 d",
    ]  # fmt: skip


@each_case(
    ("count", "said"),
    [
        (None, ""),
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1536, "1.5 KiB"),
        (3 << 30, "3.0 GiB"),
        (1 << 52, "4096.0 TiB"),
    ],
)
def test_sizes(count: int | None, said: str) -> None:
    assert size(count) == said


def drawn(*, terminal: bool, width: int = 60) -> str:
    table = plain_table("run", "status")
    table.add_row("7", state("failed"))
    table.add_row("an-id-" + "x" * 200, state("completed"))
    out = io.StringIO()
    print_table(table, console=Console(file=out, width=width, force_terminal=terminal, color_system="standard"))
    return out.getvalue()


def test_a_table_in_a_pipe_is_never_cut_nor_filled_up() -> None:
    assert drawn(terminal=False).splitlines()[1:] == [
        f"{'7':<206}  failed",
        f"an-id-{'x' * 200}  completed",
    ]


def test_a_table_on_a_terminal_is_coloured_and_fits() -> None:
    plain = "".join(part.partition("m")[2] for part in ("m" + drawn(terminal=True)).split("\x1b["))
    assert "\x1b[1;31mfailed" in drawn(terminal=True)
    assert max(map(len, plain.splitlines())) <= 60
    assert plain.count("x") == 200


def run_detail(**changes: object) -> RunDetail:
    counts = {"total": 3, "pending": 1, "completed": 1, "failed": 1}
    document = {
        "run_id": "7", "status": "running", "ruby_version": "3.4.7", "per_instance_type": {"tasks": 3}, "tasks": counts,
        "gzip_url": None, "created_at": "2026-01-02T11:00:00Z", "completed_at": None,
        "deadline_at": "2026-01-03T11:00:00Z", "reason": None, "workload": "ruby-bench", "workload_options": {},
        "metadata": {}, "archive": {"state": "none"},
        "groups": [{"provider": "local", "instance_type": "docker", **counts}],
    }  # fmt: skip
    return RunDetail.model_validate(document | changes)


def shown(run: RunDetail) -> list[list[str]]:
    out = io.StringIO()
    print_run(run, now=NOW, console=Console(file=out, width=200))
    return [line.split() for line in out.getvalue().splitlines()]


def test_a_running_run_tells_its_deadline() -> None:
    lines = shown(run_detail())
    assert ["deadline", "in", "23", "h"] in lines
    assert lines[-1] == ["local/docker", "3", "1", "-", "-", "1", "1", "-"]


def test_a_run_that_ended_tells_when_and_why() -> None:
    archive = {"state": "failed", "error": "no [bold]room[/bold]"}
    run = run_detail(status="failed", reason="[red]late", completed_at="2026-01-02T11:30:00Z", archive=archive)
    lines = shown(run)
    assert ["ended", "30", "min", "ago"] in lines
    assert ["reason", "[red]late"] in lines
    assert ["archive", "failed,", "no", "[bold]room[/bold]"] in lines


@each_case(
    ("status", "failed", "said"),
    [
        ("completed", 14, "completed, 14 of 14 tasks failed"),
        ("completed", 1, "completed, 1 of 14 tasks failed"),
        ("running", 2, "running, 2 of 14 tasks failed"),
        ("completed", 0, "completed"),
        ("failed", 14, "failed"),
    ],
)
def test_tasks_that_failed_stand_beside_the_status(status: str, failed: int, said: str) -> None:
    counts = {"total": 14, "completed": 14 - failed, "failed": failed}
    lines = shown(run_detail(status=status, tasks=counts))
    assert ["status", *said.split()] in lines


def test_tasks_that_failed_are_red() -> None:
    run = run_detail(status="completed", tasks={"total": 2, "failed": 2})
    out = io.StringIO()
    print_run(run, now=NOW, console=Console(file=out, force_terminal=True, width=200, color_system="standard"))
    assert "\x1b[1;31m2 of 2 tasks failed" in out.getvalue()
    assert "\x1b[32mcompleted" not in out.getvalue()


def test_several_groups_have_a_sum() -> None:
    groups = [{"provider": "aws", "instance_type": name, "total": 1, "pending": 1} for name in ("a", "b")]
    assert shown(run_detail(groups=groups, tasks={"total": 2, "pending": 2}))[-1][:3] == ["all", "2", "2"]


def test_run_ids_are_known_from_state_files_and_results_the_latest_first(tmp_path: Path) -> None:
    states, results = tmp_path / "runs", tmp_path / "results"
    for age, path in enumerate((states / "a.json", results / "b", results / ".download-x", results / "a")):
        path.mkdir(parents=True)
        os.utime(path, (1000 - age, 1000 - age))
    assert known_ids(states, results) == ["a", "b"]
    assert known_ids(tmp_path / "none", tmp_path / "none") == []


def test_subjects_stand_in_a_column_and_a_sum_below_them() -> None:
    counts = {"provider": "local", "instance_type": "docker", "total": 2, "completed": 2}
    groups = [{**counts, "subject": name} for name in ("ruby-3.3", "ruby-3.4")]
    lines = shown(run_detail(groups=groups, tasks={"total": 4, "completed": 4}))
    assert lines[-4][:4] == ["instance", "type", "subject", "tasks"]
    assert lines[-3] == ["local/docker", "ruby-3.3", "2", "-", "-", "-", "2", "-", "-"]
    assert lines[-1] == ["all", "4", "-", "-", "-", "4", "-", "-"]
