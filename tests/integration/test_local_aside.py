"""This process and its emulator leave the cores that a runner holds, with all threads; what they start does not inherit that."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="needs two cores")]

# A runner holds a core; a process with two threads, and one beside it, step aside and come back.
STORY = """
import os, subprocess, sys, tempfile, threading
from pathlib import Path
from benchfleet.local.aside import ALL_CORES, Aside, on_all_cores
from runner_image.machine.cores import locks_folder, reserved

def cores(pid):
    return {frozenset(os.sched_getaffinity(int(thread))) for thread in os.listdir(f"/proc/{pid}/task")}

parked = threading.Event()
threading.Thread(target=parked.wait, daemon=True).start()
other = subprocess.Popen(["sleep", "60"])
aside, locks = Aside(), locks_folder(Path(tempfile.gettempdir()))
aside.keep([other.pid])
assert cores(os.getpid()) == cores(other.pid) == {ALL_CORES}
with reserved(1, allowed=sorted(ALL_CORES), locks=locks) as [measured]:
    aside.keep([other.pid])
    for pid in (os.getpid(), other.pid):
        [mine] = cores(pid)
        assert mine and not mine & set(measured), (mine, measured)
    with on_all_cores():
        started = subprocess.Popen(["sleep", "60"])
    assert cores(started.pid) == {ALL_CORES}
    aside.back()
    assert cores(os.getpid()) == {ALL_CORES}
for process in (other, started):
    process.kill()
    process.wait()
"""


def test_a_run_leaves_the_cores_that_a_runner_holds(tmp_path: Path) -> None:
    """In a process of its own: with a folder of locks, and an affinity, that no other test shares."""
    done = subprocess.run(
        [sys.executable, "-c", STORY],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
