"""`benchfleet compare`: the configs that it makes, and what it says of two subjects."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchfleet.cli.compare_ending import lead, wrong
from benchfleet.cli.documents.compare import Compared
from benchfleet.config import load
from benchfleet.config.comparing import of_commands, of_config, words, written
from benchfleet.exceptions import UsageError
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.pair import PairRow, headlines, rows_of
from benchfleet.report.reading import read_runs

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, write_run

YAML = """
workload: command
workload_options: {argv: [a], repeats: 2}
subjects: [{name: x}, {name: y, argv: [b]}, {name: z}]
run_id: fixed
order: grouped
per_instance_type: {tasks: 7, instances: 2}
local: [box]
provision: {local: {slots: 2, isolation: process}}
"""


def fleet(folder: Path, text: str = YAML) -> Path:
    (folder / "c.yaml").write_text(text)
    return folder / "c.yaml"


def loaded(document: dict[str, Any], folder: Path) -> Any:
    return load(written(document, folder / "state"))


def test_two_command_lines_are_subjects_in_abba_order_on_this_machine(tmp_path: Path) -> None:
    made = of_commands(("python3 -c 'print(1)'", "true"), tasks=None, repeats=None, noise_floor=True)
    config = loaded(made, tmp_path)
    assert [(s.name, s.options.get("argv")) for s in config.request.subjects] == [
        ("A", ["python3", "-c", "print(1)"]), ("B", ["true"]), ("A+again", ["python3", "-c", "print(1)"]),
    ]  # fmt: skip
    assert (config.request.order, config.request.tasks_per_instance, config.warnings) == ("abba", 6, ())
    assert config.request.workload_options == {"repeats": 5, "warmup": 1}
    assert (config.provision.local.isolation, config.provision.local.slots) == ("process", 1)


def test_what_is_asked_for_wins_over_defaults(tmp_path: Path) -> None:
    config = loaded(of_commands(("a", "b"), tasks=3, repeats=9, noise_floor=False), tmp_path)
    assert (config.request.tasks_per_instance, config.request.workload_options["repeats"]) == (3, 9)
    assert len(config.request.subjects) == 2


def test_two_subjects_of_a_config_keep_all_else_that_it_says(tmp_path: Path) -> None:
    made = of_config(load(fleet(tmp_path)), ("z", "y"), tasks=None, noise_floor=False)
    config = loaded(made, tmp_path)
    request = config.request
    assert [(s.name, s.options) for s in request.subjects] == [("z", {}), ("y", {"argv": ["b"]})]
    assert (request.order, request.tasks_per_instance, request.run_id, request.noise_floor) == ("abba", 7, None, False)
    assert (config.instances, config.provision.local.slots, config.provision.local.isolation) == (2, 2, "process")


def test_tasks_and_noise_floor_of_the_command_line_win_over_the_config(tmp_path: Path) -> None:
    made = of_config(load(fleet(tmp_path)), ("x", "y"), tasks=4, noise_floor=True)
    config = loaded(made, tmp_path)
    assert (config.request.tasks_per_instance, config.request.noise_floor, config.instances) == (4, True, 2)


@each_case(
    ("names", "said"),
    [
        (("x", "w"), "no subject w; it has x, y, z"), (("v", "w"), "no subject v and no subject w"),
        (("x", "x"), "x cannot be compared with itself: --noise-floor measures it twice"),
    ],
)  # fmt: skip
def test_names_that_are_no_two_subjects_are_refused(tmp_path: Path, names: tuple[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        of_config(load(fleet(tmp_path)), names, tasks=None, noise_floor=False)


@each_case(
    ("command", "said"),
    [("'a", "is a quote missing"), ("  ", "a command is empty"), ("a | b", r"needs a shell for \|.*sh -c 'a \| b'"),
     ("make && ./a", "needs a shell for &&")],
)  # fmt: skip
def test_what_is_no_command_line_without_a_shell_is_refused(command: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        words(command)


def test_signs_of_a_shell_within_a_word_are_just_text() -> None:
    assert words("""python3 -c 'a = 1 | 2; print(a > 1)'""") == ["python3", "-c", "a = 1 | 2; print(a > 1)"]


def test_the_same_config_is_the_same_file(tmp_path: Path) -> None:
    one, again, other = (written({"n": n}, tmp_path / "new") for n in (1, 1, 2))
    assert one == again != other
    assert json.loads(one.read_text()) == {"n": 1}


def tasks(times: dict[str, list[float]], *, hosts: str = "iiiiii", machine: str = "m") -> list[TaskFolder]:
    return [
        TaskFolder(
            machine, [measurement("sort", [t, t]), measurement("find", [t, t])], subject=name, repeat=n,
            machine={"cloud": {"instanceId": f"{hosts[n - 1]}{name if hosts[n - 1] == 'x' else ''}"}},
        )
        for name, found in times.items()
        for n, t in enumerate(found, start=1)
    ]  # fmt: skip


NEAR, FAR = [1.0, 1.02, 1.01, 1.03], [1.1, 1.121, 1.113, 1.13]


def rows(folder: Path, times: dict[str, list[float]], a: str = "a", b: str = "b", **more: Any) -> list[PairRow]:
    run = write_run(folder, "r", tasks(times, **more), workload="command")
    return rows_of(analyse(read_runs([run]), Options(by=("subject",))), a, b)


def test_the_second_is_held_against_the_first_whichever_is_better(tmp_path: Path) -> None:
    there = rows(tmp_path / "1", {"a": NEAR, "b": FAR})
    back = rows(tmp_path / "2", {"a": NEAR, "b": FAR}, "b", "a")
    assert [row.benchmark for row in there] == [None, "find", "sort"]
    assert there[0].relation.ratio == pytest.approx(1.0996, abs=1e-3)
    assert back[0].relation.ratio == pytest.approx(1 / there[0].relation.ratio)  # type: ignore[operator]
    assert [row.relation.verdict for row in (there[0], back[0])] == ["worse", "better"]
    assert headlines(there, "a", "b")[0].startswith("b is slower than a, beyond noise: +10.0 % (")
    assert headlines(back, "b", "a")[0].startswith("a is faster than b, beyond noise: -9.1 % (")
    assert (there[0].a, there[0].b, there[0].tasks) == (back[0].b, back[0].a, 4)


def test_what_drifts_is_told_apart_because_it_is_paired(tmp_path: Path) -> None:
    """Both become slower by 10 % from repeat to repeat; one is 2 % slower throughout."""
    drifting = [1.1**n for n in range(6)]
    one, *_ = rows(tmp_path, {"a": drifting, "b": [1.02 * t * (1 + 0.001 * (-1) ** n) for n, t in enumerate(drifting)]})
    assert one.relation.verdict == "worse"
    assert one.relation.interval
    assert one.relation.interval[1] - one.relation.interval[0] < 0.02


def test_what_cannot_be_told_apart_says_what_would_have_been_found(tmp_path: Path) -> None:
    (said,) = headlines(rows(tmp_path, {"a": [1.0, 1.3, 0.9, 1.2], "b": [1.1, 1.0, 1.2, 1.0]}), "a", "b")
    assert said.startswith("b and a cannot be told apart: ")
    assert said.endswith("would have been found in 4 of 5 such runs; with 16 tasks of each, about half of that.")


def test_with_one_task_nothing_can_be_said(tmp_path: Path) -> None:
    (said,) = headlines(rows(tmp_path, {"a": [1.0], "b": [1.1]}), "a", "b")
    assert said == "Too few repeats to tell b from a: +10.0 %."


def test_what_the_letters_mean_stands_below_the_answer(tmp_path: Path) -> None:
    found = Compared(
        run_id="r", a="a", b="b", rows=rows(tmp_path, {"a": NEAR, "b": FAR}), complete_repeats=4, repeats_on_one_instance=4,
        repeats_long_apart=0, repeats_left_out=0, noise_floor=[], quality=None, warnings=[], results_dir="x", exit_code=0,
    )  # fmt: skip
    answer, *meaning, _ = lead(found, ("python3 old.py", "python3 new.py"))
    assert answer.startswith("b is slower than a, beyond noise")
    assert meaning == ["  a: python3 old.py", "  b: python3 new.py"]
    assert len(list(lead(found, ()))) == 2


@pytest.mark.parametrize(("limit", "reasons"), [(None, 0), (0.05, 1), (0.2, 0)])
def test_a_slowdown_is_wrong_only_where_it_is_asked_for_and_exceeded(
    tmp_path: Path, limit: float | None, reasons: int
) -> None:
    found = wrong(rows(tmp_path, {"a": NEAR, "b": FAR}), ("a", "b"), limit)
    assert len(found) == reasons
    assert all("b is worse than a by more than 5.0 % and beyond noise: " in reason for reason in found)


def test_what_could_not_be_compared_is_wrong(tmp_path: Path) -> None:
    assert wrong(rows(tmp_path, {"a": [1.0], "b": [1.1]}), ("a", "b"), None) == [
        "b and a could not be compared: too few tasks have a result"
    ]
    assert len(wrong([], ("a", "b"), None)) == 1
