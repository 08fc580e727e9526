"""Results folders as they come: whole, old, damaged, hostile."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchfleet.exceptions import UsageError
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.page import render
from benchfleet.report.reading import read_runs
from benchfleet.results import bounds
from benchfleet_results.boards.tasks import Task

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run

FIB = {"fib": [1.0, 1.1]}


def outcomes(folder: Path) -> dict[str, tuple[str, str | None]]:
    return {task.folder: (task.outcome, task.reason) for task in read_runs([folder]).tasks}


def only(folder: Path) -> Task:
    (task,) = read_runs([folder]).tasks
    return task


def test_a_task_without_a_result_is_there_with_its_reason(tmp_path: Path) -> None:
    folder = write_run(
        tmp_path,
        "r",
        [
            of_values("m", FIB),
            TaskFolder("m", entry={"error_type": "timeout", "error_message": "no sign of life"}),
            TaskFolder("m", entry={"status": "cancelled", "reason": "the run was stopped"}),
            TaskFolder("m", entry={"status": "completed", "archived": "corrupt", "archived_reason": "not gzip"}),
            TaskFolder("m", entry={"status": "completed", "archived": "missing"}),
            TaskFolder("m", entry={"status": "pending"}),
            TaskFolder("m", entry={"status": "failed"}),
        ],
    )
    assert list(outcomes(folder).values()) == [
        ("measured", None),
        ("failed", "timeout: no sign of life"),
        ("cancelled", "the run was stopped"),
        ("corrupt", "not gzip"),
        ("missing", "its result was accepted, but is not in the results folder"),
        ("missing", "the task was pending when the archive was built"),
        ("failed", "no reason given"),
    ]


def test_what_the_control_plane_did_not_accept_does_not_count(tmp_path: Path) -> None:
    refused = of_values("m", FIB, entry={"status": "failed", "error_message": "too late"})
    task = only(write_run(tmp_path, "r", [refused]))
    assert (task.outcome, task.samples) == ("failed", ())


def test_a_partial_result_says_what_is_missing(tmp_path: Path) -> None:
    failures = [{"benchmark": "nbody", "variant": "interp", "reason": "boom"}]
    task = only(write_run(tmp_path, "r", [of_values("m", FIB, failures=failures)]))
    assert (task.outcome, task.reason) == ("partial", "1 benchmark failed")
    assert task.failures[0].reason == "boom"


def test_a_folder_without_a_manifest_is_read_and_says_so(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "old", [of_values("m", FIB), of_values("m", FIB)], manifest=False)
    (folder / "m-3").mkdir()
    (folder / "m-3" / "error.txt").write_text("no such ruby\n")
    (folder / "notes").mkdir()
    (folder / "m-4").mkdir()
    (folder / "m-4" / "metadata.json").write_text("{}")
    found = outcomes(folder)
    assert [found[name] for name in ("m-1", "m-2", "m-3", "m-4")] == [
        ("measured", None),
        ("measured", None),
        ("failed", "no such ruby"),
        ("missing", "there is no output.json"),
    ]
    assert "notes" not in found
    assert any("no manifest.json" in words for words in analyse(read_runs([folder])).warnings)


@each_case(
    ("content", "words"),
    [
        (b"", "none of ours"),
        (b"[]", "none of ours"),
        (b"\xff\xfe", "none of ours"),
        (b'{"workload": "x", "measurements": [{"benchmark": "a"}]}', "measurements.0.variant"),
        (b"[" * 100_000, "none of ours"),
    ],
)
def test_a_damaged_output_is_one_unreadable_task(tmp_path: Path, content: bytes, words: str) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB), of_values("m", FIB)])
    (folder / "m-1" / "output.json").write_bytes(content)
    found = outcomes(folder)
    assert found["m-2"] == ("measured", None)
    assert found["m-1"][0] == "unreadable"
    assert words in (found["m-1"][1] or "")


def test_a_huge_output_is_not_read(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB)])
    with (folder / "m-1" / "output.json").open("r+b") as file:
        file.truncate(bounds.MAX_OUTPUT_BYTES + 1)
    task = only(folder)
    assert task.outcome == "unreadable"
    assert str(bounds.MAX_OUTPUT_BYTES) in (task.reason or "")


def test_too_many_measurements_are_refused(tmp_path: Path) -> None:
    many = [measurement(f"b{n}", [1.0]) for n in range(bounds.MAX_MEASUREMENTS + 1)]
    assert only(write_run(tmp_path, "r", [TaskFolder("m", many)])).outcome == "unreadable"


def test_a_small_file_of_very_many_values_is_not_parsed(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB)])
    (folder / "m-1" / "output.json").write_bytes(b'{"failures": [' + bounds.MAX_VALUES * b"1," + b"1, 1]}")
    assert outcomes(folder)["m-1"] == ("unreadable", "output.json holds more than 1400000 values: too many")


def test_links_lead_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"workload": "x", "measurements": [measurement("a", [1.0])]}))
    folder = write_run(tmp_path, "r", [of_values("m", FIB), of_values("m", FIB)])
    (folder / "m-1" / "output.json").unlink()
    (folder / "m-1" / "output.json").symlink_to(secret)
    (folder / "m-2").rename(tmp_path / "elsewhere")
    (folder / "m-2").symlink_to(tmp_path / "elsewhere")
    assert {name: found[0] for name, found in outcomes(folder).items()} == {"m-1": "unreadable", "m-2": "missing"}


@each_case("name", ["../elsewhere", "/etc", "..", ".", "a/b", "", "x" * 300, "a\0b", "\ud800"])
def test_a_manifest_cannot_point_outside(tmp_path: Path, name: str) -> None:
    for inside in (tmp_path, tmp_path / "elsewhere"):
        inside.mkdir(exist_ok=True)
        (inside / "output.json").write_text("{}")
    folder = write_run(tmp_path, "r", [of_values("m", FIB, entry={"folder": name})])
    assert only(folder).outcome == "missing"


def test_numbers_that_are_none_are_dropped_and_counted(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", {"fib": [1.0, float("nan"), float("inf"), 1e300, 3.0]})])
    report = analyse(read_runs([folder]))
    (cell,) = report.boards[0].benchmarks[0].cells
    assert (cell.mean, cell.samples, cell.dropped) == (2.0, 2, 3)
    assert any("3 samples" in words for words in report.warnings)


def test_a_result_of_nothing_but_nan_is_empty_and_says_what_it_held(tmp_path: Path) -> None:
    task = only(write_run(tmp_path, "r", [of_values("m", {"fib": [float("nan"), 1e300], "odd": [1e-300]})]))
    assert task.outcome == "empty"
    assert task.reason == "none of its 3 samples is a usable number (NaN, infinite, beyond 1e18 or below 1e-18)"


def test_samples_of_the_baseline_that_are_none_are_told(tmp_path: Path) -> None:
    folders = [
        write_run(tmp_path, "new", [of_values("m", {"fib": [1.0]})] * 2),
        write_run(tmp_path, "old", [of_values("m", {"fib": [1.0, float("inf")]})] * 2),
    ]
    told = analyse(read_runs(folders), Options(baseline="old")).warnings
    assert "2 samples were no usable numbers (NaN, infinite, beyond 1e18 or below 1e-18) and were dropped." in told


def test_without_a_manifest_a_task_that_says_it_failed_has_no_result(tmp_path: Path) -> None:
    said = {"status": "error", "reason": "killed at repeat 4 of 6"}
    folder = write_run(tmp_path, "r", [of_values("m", FIB, metadata=said), of_values("m", FIB)], manifest=False)
    assert outcomes(folder) == {"m-1": ("failed", "killed at repeat 4 of 6"), "m-2": ("measured", None)}


def test_what_the_control_plane_accepted_counts_whatever_the_metadata_says(tmp_path: Path) -> None:
    assert only(write_run(tmp_path, "r", [of_values("m", FIB, metadata={"status": "error"})])).outcome == "measured"


@each_case("content", [b"not json", b"[1]", b'{"tasks": 7}', b'{"tasks": [3, {"number": "x"}]}'])
def test_a_damaged_manifest_is_no_crash(tmp_path: Path, content: bytes) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB)])
    (folder / "manifest.json").write_bytes(content)
    (folder / "run.json").write_bytes(content)
    analyse(read_runs([folder]))


@each_case(
    "metadata",
    [
        "[]",
        "nonsense",
        '{"provenance": 3, "runner_id": 5, "provider": ["x"]}',
        '{"provenance": {"machine": {"memory_bytes": 1' + 400 * "0" + "}}}",
        *(f'{{"workload_options": {depth * "["}{depth * "]"}}}' for depth in range(900, 1_000, 10)),
    ],
)
def test_damaged_metadata_is_no_crash(tmp_path: Path, metadata: str) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB)])
    (folder / "m-1" / "metadata.json").write_text(metadata)
    assert only(folder).outcome == "measured"


@pytest.mark.parametrize(
    "options", [900 * "[" + 900 * "]", '"\\ud800"', '["\\udfff"]', '"a \\u202e b"', "NaN", 4_000 * "9"]
)
def test_strange_options_of_a_run_are_no_crash(tmp_path: Path, options: str) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB)])
    (folder / "run.json").write_text(f'{{"run_id": "r", "workload_options": {{"a": {options}, "b": [1, "x"]}}}}')
    report = analyse(read_runs([folder]))
    assert json.loads(report.model_dump_json())["runs"][0]["workload_options"]["b"] == [1, "x"]
    assert "\u202e" not in render(report).encode().decode()


def test_a_series_listed_twice_is_one(tmp_path: Path) -> None:
    task = TaskFolder("m", [measurement("fib", [1.0]), measurement("fib", [2.0])])
    (samples,) = only(write_run(tmp_path, "r", [task])).samples
    assert samples.values == (1.0, 2.0)


def test_the_same_folder_counts_once_and_the_same_run_in_two_is_refused(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB)])
    assert len(read_runs([folder, tmp_path / "." / "r"]).tasks) == 1
    copied = write_run(tmp_path / "copy", "r", [of_values("m", FIB)])
    with pytest.raises(UsageError, match="both hold run r"):
        read_runs([folder, copied])
    with pytest.raises(UsageError, match="not a folder of results"):
        read_runs([tmp_path / "absent"])


def environments(tmp_path: Path, *machines: dict[str, Any]) -> dict[str, tuple[str, str]]:
    tasks = [of_values(f"m{n}", FIB, machine=machine) for n, machine in enumerate(machines)]
    found = analyse(read_runs([write_run(tmp_path, "r", tasks)])).differences
    return {one.name: (one.level, one.among) for one in found}


def test_what_makes_a_machine_type_is_a_note_and_the_rest_a_warning(tmp_path: Path) -> None:
    found = environments(tmp_path, {"kernel": "1", "pinned_cores": [0, 1]}, {"kernel": "2", "governor": None})
    assert found == {
        "CPU model": ("note", "groups"),
        "kernel": ("warning", "groups"),
        "CPU governor": ("warning", "groups"),
        "pinned to cores": ("warning", "groups"),
    }


def test_tasks_of_a_group_that_differ_are_named(tmp_path: Path) -> None:
    tasks = [of_values("m", FIB, machine={"cpu_model": f"cpu {n % 2}"}) for n in range(4)]
    (found,) = analyse(read_runs([write_run(tmp_path, "r", tasks)])).differences
    assert (found.name, found.level, found.among) == ("CPU model", "warning", "tasks of a group")
    assert found.values["cpu 0"] == ["aws m: run r, m-1", "aws m: run r, m-3"]


def test_runs_that_differ_are_told_group_by_group(tmp_path: Path) -> None:
    old = write_run(tmp_path, "old", [of_values("m", FIB, versions={"ruby-interp": "3.3.0"}), of_values("gone", FIB)])
    new = write_run(tmp_path, "new", [of_values("m", FIB), of_values("fresh", FIB)])
    report = analyse(read_runs([new, old]), Options(baseline="old"))
    (found,) = (one for one in report.differences if one.among == "runs")
    assert found.name == "version of ruby-interp"
    assert found.values == {"3.4.7": ["aws m, this run"], "3.3.0": ["aws m, baseline"]}


ON_PROCESSES, IN_CONTAINERS = {"isolation": "process"}, {"isolation": "docker", "container_image": "runner:1"}


def test_an_image_that_appeared_between_two_runs_is_a_warning(tmp_path: Path) -> None:
    """Tasks went from processes to containers by themselves: what became faster may be that."""
    old = write_run(tmp_path, "old", [of_values("m", FIB, machine=ON_PROCESSES)])
    new = write_run(tmp_path, "new", [of_values("m", FIB, machine=IN_CONTAINERS)])
    report = analyse(read_runs([new, old]), Options(baseline="old"))
    found = {one.name: (one.level, one.values) for one in report.differences}
    assert found["isolation"] == ("warning", {"docker": ["aws m, this run"], "process": ["aws m, baseline"]})


def test_an_older_run_without_an_image_ran_as_processes(tmp_path: Path) -> None:
    old = write_run(tmp_path, "old", [of_values("m", FIB)])
    new = write_run(tmp_path, "new", [of_values("m", FIB, machine={**IN_CONTAINERS, "smt": True})])
    report = analyse(read_runs([new, old]), Options(baseline="old"))
    levels = {one.name: one.level for one in report.differences}
    assert (levels["isolation"], levels["SMT"]) == ("warning", "note")  # SMT: older runners did not record it


def test_settings_of_machines_are_facts_in_words(tmp_path: Path) -> None:
    settings = {"smt": False, "turbo": True, "aslr": 0, "cpu_quota": 1.5, "max_mhz": 3500.0, "microcode": "0x1f"}
    task = of_values("m", FIB, machine={**ON_PROCESSES, **settings})
    (found,) = read_runs([write_run(tmp_path, "r", [task])]).tasks
    facts = ("SMT", "turbo", "ASLR", "CPU quota", "maximum CPU frequency", "CPU microcode")
    assert [found.environment[fact] for fact in facts] == ["off", "on", "off", "1.5 cores", "3500 MHz", "0x1f"]
    odd = of_values("m", FIB, machine={"smt": "yes", "aslr": [], "cpu_quota": True, "max_mhz": "fast"})
    (found,) = read_runs([write_run(tmp_path, "odd", [odd])]).tasks
    assert not found.environment.keys() & set(facts)


def test_machine_types_may_differ_in_smt_but_not_in_turbo(tmp_path: Path) -> None:
    found = environments(tmp_path, {"smt": True, "turbo": True}, {"smt": False, "turbo": False})
    assert (found["SMT"], found["turbo"]) == (("note", "groups"), ("warning", "groups"))


def built(folder: Path, *flags: str) -> dict[str, str]:
    tasks = [of_values(f"m{n}", FIB) for n, _ in enumerate(flags)]
    run = write_run(folder, "r", tasks)
    for path, said in zip(sorted(run.glob("*/metadata.json")), flags, strict=True):
        told = json.loads(path.read_text())
        told["provenance"]["build"] = {"CFLAGS": said}
        path.write_text(json.dumps(told))
    return {one.name: one.level for one in analyse(read_runs([run])).differences}


def test_interpreters_that_were_built_otherwise_are_a_warning_however_long_their_flags(tmp_path: Path) -> None:
    assert built(tmp_path / "1", "x" * 5_000 + "-O2", "x" * 5_000 + "-O3")["build CFLAGS"] == "warning"
    assert "build CFLAGS" not in built(tmp_path / "2", "-O2", "-O2")


@each_case(
    ("machine", "expected"),
    [({"cloud": None, "instance": "machine-1"}, "machine-1"), ({"cloud": {"vmId": "v"}}, "v"), ({"cloud": None}, None),
     ({"cloud": {"instanceId": "i-1"}, "instance": "i-1"}, "i-1")],
)  # fmt: skip
def test_an_instance_is_what_its_runner_says_or_unknown(
    tmp_path: Path, machine: dict[str, Any], expected: str | None
) -> None:
    """Never the runner's id: two runner processes on one machine are one instance."""
    (found,) = read_runs([write_run(tmp_path, "r", [of_values("m", FIB, machine=machine)])]).tasks
    assert found.host == expected


def test_instances_whose_names_begin_alike_are_two(tmp_path: Path) -> None:
    names = ["i" * 5_000 + end for end in "ab"]
    tasks = [of_values("m", FIB, machine={"instance": name}) for name in names]
    hosts = [task.host for task in read_runs([write_run(tmp_path, "r", tasks)]).tasks]
    assert len(set(hosts)) == 2
    assert max(len(host or "") for host in hosts) < 4_100


def test_what_the_runner_notes_of_a_whole_result_is_told(tmp_path: Path) -> None:
    tasks = [of_values("m", FIB) for _ in range(2)]
    for task in tasks:
        task.metadata = {"reason": "Measured on cores 1, not on the slot's (0): fib"}
    warnings = analyse(read_runs([write_run(tmp_path, "r", tasks)])).warnings
    assert "m-1, m-2: Measured on cores 1, not on the slot's (0): fib" in warnings
