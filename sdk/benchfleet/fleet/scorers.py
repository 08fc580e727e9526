"""`python` assertions on this computer, for `fleet rescore`: each in a process of its own, which sees no keys."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.outcomes import Grade
from pydantic import ValidationError

from runner_image.isolation.environment import visible
from runner_image.workloads.llm import score_process

EACH_S = 30.0
START_S = 10.0


def run_python(
    assertion: Mapping[str, Any], answer: str, test: dict[str, Any], *, environ: Mapping[str, str] = os.environ
) -> Grade:
    """Modules are found in the working directory, and where this Python finds them. What fails is the grade's `error`."""
    task = {"id": 0, "function": assertion["value"], "answer": answer, "test": test}
    with tempfile.TemporaryDirectory(prefix="benchfleet-score-") as name:
        tasks, scores = Path(name) / "tasks.jsonl", Path(name) / "scores.jsonl"
        tasks.write_text(json.dumps(task) + "\n", encoding="utf-8")
        command = [sys.executable, score_process.__file__, str(tasks), str(scores), str(EACH_S)]
        try:
            ended = subprocess.run(
                command, env=visible(environ), capture_output=True, timeout=EACH_S + START_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Grade(error=f"{assertion['value']} took more than {EACH_S:g} s")
        return _said(scores) or Grade(error=f"{assertion['value']} ended its process with exit code {ended.returncode}")


def _said(scores: Path) -> Grade | None:
    """The last line, if it says more than that the function was begun."""
    try:
        said = json.loads(scores.read_text(encoding="utf-8").splitlines()[-1])
        said.pop("id")
        return Grade.model_validate(said) if said else None
    except (OSError, ValueError, IndexError, AttributeError, KeyError, ValidationError):
        return None
