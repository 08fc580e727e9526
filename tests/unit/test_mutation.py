"""`make mutants`: its rooms, what it says of them, and its exit code. The mutants themselves are tried by the target."""

import json
from pathlib import Path

import pytest

from tests.each_case import each_case
from tests.mutation import progress, workspace
from tests.mutation.__main__ import export, main, verdict
from tests.mutation.rooms import ROOMS
from tests.mutation.score import Outcome, Score, line, together


def score(*outcomes: str, mutants: int | None = None) -> Score:
    told = [Outcome(mutant=f"m{n}", file="f.py", outcome=one, diff="") for n, one in enumerate(outcomes)]
    return Score("domain", len(told) if mutants is None else mutants, told)


def test_a_score_is_the_killed_of_those_that_came_to_an_end() -> None:
    mixed = score("killed", "killed", "killed", "survived", "no tests", "timeout")
    assert mixed.percent == 60
    assert [one["outcome"] for one in mixed.alive()] == ["survived", "no tests", "timeout"]
    assert "60.0 %  3 killed, 1 survived, 1 no tests, 1 timeouts  (all 6)" in line(mixed)


def test_a_sample_is_called_one() -> None:
    assert "(sample: 2 of 40)" in line(score("killed", "survived", mutants=40))
    assert not score("killed").sampled


def test_what_mutmut_calls_otherwise_is_counted_too() -> None:
    assert "2 others" in line(score("killed", "suspicious", "segfault"))


def test_rooms_together() -> None:
    both = together([score("killed"), score("survived", "killed", mutants=5)])
    assert (both.mutants, len(both.outcomes), both.of("killed")) == (6, 3, 2)


@each_case(
    ("outcomes", "code"), [(["killed"] * 4 + ["survived"], 0), (["killed"] * 3 + ["survived"], 1), (["timeout"], 1)]
)
def test_the_exit_code_says_whether_a_room_is_below_the_floor(outcomes: list[str], code: int) -> None:
    assert verdict([score("killed"), score(*outcomes)], floor=80) == code


def test_survivors_are_exported_with_their_diffs(tmp_path: Path) -> None:
    alive = Outcome(mutant="m", file="f.py", outcome="survived", diff="-a\n+b")
    killed = Outcome(mutant="k", file="f.py", outcome="killed", diff="")
    export([Score("auth", 9, [alive, killed])], tmp_path / "new" / "s.json", seed=3)
    document = json.loads((tmp_path / "new" / "s.json").read_text())
    assert document["seed"] == 3
    assert document["rooms"]["auth"] == {
        "percent": 50, "mutants": 9, "tried": 2, "counts": {"survived": 1, "killed": 1}, "alive": [alive],
    }  # fmt: skip


def test_an_unknown_room_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--only", "nowhere"])
    assert "domain" in capsys.readouterr().err


@each_case("name", ROOMS)
def test_every_room_names_what_there_is(name: str) -> None:
    room = ROOMS[name]
    for pattern in room.tests:
        assert list(workspace.ROOT.glob(pattern)), pattern
    for pattern in room.sources:
        assert list(workspace.ROOT.glob(pattern)) or list((workspace.ROOT / "sdk").glob(pattern)), pattern
        assert pattern.startswith(f"{room.package}/")


def test_progress_is_the_last_line_of_mutmut(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"generating")
    assert progress.latest(log).startswith("making mutants")
    log.write_bytes("\r⠙ 1/20  🎉 1\r⠹ 2/20  🎉 1".encode())
    assert progress.latest(log) == "2/20  🎉 1"
