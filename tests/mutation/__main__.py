"""`make mutants`: do the quick tests notice when the code is wrong? Prints a score for each room, writes the survivors.

Exit code 0: every room's score is at or above the floor. 1: one is below. 2: no score (the tests fail without any
mutant, nothing was tried, or it was asked wrongly).
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.mutation import score, workspace
from tests.mutation.progress import Progress
from tests.mutation.rooms import ROOMS
from tests.mutation.score import Score

WORK = workspace.ROOT / "build" / "mutants"
_FLOOR = 80.0
_STEADY = {"PYTHONHASHSEED": "0", "HYPOTHESIS_PROFILE": "same"}  # the same tests in the same order each time


class NoScore(Exception):
    """A room's mutants could not be tried."""


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    try:
        scores = [_told(try_room(name, sample=asked.sample, seed=asked.seed)) for name in asked.only or ROOMS]
    except NoScore as failure:
        print(failure, file=sys.stderr)
        return 2
    if len(scores) > 1:
        print(score.line(score.together(scores)))
    export(scores, asked.out, seed=asked.seed)
    return verdict(scores, floor=asked.floor)


def try_room(name: str, *, sample: int, seed: int) -> Score:
    """All mutants of a room, or `sample` of them (0: all) that `seed` picks. Raises NoScore."""
    room, folder = ROOMS[name], WORK / name
    workspace.build(folder, room)
    log = folder / "log.txt"
    words = [sys.executable, "-m", "tests.mutation.trying", "prose" if room.prose else "plain", str(sample), str(seed)]
    with log.open("w") as said, Progress(name, log):
        ended = subprocess.run(words, cwd=folder, env=os.environ | _STEADY, stdout=said, stderr=said, check=False)
    document = _read(folder / workspace.OUTCOMES)
    if ended.returncode or not document or not document["outcomes"]:
        raise NoScore(f"{name}: no mutant was tried (exit code {ended.returncode}); the log: {log}\n{_end(log)}")
    return Score(name, document["mutants"], document["outcomes"])


def verdict(scores: Sequence[Score], *, floor: float) -> int:
    """The exit code. A room in which every mutant hung has no score, and is below any floor."""
    low = [s.room for s in scores if s.percent is None or s.percent < floor]
    if low:
        print(f"below {floor:g} %: {', '.join(low)}", file=sys.stderr)
    return 1 if low else 0


def export(scores: Sequence[Score], out: Path, *, seed: int) -> None:
    """Writes every mutant that is not killed, with its diff."""
    rooms = {
        s.room: {"percent": s.percent, "mutants": s.mutants, "tried": len(s.outcomes), "counts": s.counted(), "alive": s.alive()}
        for s in scores
    }  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"seed": seed, "rooms": rooms}, indent=1, ensure_ascii=False) + "\n")
    print(f"what was not killed, with diffs: {out}")


def _told(result: Score) -> Score:
    print(score.line(result), flush=True)
    return result


def _read(path: Path) -> Any:
    return json.loads(path.read_text()) if path.exists() else None


def _end(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").replace("\r", "\n").splitlines()[-15:])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--only", action="append", choices=list(ROOMS), help="this room (again for more); all without")
    parser.add_argument("--sample", type=int, default=0, help="try so many mutants of each room, 0 for all")
    parser.add_argument("--seed", type=int, default=1, help="which ones a sample takes")
    parser.add_argument("--floor", type=float, default=_FLOOR, help="percent below which the exit code is 1")
    parser.add_argument("--out", type=Path, default=WORK / "survivors.json", help="what was not killed, as JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
