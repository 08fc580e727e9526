"""Runs custom scorers in a process of its own. Copied to where a task's commands run: it needs nothing but Python.

`python score_process.py TASKS SCORES SECONDS`: TASKS has a JSON line for each answer, {"id", "function", "answer", "test"}.
SCORES gets two for each: {"id"} before the function is called, {"id", "score", "passed", "reason"} or {"id", "error"} after it.
One that takes longer than SECONDS ends the process with exit code 75: who started it goes on with the others.
"""

import importlib
import json
import math
import os
import sys
import threading
from typing import Any

TOO_LONG = 75
MOST_REASON = 2000


def scored(task: dict[str, Any]) -> dict[str, Any]:
    """What the function returned, as a score: a bool, a number from 0 to 1, or a dict with `score`, `passed`, `reason`."""
    module, _, name = task["function"].partition(":")
    found = getattr(importlib.import_module(module), name)(task["answer"], task["test"])
    said = found if isinstance(found, dict) else {"score": found}
    score, passed = said.get("score", said.get("passed")), said.get("passed")
    if not isinstance(score, (bool, int, float)) or not math.isfinite(score) or not 0 <= score <= 1:
        raise ValueError(
            f"{task['function']} returned {found!r:.200}: a bool, a number from 0 to 1, or a dict with score is needed"
        )
    if passed is not None and not isinstance(passed, bool):
        raise ValueError(f"{task['function']} returned passed={passed!r:.200}: True or False is needed")
    reason = said.get("reason")
    return {"score": float(score), "passed": passed, "reason": None if reason is None else str(reason)[:MOST_REASON]}


def main(tasks: str, scores: str, seconds: float) -> None:
    sys.path[0] = os.getcwd()
    with open(tasks, encoding="utf-8") as asked, open(scores, "a", encoding="utf-8") as out:
        for line in asked:
            task = json.loads(line)
            print(json.dumps({"id": task["id"]}), file=out, flush=True)
            watch = threading.Timer(seconds, os._exit, (TOO_LONG,))
            watch.daemon = True
            watch.start()
            try:
                said = scored(task)
            except BaseException as error:  # a scorer may end its process: its answer has no score, others go on
                said = {"error": f"{type(error).__name__}: {error}"[:MOST_REASON]}
            watch.cancel()
            print(json.dumps({"id": task["id"], **said}), file=out, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
