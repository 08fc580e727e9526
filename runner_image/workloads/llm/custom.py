"""Assertions that a function of the user's decides: in the slot's isolation, never in the runner's own process.

A function that raises, hangs or ends its process is an error of this one score, told in it; it is never a score of 0.
"""

import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.outcomes import Grade

from runner_image.isolation.protocol import TIMED_OUT, Slot
from runner_image.workloads.files import read_text, write_plain
from runner_image.workloads.llm import score_process

FOLDER = ".scoring"
EACH_S, ALL_S = 30.0, 900.0
START_S = 10.0  # of the interpreter, and of what the function's module imports
MOST_WORDS = 500
_MOST_LINES = 5
# The runner's own interpreter where the slot has it (a process of this machine), else the image's.
_PYTHON = 'if [ -x "$0" ]; then exec "$0" "$@"; else exec python3 "$@"; fi'


@dataclass(frozen=True)
class CustomAsk:
    """`function` is `package.module:name`, found where the runner's Python, or the image's, finds modules (PYTHONPATH)."""

    function: str
    answer: str
    test: dict[str, Any]


def custom_grades(slot: Slot, work_dir: Path, asked: Sequence[CustomAsk], *, each_s: float = EACH_S) -> list[Grade]:
    """One for each, in their order. Raises Stopped where the task was stopped."""
    grades: dict[int, Grade] = {}
    end = time.monotonic() + ALL_S
    folder = work_dir / FOLDER
    folder.mkdir(exist_ok=True)
    write_plain(folder / "score.py", Path(score_process.__file__).read_bytes())
    while len(grades) < len(asked) and time.monotonic() < end:
        rest = [number for number in range(len(asked)) if number not in grades]
        grades |= _round(slot, folder, asked, rest, each_s)
    late = Grade(error=f"not scored: all scorers of the shard took more than {ALL_S:g} s")
    return [grades.get(number, late) for number in range(len(asked))]


def _round(slot: Slot, folder: Path, asked: Sequence[CustomAsk], rest: list[int], each_s: float) -> dict[int, Grade]:
    """What one process says, until it ends, or one of the functions ends it."""
    tasks, scores = folder / "tasks.jsonl", folder / "scores.jsonl"
    scores.unlink(missing_ok=True)
    lines = [json.dumps({"id": number, **vars(asked[number])}) + "\n" for number in rest]
    write_plain(tasks, "".join(lines).encode())
    said: deque[str] = deque(maxlen=_MOST_LINES)
    code = slot.run(
        ["sh", "-c", _PYTHON, sys.executable, str(folder / "score.py"), str(tasks), str(scores), str(each_s)],
        cwd=folder,
        environment={},
        on_line=said.append,
        timeout_s=min(ALL_S, START_S + (each_s + 1) * len(rest)),
    )
    begun, grades = _read(scores)
    words = f"exit code {code}: {' '.join(said)}"[:MOST_WORDS]
    why = (
        f"took more than {each_s:g} s" if code in (score_process.TOO_LONG, TIMED_OUT) else f"ended its process, {words}"
    )
    lost = {number: Grade(error=f"{asked[number].function} {why}") for number in begun - set(grades) if number in rest}
    silent = (
        {}
        if grades or lost
        else {number: Grade(error=f"the scorers' process said nothing, {words}") for number in rest}
    )
    return {number: grade for number, grade in grades.items() if number in rest} | lost | silent


def _read(scores: Path) -> tuple[set[int], dict[int, Grade]]:
    """Which were begun, and what was said. The file was written beside code that is not ours."""
    begun: set[int] = set()
    grades: dict[int, Grade] = {}
    try:
        text = read_text(scores)
    except OSError:
        return begun, grades
    for line in text.splitlines():
        try:
            said = json.loads(line)
            number = int(said.pop("id"))
            begun.add(number)
            if said:
                grades[number] = Grade.model_validate(said)
        except (ValueError, TypeError, AttributeError, KeyError):
            continue
    return begun, grades
