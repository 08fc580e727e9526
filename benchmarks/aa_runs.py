"""Real runs of one thing under two names: how often does the report call it different from itself?

`aa_runs.json` holds what runs of the demo's workload measured on a busy machine of two cores: each with the subjects `one` and
`same`, four tasks of each, interleaved. `python -m benchmarks.aa_runs FOLDER...` makes it anew from results folders.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import scipy  # loads `stats`, which is heavy, when it is used
from benchfleet.report.board_making import made
from benchfleet.report.coverage import group_facts
from benchfleet.report.reading import read_runs
from benchfleet.report.run_comparison import compare_runs
from benchfleet_results.boards.tasks import Task
from benchfleet_results.series import Samples, Series

from benchmarks.metric import Metric

DATA = Path(__file__).with_name("aa_runs.json")
HOST = "one machine"
_POOLED = "Mann-Whitney on all samples of one run, for comparison"


def metrics() -> list[dict[str, Any]]:
    runs = load()
    found = [outcome for run in runs for outcome in interleaved(run)]
    after = [outcome for old, new in pairwise(runs) for outcome in one_after_the_other(new, old)]
    how = f"{len(runs)} real runs, each of the same thing twice"
    return [
        Metric("report: equal subjects of one run called different", _share(found), "share", 0.15, how).as_dict(),
        Metric("report: equal runs one after the other called different", _share(after), "share", None, how).as_dict(),
        Metric("the same by pooled samples", _share([pooled(run) for run in runs]), "share", None, _POOLED).as_dict(),
    ]


def _share(claims: Sequence[bool]) -> float:
    return sum(claims) / len(claims)


def interleaved(tasks: Sequence[Task]) -> Iterator[bool]:
    for board in made(tasks, ("subject",), group_facts(tasks, role="measured")):
        if board.metric == "time":
            found = [row.to_best for row in board.ranking] + [
                cell.to_best for one in board.benchmarks for cell in one.cells
            ]
            yield any(relation.beyond_noise for relation in found)


def pooled(tasks: Sequence[Task]) -> bool:
    """What a tool says that takes the samples of all tasks for independent."""
    sides: dict[str | None, list[float]] = {"one": [], "same": []}
    for task in tasks:
        sides[task.subject] += [value for one in task.samples for value in one.values]
    return bool(scipy.stats.mannwhitneyu(sides["one"], sides["same"]).pvalue < 0.05)


def one_after_the_other(new: Sequence[Task], old: Sequence[Task]) -> Iterator[bool]:
    found = compare_runs(new, old, baseline="old", runs=["new"])
    for subject in ("one", "same"):
        mine = [row for row in found.rows if row.subject == subject and row.metric == "time"]
        yield any(row.relation.beyond_noise for row in mine)


def load(path: Path = DATA) -> list[list[Task]]:
    return [[_task(str(number), one) for one in run] for number, run in enumerate(json.loads(path.read_text()))]


def _task(run: str, one: dict[str, Any]) -> Task:
    samples = tuple(
        Samples(Series("pyperformance", name, "default", "time", "s", "lower"), tuple(values))
        for name, values in one["samples"].items()
    )
    return Task(
        run_id=run,
        number=one["number"],
        folder=str(one["number"]),
        provider="local",
        instance_type="this-machine",
        alias=None,
        outcome="measured",
        reason=None,
        samples=samples,
        host=HOST,
        subject=one["subject"],
        repeat=one["repeat"],
    )


def collect(folders: Sequence[Path]) -> list[list[dict[str, Any]]]:
    return [[_kept(task) for task in read_runs([folder]).tasks] for folder in folders]


def _kept(task: Task) -> dict[str, Any]:
    times = {one.series.benchmark: list(one.values) for one in task.samples if one.series.metric == "time"}
    return {"number": task.number, "subject": task.subject, "repeat": task.repeat, "samples": times}


if __name__ == "__main__":
    DATA.write_text(json.dumps(collect([Path(word) for word in sys.argv[1:]])) + "\n")
