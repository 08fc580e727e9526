"""Runners of several instances race for the tasks of subjects that take turns: the order holds, and split pairs are counted."""

import io
import tarfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from threading import Barrier, Lock

import httpx
import pytest
from benchfleet.report.analysis import analyse
from benchfleet.report.reading import read_runs
from benchfleet_contract.authorities import authorities

from tests.integration.api_client import Api
from tests.integration.measured_tasks import measure

RUNNERS, REPEATS = 3, 10
SUBJECTS = ["a", "b"]


@pytest.mark.parametrize("order", ["abba", "interleaved"])
@pytest.mark.proof
def test_racing_runners_keep_the_order_of_the_plan_and_split_pairs_are_counted(
    api: Api, tmp_path: Path, order: str
) -> None:
    body = {"workload": "mock", "ruby_version": None, "order": order, "per_instance_type": {"tasks": REPEATS}}
    run_id = api.create(**body, subjects=[{"name": name, "seed": n} for n, name in enumerate(SUBJECTS)])["run_id"]
    given, lock, start = list[tuple[int, str]](), Lock(), Barrier(RUNNERS)

    def runner(name: str) -> None:
        with closing(Api(api.ready)) as mine:
            start.wait()
            while number := measure(mine, run_id, 1.0, runner_id=name, instance=name):
                with lock:
                    given.append((number, name))

    with ThreadPoolExecutor(RUNNERS) as pool:
        list(pool.map(runner, [f"i-{n}" for n in range(RUNNERS)]))

    numbers = [number for number, _ in given]
    assert sorted(numbers) == [*range(1, 2 * REPEATS + 1)]  # each once
    # Whoever loses a race goes on to the next of a few: nobody is further than that from his turn.
    assert max(abs(number - turn) for turn, number in enumerate(numbers, start=1)) <= 2 * RUNNERS
    for name in {name for _, name in given}:
        mine = [number for number, who in given if who == name]
        assert all(later - number > -RUNNERS for number, later in pairwise(mine))

    found = read_runs([archive_of(api, run_id, tmp_path)])
    planned = {repeat: SUBJECTS[:: 1 if repeat % 2 else -1] for repeat in range(1, REPEATS + 1)}
    by_number = sorted(found.tasks, key=lambda task: task.number or 0)
    turns = [(task.repeat, task.subject) for task in by_number]
    if order == "abba":
        assert turns == [(repeat, subject) for repeat, pair in planned.items() for subject in pair]
    for odd, even in zip(*(iter(turns[at : at + 2] for at in range(0, len(turns), 2)),) * 2, strict=True):
        assert [subject for _, subject in even] == [subject for _, subject in odd][::-1]
    where = dict(given)
    split = sum(where[first] != where[first + 1] for first in range(1, 2 * REPEATS, 2))
    report = analyse(found)
    (kept,) = report.turns
    assert (kept.complete, kept.together, kept.other_instance) == (REPEATS, REPEATS - split, split)
    told = [words for words in report.warnings if "measured all subjects together" in words]
    assert len(told) == (split > 0)
    assert all(f": {REPEATS - split} of {REPEATS} repeats" in words for words in told)


def archive_of(api: Api, run_id: str, folder: Path) -> Path:
    run = api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")
    packed = httpx.get(run["archive"]["url"], timeout=60, verify=authorities({})).content
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder
