"""A cached function hides nothing from `make mutants`: each test computes anew, without a mutant and with one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation import workspace
from tests.mutation.rooms import Room

CODE = """
from functools import cache

@cache
def twice(number):
    return _sum(number, number)

def _sum(one, other):
    return one + other
"""
TESTS = """
from benchfleet.numbers import twice

def test_the_first_that_asks_does_not_look():
    twice(2)

def test_twice():
    assert twice(2) == 4
"""


@pytest.mark.proof
def test_every_test_that_reaches_what_a_cache_remembers_is_run_for_its_mutants(tmp_path: Path) -> None:
    for name, text in (("benchfleet/__init__.py", ""), ("benchfleet/numbers.py", CODE), ("checks/test_it.py", TESTS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    room = Room("benchfleet", ("benchfleet/numbers.py",), ("checks/test_*.py",))
    (tmp_path / "pyproject.toml").write_text(workspace.settings(tmp_path, room))
    words = [sys.executable, "-m", "tests.mutation.trying", "plain", "0", "1"]
    where = os.environ | {"PYTHONPATH": str(workspace.ROOT)}
    ended = subprocess.run(words, cwd=tmp_path, env=where, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-2_000:] + ended.stderr
    outcomes = json.loads((tmp_path / workspace.OUTCOMES).read_text())["outcomes"]
    assert [(one["outcome"], one["diff"]) for one in outcomes] == [("killed", "")]
