"""Which runs a history is over: those that were named, or all of one workload in the results folder."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet.report.analysis import Options
    from benchfleet.report.model.report import Report

MOST_RUNS = 200


@dataclass(frozen=True)
class Asked:
    """`runs`: folders; empty for all of the newest's workload. `marks`: name → folder."""

    runs: Sequence[Path]
    results: Path
    marks: dict[str, Path]


def reported(asked: Asked, options: "Options") -> "Report":
    """Raises UsageError without the package that finds steps, for fewer than two runs, and for an unknown mark."""
    from benchfleet.report.dataset import Dataset
    from benchfleet.report.history.change_points import available
    from benchfleet.report.history.report import with_history
    from benchfleet.report.reading import read_runs

    available()
    unread: list[str] = []
    wanted = [*(asked.runs or _of_one_workload(asked.results, unread)), *asked.marks.values()]
    folders: dict[str, Path] = {}
    parts = []
    for folder in _newest(dict.fromkeys(path.resolve() for path in wanted), unread):
        part = read_runs([folder])
        if (run_id := part.runs[0].run_id) in folders:
            unread.append(f"{folder.name}: it holds the same run as {folders[run_id].name}")
        else:
            folders[run_id] = folder
            parts.append(part)
    runs = tuple(run for part in parts for run in part.runs)
    marks = {name: _run_of(path, folders) for name, path in asked.marks.items()}
    return with_history(Dataset(runs, tuple(task for part in parts for task in part.tasks)), options, marks, unread)


def marks(words: Sequence[str]) -> dict[str, str]:
    """`NAME=RUN` → name → run. Raises UsageError."""
    found: dict[str, str] = {}
    for word in words:
        name, sign, run = word.partition("=")
        if not (sign and name.strip() and run.strip()):
            raise UsageError(f"--mark is {word!r}, must be NAME=RUN, such as release=1795327470")
        if name.strip() in found:
            raise UsageError(f"--mark {name.strip()} is there twice: give each run a name of its own")
        found[name.strip()] = run.strip()
    return found


def _run_of(path: Path, folders: dict[str, Path]) -> str:
    return next((run_id for run_id, folder in folders.items() if folder == path.resolve()), path.name)


def _of_one_workload(results: Path, unread: list[str]) -> Iterator[Path]:
    """All runs with the workload of the newest one."""
    about = dict(_workloads(results, unread))
    if not about:
        raise UsageError(f"there are no runs in {results}/: name runs or folders, or make a run first")
    newest = max(about, key=lambda path: path.stat().st_mtime)
    print(f"benchfleet: all runs of {about[newest]} in {results}/", file=sys.stderr)
    yield from sorted(path for path, workload in about.items() if workload == about[newest])


def _workloads(results: Path, unread: list[str]) -> Iterator[tuple[Path, str]]:
    from benchfleet.results.bounds import MAX_RUN_BYTES, cut
    from benchfleet.results.files import Unreadable, folders, read_object

    for folder in folders(results):
        try:
            about = read_object(folder / "run.json", most=MAX_RUN_BYTES)
        except Unreadable as error:
            unread.append(f"{cut(folder.name)}: {error}")
            continue
        if about is None:
            unread.append(f"{cut(folder.name)}: it has no run.json, so its workload is not known: name it")
        else:
            yield folder, cut(about.get("workload") or "an unknown workload")


def _newest(paths: dict[Path, None], unread: list[str]) -> list[Path]:
    """At most `MOST_RUNS`."""
    ordered = sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)
    unread += [f"{path.name}: a history has at most {MOST_RUNS} runs" for path in ordered[MOST_RUNS:]]
    return ordered[:MOST_RUNS]
