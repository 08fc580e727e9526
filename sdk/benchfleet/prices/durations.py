"""How long tasks of the same work took in earlier runs: in the results of this machine, else at the control plane.

The same work is the same workload with the same options (and version of ruby) in as many shards.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from benchfleet_contract.clocks import took_s
from benchfleet_contract.runs import RunDetail, RunListItem, RunRequest
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task

from benchfleet.results.bounds import MAX_METADATA_BYTES, MAX_RUN_BYTES
from benchfleet.results.files import Unreadable, folders, read_object

MOST_LOOKED_AT = 50  # of the newest runs, here or there
MOST_RUNS = 3  # of these that did the same work
MOST_TASKS = 1_000  # of one run


@dataclass(frozen=True)
class Known:
    """Mean seconds of `tasks` tasks. `same_type`: on machines of the type that was asked for."""

    mean_s: float
    tasks: int
    same_type: bool


@dataclass(frozen=True)
class Durations:
    """Seconds of tasks by instance type, of these runs. `where` ends a sentence: `in results`."""

    by_type: Mapping[str, Sequence[float]]
    runs: tuple[str, ...]
    where: str

    def of(self, instance_type: str) -> Known | None:
        """Of that type, else of all machines together."""
        own = self.by_type.get(instance_type)
        found = own or [each for seconds in self.by_type.values() for each in seconds]
        return Known(fmean(found), len(found), same_type=bool(own)) if found else None


class Api(Protocol):
    """The part of the client that is asked."""

    def runs(self) -> Iterator[RunListItem]: ...

    def run(self, run_id: str) -> RunDetail: ...

    def tasks(
        self,
        run_id: str,
        *,
        provider: str | None = None,
        instance_type: str | None = None,
        subject: str | None = None,
        status: TaskStatus | None = None,
    ) -> Iterator[Task]: ...


def of_results(results: Path, request: RunRequest) -> Durations | None:
    """Of the newest folders of results. What cannot be read is left out."""
    newest = islice(_newest(results), MOST_LOOKED_AT)
    same = (folder for folder in newest if _is_same(_read(folder / "run.json", MAX_RUN_BYTES), request))
    return _together(((folder.name, _of_folder(folder, request)) for folder in same), f"in {os.path.relpath(results)}")


def of_control_plane(api: Api, request: RunRequest) -> Durations | None:
    """Of the newest runs that it knows. Raises BenchfleetError."""
    newest = (listed for listed in islice(api.runs(), MOST_LOOKED_AT) if listed.workload == request.workload)
    same = (listed.run_id for listed in newest if _is_same(api.run(listed.run_id).model_dump(), request))
    return _together(((run_id, _of_tasks(_completed(api, run_id), request)) for run_id in same), "at the control plane")


def _together(told: Iterable[tuple[str, Iterable[tuple[str, float]]]], where: str) -> Durations | None:
    """Of the first runs that tell anything; of the others nothing is read."""
    found: dict[str, list[float]] = defaultdict(list)
    known = ((run, of_tasks) for run, each in told if (of_tasks := list(each)))
    runs: list[str] = []
    for run, of_tasks in islice(known, MOST_RUNS):
        runs.append(run)
        for instance_type, seconds in of_tasks:
            found[instance_type].append(seconds)
    return Durations(found, tuple(runs), where) if runs else None


def _completed(api: Api, run_id: str) -> Iterator[Task]:
    return islice(api.tasks(run_id, status=TaskStatus.COMPLETED), MOST_TASKS)


def _newest(results: Path) -> list[Path]:
    try:
        return sorted(folders(results), key=lambda folder: folder.stat().st_mtime, reverse=True)
    except (Unreadable, OSError):
        return []


def _is_same(run: Mapping[str, Any] | None, request: RunRequest) -> bool:
    wanted = request.workload, request.workload_options, request.ruby_version
    return run is not None and (run.get("workload"), run.get("workload_options"), run.get("ruby_version")) == wanted


def _of_folder(folder: Path, request: RunRequest) -> Iterator[tuple[str, float]]:
    for task in islice(folders(folder), MOST_TASKS):
        told = _read(task / "metadata.json", MAX_METADATA_BYTES) or {}
        seconds, name = told.get("duration_s"), told.get("instance_type")
        is_known = isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < float("inf")
        if is_known and isinstance(name, str) and told.get("status") == "success" and _fits(told.get("part"), request):
            yield name, float(seconds or 0)


def _of_tasks(tasks: Iterable[Task], request: RunRequest) -> Iterator[tuple[str, float]]:
    for task in tasks:
        seconds = took_s(task.claimed_at, task.ended_at)
        if seconds is not None and seconds >= 0 and _fits(task.part, request):
            yield task.instance_type, max(1.0, seconds)  # times are whole seconds


def _fits(part: Any, request: RunRequest) -> bool:
    """`2/3`: the second of three."""
    return str(part or "1/1").rpartition("/")[2] == str(request.shards)


def _read(path: Path, most: int) -> dict[str, Any] | None:
    try:
        return read_object(path, most=most)
    except Unreadable:
        return None
