"""What the benchmarks under load do to a real emulator."""

import subprocess
import sys
from contextlib import closing
from dataclasses import asdict

import psutil
import pytest

from benchmarks.causes import CAUSES, REST
from benchmarks.child_cpu import ROOT
from benchmarks.emulator_process import running
from benchmarks.lives import Plane, live
from benchmarks.one_task import Spent
from local_emulator.stack import Emulator

WATCHED = (sys.executable, "-m", "benchmarks.watched_emulator")


def test_as_many_lives_as_were_asked_for(emulator: Emulator) -> None:
    assert len(live(asdict(emulator.ready), clients=3, lives=7)) == 7


def test_an_answer_that_is_no_success_is_told(emulator: Emulator) -> None:
    with closing(Plane(asdict(emulator.ready))) as plane, pytest.raises(RuntimeError, match="POST /runs/no/stop: 404"):
        plane.post("/runs/no/stop", {})


@pytest.mark.proof
def test_a_watched_emulator_tells_each_cause_and_no_more_than_its_cpu() -> None:
    with running(WATCHED, folder=ROOT) as watched:
        before = watched.ask()
        live(watched.ready, clients=2, lives=8)
        after = watched.ask()
    spent = {cause: seconds - before["causes"].get(cause, 0.0) for cause, seconds in after["causes"].items()}
    assert spent.keys() == set(CAUSES) - {REST}
    assert min(spent.values()) > 0
    assert 0.5 < sum(spent.values()) / (after["process"] - before["process"]) <= 1.0


NAPS = """
import sys, threading, time
def nap():
    for line in sys.stdin:
        for _ in range(50):
            time.sleep(0.001)
        print(line, end="", flush=True)
thread = threading.Thread(target=nap)
thread.start()
thread.join()
"""


def test_each_time_that_a_thread_of_a_process_waited_is_counted() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", NAPS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:

        def spent_by_naps() -> Spent:
            assert child.stdin
            assert child.stdout
            child.stdin.write("nap\n")
            child.stdin.flush()
            assert child.stdout.readline() == "nap\n"
            return Spent.of(psutil.Process(child.pid))

        before = spent_by_naps()
        spent = spent_by_naps().since(before)
        child.communicate()
    assert 50 <= spent.wakes <= 150
    assert spent.cpu_s >= 0
