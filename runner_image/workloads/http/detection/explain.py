"""What `detect --explain` shows: each framework whose files are there, what speaks for it, and what decided."""

from dataclasses import dataclass
from pathlib import Path

from runner_image.workloads.http.detection.detect import Detected, detect
from runner_image.workloads.http.detection.evidence import candidates
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.protocol import WorkloadError


@dataclass(frozen=True)
class Row:
    """One framework. `files` are those that it asks for, `signs` what the app's text says for it."""

    name: str
    files: tuple[str, ...]
    weight: int
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """`detected` or `error`, never both. `rows`: strongest first; empty where no framework's files are in the folder."""

    folder: Path
    rows: tuple[Row, ...]
    detected: Detected | None
    error: WorkloadError | None


def explain(app_dir: Path, registry: Registry, *, name: str | None = None) -> Explanation:
    """Never raises for what `detect` would: the error is part of the answer."""
    detected, error = None, None
    try:
        detected = detect(app_dir, registry, name=name)
    except WorkloadError as raised:
        error = raised
    folder = detected.folder if detected else app_dir.resolve()
    fitting = sorted(candidates(folder, registry.frameworks), key=lambda each: -each.weight)
    rows = tuple(Row(each.name, each.framework.detect, each.weight, each.signs) for each in fitting)
    return Explanation(folder, rows, detected, error)
