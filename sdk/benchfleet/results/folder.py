"""Reads the folder that an archive was unpacked to: the measurements of all tasks, put together by what they measured."""

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from benchfleet_results.boards.tasks import UNKNOWN
from benchfleet_results.series import Samples, Series
from benchfleet_results.statistics import Estimate, estimate

from benchfleet.exceptions import ArchiveError
from benchfleet.results import bounds
from benchfleet.results.files import Unreadable, folders, read_object
from benchfleet.results.outputs import read_output


@dataclass(frozen=True, order=True)
class Subject:
    """What was measured, and where. `machine` is the alias, or the instance type where there is none.

    `subject` is the run's name of what was measured; empty where it has no subjects.
    """

    provider: str
    machine: str
    subject: str
    benchmark: str
    variant: str
    metric: str
    unit: str
    better: Literal["lower", "higher"]


@dataclass(frozen=True)
class Row:
    subject: Subject
    estimate: Estimate

    def document(self) -> dict[str, Any]:
        """As JSON. `ci95` is [low, high] in `unit`, or null."""
        found = self.estimate
        return asdict(self.subject) | {
            "subject": self.subject.subject or None,
            "mean": found.mean,
            "ci95": found.interval,
            "ci95_over": found.over,
            "tasks": found.tasks,
            "samples": found.samples,
        }


class Place(NamedTuple):
    """Of a task. `part`: of a split suite; tasks of another one have other benchmarks."""

    provider: str
    machine: str
    subject: str
    part: str


def read(folder: Path) -> list[Row]:
    """One row a subject, in order of their names. Raises ArchiveError for a document that is none."""
    samples: dict[Subject, list[tuple[float, ...]]] = defaultdict(list)
    parts: dict[Subject, set[Place]] = defaultdict(set)
    tasks: Counter[Place] = Counter()
    for task in folders(folder) if folder.is_dir() else ():
        where, measured = _named(task), _measured(task)
        tasks[where] += bool(measured)
        for found in measured:
            subject = _subject(where, found.series)
            samples[subject].append(found.values)
            parts[subject].add(where)
    return [
        Row(subject, estimate(_with_empty(groups, sum(tasks[where] for where in parts[subject]))))
        for subject, groups in sorted(samples.items())
        if any(groups)
    ]


def _with_empty(groups: list[tuple[float, ...]], tasks: int) -> list[tuple[float, ...]]:
    """Those that measured something else, and not this, have no samples of it."""
    return groups + [()] * (tasks - len(groups))


def _subject(where: Place, of: Series) -> Subject:
    return Subject(
        where.provider, where.machine, where.subject, of.benchmark, of.variant, of.metric, of.unit, of.better
    )


def _measured(folder: Path) -> tuple[Samples, ...]:
    try:
        found = read_output(folder)
    except Unreadable as error:
        raise ArchiveError(f"{folder}/{error}") from error
    return found.samples if found else ()


def _named(folder: Path) -> Place:
    """From metadata.json; a folder without one is its own machine. Whole: what begins alike need not be the same."""
    try:
        named = read_object(folder / "metadata.json", most=bounds.MAX_METADATA_BYTES) or {}
    except Unreadable:
        return Place(UNKNOWN, folder.name, "", "")
    machine = named.get("alias") or named.get("instance_type") or folder.name
    provider, subject, part = named.get("provider") or UNKNOWN, named.get("subject") or "", named.get("part") or ""
    return Place(*map(bounds.whole, (provider, machine, subject, part)))
