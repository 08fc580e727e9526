"""command and mock, with real processes."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.results import Output

from runner_image.stopping import Stopped, StopReason
from runner_image.task.metadata import shortfall
from runner_image.workloads.command import Command
from runner_image.workloads.mock import Mock
from runner_image.workloads.protocol import WorkloadError
from tests.integration.workload_slot import Slot

WRITES = """
import json, os
json.dump({"workload": "mine", "measurements": [{"benchmark": "b", "variant": "v", "unit": "req/s",
          "better": "higher", "samples": [5.0, 6.0]}]}, open(os.environ["BENCHFLEET_OUTPUT"], "w"))
"""


@pytest.fixture
def slot(tmp_path: Path) -> Slot:
    return Slot(tmp_path)


def test_a_command_is_timed_and_its_words_are_kept(slot: Slot) -> None:
    outcome = slot.measure(Command(), {"argv": ["sh", "-c", "echo out; echo err >&2"], "repeats": 3, "warmup": 1})
    [measured] = outcome.output.measurements
    assert (measured.benchmark, measured.variant, measured.unit, measured.better) == (
        "command",
        "default",
        "s",
        "lower",
    )
    assert (len(measured.samples), len(measured.warmup)) == (3, 1)
    assert (slot.work_dir / "output.txt").read_text() == "out\nerr\n" * 4
    assert Output.model_validate_json((slot.work_dir / "output.json").read_bytes()) == outcome.output
    assert slot.percents == sorted(slot.percents)


def test_samples_are_wall_time(slot: Slot) -> None:
    ticks = iter([10.0, 12.5, 20.0, 21.0])
    outcome = slot.measure(Command(clock=lambda: next(ticks)), {"argv": ["true"], "repeats": 2})
    assert outcome.output.measurements[0].samples == [2.5, 1.0]


def test_a_command_sees_its_environment_and_its_work_dir(slot: Slot) -> None:
    slot.measure(Command(), {"argv": ["sh", "-c", 'echo "$WORD in $PWD"'], "environment": {"WORD": "here"}})
    assert (slot.work_dir / "output.txt").read_text() == f"here in {slot.work_dir}\n"


def test_a_commands_own_results_win_over_its_wall_time(slot: Slot) -> None:
    outcome = slot.measure(Command(), {"argv": [sys.executable, "-c", WRITES]})
    assert outcome.output.workload == "command"
    assert [(m.benchmark, m.unit, m.samples) for m in outcome.output.measurements] == [("b", "req/s", [5.0, 6.0])]
    assert json.loads((slot.work_dir / "output.json").read_text())["schema_version"] == 1


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo broken; exit 3", "exit code 3: broken"),
        ("exit 4", "it said nothing"),
        ('echo "{" > "$BENCHFLEET_OUTPUT"', "cannot be read"),
        ("""echo '{"workload": "x", "measurements": []}' > "$BENCHFLEET_OUTPUT\"""", "without measurements"),
        ('ln -s /etc/hostname "$BENCHFLEET_OUTPUT"', "not a regular file"),
        ('truncate -s 1T "$BENCHFLEET_OUTPUT"', "has 1099511627776 bytes, at most 67108864 are read"),
    ],
)
def test_a_command_that_fails_is_a_failed_benchmark(slot: Slot, script: str, message: str) -> None:
    with pytest.raises(WorkloadError, match=message) as failed:
        slot.measure(Command(), {"argv": ["sh", "-c", script]})
    assert (failed.value.error_type, failed.value.failure_class) == ("benchmark_failed", "benchmark")


ITEMS = """printf '\\357\\273\\277{"workload": "x", "measurements": [%s]}' '%s' > "$BENCHFLEET_OUTPUT\""""


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ("[1.0, NaN]", "samples.1 is nan, must be a finite number"),
        ("[Infinity]", "samples.0 is inf"),
        ("[1.0, true]", "samples.1 is true: Input should be a valid number"),
        ('["1.5"]', 'samples.0 is "1.5"'),
        ("[1" + "0" * 5_000 + "]", "samples.0 is inf"),
        ("null", "samples is null"),
        ("[]", "has no samples"),
    ],
)
def test_one_bad_value_costs_its_own_benchmark(slot: Slot, samples: str, reason: str) -> None:
    one = '{{"benchmark": "{}", "variant": "v", "unit": "s", "better": "lower", "samples": {}}}'
    items = ", ".join(
        [one.format("good-1", "[1.0, 1.1]"), one.format("odd", samples), "7", one.format("good-2", "[2]")]
    )
    outcome = slot.measure(Command(), {"argv": ["sh", "-c", ITEMS % ("%s", items)]})
    assert [(m.benchmark, m.samples) for m in outcome.output.measurements] == [
        ("good-1", [1.0, 1.1]),
        ("good-2", [2.0]),
    ]
    lost = {failure.benchmark: failure.reason for failure in outcome.output.failures}
    assert lost.keys() == {"odd", "measurements.2"}
    assert reason in lost["odd"]


COUNTS = "n=$(($(cat n 2>/dev/null || echo 0) + 1)); echo $n > n; [ $n -lt 4 ] || "


@pytest.mark.parametrize(
    ("end", "more", "reason"),
    [
        ("{ echo boom; exit 7; }", {}, "The command failed at repeat 4 of 6 with exit code 7: boom"),
        ("exit 7", {"warmup": 1}, "The command failed at repeat 3 of 6 with exit code 7: it said nothing"),
        ("sleep 60", {"timeout_s": 1}, "Repeat 4 of 6 took longer than 1 s"),
    ],
)
def test_samples_before_a_failure_are_kept_beside_it(slot: Slot, end: str, more: dict[str, int], reason: str) -> None:
    outcome = slot.measure(Command(), {"argv": ["sh", "-c", COUNTS + end], "repeats": 6, **more})
    [measured] = outcome.output.measurements
    assert len(measured.warmup) + len(measured.samples) == 3
    assert [failure.reason for failure in outcome.output.failures] == [reason]
    assert (shortfall(outcome) or "").startswith(f"1 of 1 benchmarks failed: command (default): {reason}")


def test_a_failing_warm_up_leaves_nothing_to_keep(slot: Slot) -> None:
    with pytest.raises(WorkloadError, match="failed at warm-up repeat 2 of 3 with exit code 1"):
        slot.measure(Command(), {"argv": ["sh", "-c", "[ ! -e n ] && touch n"], "repeats": 5, "warmup": 3})


def test_results_of_its_own_survive_a_commands_bad_end(slot: Slot) -> None:
    outcome = slot.measure(Command(), {"argv": ["sh", "-c", f"{sys.executable} -c '{WRITES}'; echo oh; exit 3"]})
    assert [m.benchmark for m in outcome.output.measurements] == ["b"]
    assert "exit code 3: oh" in outcome.output.failures[0].reason


IMPORTS = Path(__file__).parents[1] / "data" / "imports"


def copying(what: str, to: str) -> dict[str, Any]:
    return {"argv": ["cp", "-r", str(IMPORTS / what), to]}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (copying("hyperfine/hyperfine.json", "r.json") | {"results": {"file": "r.json", "format": "hyperfine"}},
         {"nap [n=0.01]", "nap [n=0.02]"}),
        (copying("go-bench/cpu.txt", "out") | {"results": {"file": "out"}}, {"Fib/n-10", "Fib/n-15"}),
        ({"argv": ["cat", str(IMPORTS / "go-bench" / "count.txt")], "results": {"file": "output.txt"}},
         {"Fib/n-10", "Fib/n-15", "Sprint"}),
        (copying("criterion/target", "target") | {"results": {"file": "target"}}, {"fib 10", "sum/iter/10"}),
    ],
)  # fmt: skip
def test_results_in_a_known_format_are_those_of_the_task(slot: Slot, options: dict[str, Any], names: set[str]) -> None:
    outcome = slot.measure(Command(), options)
    assert {found.benchmark for found in outcome.output.measurements} == names
    assert outcome.output.workload == "command"
    assert Output.model_validate_json((slot.work_dir / "output.json").read_bytes()) == outcome.output


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("true", "results a/r.json cannot be read: No such file or directory"),
        ("mkdir a; echo hello > a/r.json", "its format is not recognised"),
        ("mkdir a; mkfifo a/r.json", "it is not a regular file"),
        ("mkdir a; ln -s /etc/hostname a/r.json", "a/r.json cannot be read: a link leads there, and links are not followed"),
        ("ln -s /etc a", "a/r.json cannot be read: a link leads there"),
        ("touch a", "a/r.json cannot be read: Not a directory"),
        ("""mkdir a; echo '{"results": [{"command": "x", "times": [true]}]}' > a/r.json""",
         r"results\[0\].times\[0\] is a truth value, must be a number: a file as the tool wrote it"),
    ],
)  # fmt: skip
def test_results_that_are_none_fail_the_benchmark(slot: Slot, script: str, message: str) -> None:
    with pytest.raises(WorkloadError, match=message) as failed:
        slot.measure(Command(), {"argv": ["sh", "-c", script], "results": {"file": "a/r.json"}})
    assert failed.value.error_type == "benchmark_failed"


def test_links_in_a_folder_of_results_are_left_out(slot: Slot) -> None:
    make = 'mkdir -p t/x/new t/y/new; echo \'{"iters": [2], "times": [6]}\' > t/x/new/sample.json; '
    link = f"ln -s '{IMPORTS}/criterion/target/fib 10/new/sample.json' t/y/new/; ln -s {IMPORTS}/criterion/target t/z"
    outcome = slot.measure(Command(), {"argv": ["sh", "-c", make + link], "results": {"file": "t"}})
    assert [(found.benchmark, found.samples) for found in outcome.output.measurements] == [("x", [3.0])]


def test_results_survive_a_commands_bad_end(slot: Slot) -> None:
    script = f"cp {IMPORTS}/hyperfine/hyperfine.json r.json; echo oh; exit 3"
    outcome = slot.measure(Command(), {"argv": ["sh", "-c", script], "results": {"file": "r.json"}})
    assert len(outcome.output.measurements) == 2
    assert "exit code 3: oh" in outcome.output.failures[0].reason


def test_a_long_line_is_kept_as_it_is(slot: Slot) -> None:
    script = "import sys; sys.stdout.buffer.write(b'a' + 'é'.encode() * 300_000 + b'\\xff')"
    slot.measure(Command(), {"argv": [sys.executable, "-c", script]})
    assert (slot.work_dir / "output.txt").read_bytes() == b"a" + "é".encode() * 300_000 + b"\xff"


def test_a_missing_program_is_a_failed_benchmark(slot: Slot) -> None:
    with pytest.raises(WorkloadError, match="exit code 127"):
        slot.measure(Command(), {"argv": ["/no/such/program"]})


def test_the_first_failing_repeat_ends_it(slot: Slot) -> None:
    with pytest.raises(WorkloadError):
        slot.measure(Command(), {"argv": ["sh", "-c", "echo once; exit 1"], "repeats": 5})
    assert (slot.work_dir / "output.txt").read_text() == "once\n"


def test_a_command_that_takes_too_long_is_a_timeout(slot: Slot) -> None:
    with pytest.raises(WorkloadError, match=r"longer than 0\.3 s") as failed:
        slot.measure(Command(), {"argv": ["sleep", "60"], "timeout_s": 0.3})
    assert (failed.value.error_type, failed.value.failure_class) == ("timeout", "benchmark")


@pytest.mark.parametrize("asked", [{}, {"argv": []}, {"argv": "ls"}, {"argv": ["ls"], "repeats": 0}, {"argv": [1]}])
def test_options_of_a_command_are_refused(slot: Slot, asked: dict[str, Any]) -> None:
    with pytest.raises(WorkloadError, match=r"Invalid workload options: .*(argv|repeats)"):
        slot.measure(Command(), asked)


def test_a_mock_gives_the_same_numbers_for_the_same_task_and_others_for_another(tmp_path: Path) -> None:
    def samples(folder: str, task_id: str, seed: int = 0) -> list[list[float]]:
        (tmp_path / folder).mkdir()
        outcome = Slot(tmp_path / folder).measure(Mock(), {"steps": 2, "step_s": 0, "seed": seed}, task_id=task_id)
        return [m.samples for m in outcome.output.measurements]

    first = samples("a", "r.1")
    assert samples("b", "r.1") == first
    assert samples("c", "r.2") != first
    assert samples("d", "r.1", seed=1) != first
    assert all(0.09 <= each <= 0.11 for one in first for each in one)


def test_a_mocks_progress_follows_its_steps(slot: Slot) -> None:
    slot.measure(Mock(), {"steps": 4, "step_s": 0.01})
    assert slot.percents == [10, 30, 50, 70, 90, 90]
    assert slot.files() == {"output.json", "output.txt"}


def test_some_of_a_mocks_benchmarks_can_fail(slot: Slot) -> None:
    outcome = slot.measure(Mock(), {"steps": 4, "step_s": 0, "fail_every": 2})
    assert [m.benchmark for m in outcome.output.measurements] == ["mock-1", "mock-3"]
    assert [f.benchmark for f in outcome.output.failures] == ["mock-2", "mock-4"]


@pytest.mark.parametrize("asked", [{"fail_at": 2}, {"fail_every": 1}])
def test_a_mock_can_fail_altogether(slot: Slot, asked: dict[str, int]) -> None:
    with pytest.raises(WorkloadError) as failed:
        slot.measure(Mock(), {"steps": 3, "step_s": 0, **asked})
    assert failed.value.error_type == "benchmark_failed"


def test_a_mock_is_a_real_process_that_a_stop_ends(slot: Slot) -> None:
    timer = threading.Timer(0.3, slot.stop.set, [StopReason.CANCELLED])
    timer.start()
    with pytest.raises(Stopped):
        slot.measure(Mock(), {"steps": 1, "step_s": 60})
    timer.join()
