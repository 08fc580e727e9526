"""Reads the folder that an archive was unpacked to: the measurements of all tasks, put together by what they measured."""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from benchfleet_contract.results import Measurement, Output
from pydantic import ValidationError

from benchfleet.exceptions import ArchiveError
from benchfleet.statistics import Estimate, estimate


@dataclass(frozen=True, order=True)
class Subject:
    """What was measured, and where. `machine` is the alias, or the instance type where there is none."""

    machine: str
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
            "mean": found.mean,
            "ci95": found.interval,
            "ci95_over": found.over,
            "tasks": found.tasks,
            "samples": found.samples,
        }


def read(folder: Path) -> list[Row]:
    """One row a subject, in order of their names. Raises ArchiveError for a document that is none."""
    samples: dict[Subject, list[list[float]]] = defaultdict(list)
    for path in sorted(folder.glob("*/output.json")):
        machine = _machine(path.parent)
        for found in _output(path).measurements:
            samples[_subject(machine, found)].append(found.samples)
    return [Row(subject, estimate(groups)) for subject, groups in sorted(samples.items()) if any(groups)]


def _subject(machine: str, found: Measurement) -> Subject:
    return Subject(machine, found.benchmark, found.variant, found.metric, found.unit, found.better)


def _output(path: Path) -> Output:
    try:
        return Output.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ArchiveError(f"{path} is no output.json of ours: {error.error_count()} problems") from error


def _machine(folder: Path) -> str:
    """From metadata.json; a folder without one keeps its own name."""
    try:
        metadata: Any = json.loads((folder / "metadata.json").read_bytes())
    except (OSError, ValueError):
        return folder.name
    named = metadata if isinstance(metadata, dict) else {}
    return str(named.get("alias") or named.get("instance_type") or folder.name)
