"""A busy machine: said before anything starts, and waited for when asked."""

from pathlib import Path

import pytest
from benchfleet.cli.run import alone
from benchfleet.exceptions import TimedOut
from benchfleet.local.quiet import Noise, noise

from tests.each_case import each_case
from tests.unit.run_parts import FakeClient, HandClock, Stage, detail, group

RUNNING, DONE = detail(groups=[group(pending=2)]), detail("completed", "ready", groups=[group(completed=2)])
BUSY = Noise(1.5, 2)


def stage(folder: Path, *, quiet_after_s: float) -> Stage:
    clock = HandClock()
    return Stage(
        folder,
        FakeClient([RUNNING, DONE]),
        clock=clock,
        noise=lambda: BUSY if clock.now_s < quiet_after_s else Noise(0.4, 2),
    )


@each_case(("load", "busy"), [(0.0, False), (0.5, False), (0.51, True), (3.0, True)])
def test_a_quarter_of_a_core_each_is_busy(load: float, busy: bool) -> None:
    assert noise(lambda: (load, 0, 0), cores=2).is_busy is busy


def test_a_system_that_tells_no_load_passes_for_quiet() -> None:
    def silent() -> tuple[float, float, float]:
        raise OSError("no such file")

    assert not noise(silent, cores=1).is_busy


def test_a_busy_machine_is_told_before_anything_starts(tmp_path: Path) -> None:
    here = stage(tmp_path, quiet_after_s=1e9)
    assert here.driver().run().exit_code == 0
    assert here.screen.notes[0].startswith("This machine is busy (load 1.50 on 2 cores; quiet is below 0.50)")
    assert "--wait-for-quiet" in here.screen.notes[0]


def test_a_quiet_machine_is_not_worth_a_word(tmp_path: Path) -> None:
    here = stage(tmp_path, quiet_after_s=0)
    here.driver(quiet_s=60.0).run()
    assert not [note for note in here.screen.notes if "quiet" in note]


def test_where_nothing_is_measured_here_the_load_does_not_matter(tmp_path: Path) -> None:
    here = stage(tmp_path, quiet_after_s=1e9)
    here.driver(providers=("aws",)).run()
    assert not [note for note in here.screen.notes if "busy" in note]


def test_it_waits_with_progress_until_the_machine_is_quiet(tmp_path: Path) -> None:
    here = stage(tmp_path, quiet_after_s=70)
    assert here.driver(quiet_s=300.0).run().exit_code == 0
    waits = [note for note in here.screen.notes if note.startswith("Waiting for a quiet machine: load 1.50")]
    assert [note.rpartition("(")[2] for note in waits] == [f"{at} of at most 300 s)" for at in (0, 30, 60)]
    assert "The machine is quiet: load 0.40 on 2 cores" in here.screen.notes


def test_a_machine_that_never_gets_quiet_ends_the_command_with_nothing_started(tmp_path: Path) -> None:
    here = stage(tmp_path, quiet_after_s=1e9)
    with pytest.raises(TimedOut, match=r"busy for 45 s \(load 1.50.* nothing was started: end other work") as ended:
        here.driver(quiet_s=45.0).run()
    assert ended.value.exit_code == 124
    assert here.clock.now_s == 45
    assert (here.provisioner.log, here.client.created) == ([], [])
    assert not list((tmp_path / "state").rglob("*.json"))


@each_case(
    ("words", "expected"),
    [
        (["--wait-for-quiet", "-c", "x"], ["--wait-for-quiet=300", "-c", "x"]),
        (["-c", "x", "--wait-for-quiet"], ["-c", "x", "--wait-for-quiet=300"]),
        (["--wait-for-quiet", "20", "-c", "x"], ["--wait-for-quiet", "20", "-c", "x"]),
        (["--wait-for-quiet", "1.5"], ["--wait-for-quiet", "1.5"]),
        (["--wait-for-quiet=9"], ["--wait-for-quiet=9"]),
    ],
)
def test_the_option_may_stand_alone(words: list[str], expected: list[str]) -> None:
    assert alone(words) == expected
