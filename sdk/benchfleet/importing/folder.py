"""Writes the results folder: run.json, manifest.json and a folder for each task, all there or not at all."""

import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchfleet_contract import bounds
from benchfleet_contract.results import Output

from benchfleet.documents.printable import printable
from benchfleet.exceptions import DiskError, UsageError
from benchfleet.importing.tasks import ImportedTask


def write(results: Path, run_id: str, tasks: Sequence[ImportedTask], *, now: datetime) -> Path:
    """`results/<run_id>/`. Raises UsageError if something is there already, DiskError if it cannot be written."""
    folder = results / run_id
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} is there already: remove it, or choose another --run-id")
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=results) as name:
            fresh = Path(name) / "fresh"
            fresh.mkdir()
            _fill(fresh, run_id, tasks, now)
            fresh.rename(folder)
    except OSError as error:
        raise DiskError(f"cannot write {folder}: {error.strerror or error}") from error
    return folder


def _fill(folder: Path, run_id: str, tasks: Sequence[ImportedTask], now: datetime) -> None:
    _put(folder / "run.json", _run(run_id, tasks, now))
    for task in tasks:
        inner = folder / task.folder
        inner.mkdir()
        output = task.file.output.model_copy(update={"subject": task.subject})
        (inner / "output.json").write_bytes(_text(output, task.file.path))
        _put(inner / "metadata.json", task.metadata())
    totals = {"tasks": len(tasks), "files": len(tasks), "corrupt": 0, "missing": 0, "nothing": 0}
    entries = [task.entry() for task in tasks]
    _put(folder / "manifest.json", {"schema_version": 1, "run_id": run_id, "tasks": entries, "totals": totals})


def _text(output: Output, source: Path) -> bytes:
    """Raises UsageError for what a report would not read again."""
    raw = output.model_dump_json(indent=1).encode() + b"\n"
    if bounds.beyond(raw):
        raw = output.model_dump_json().encode() + b"\n"
    if why := bounds.beyond(raw):
        raise UsageError(f"{printable(str(source))}: too large for an output.json: {why}; split the file")
    return raw


def _run(run_id: str, tasks: Sequence[ImportedTask], now: datetime) -> dict[str, Any]:
    subjects = list(dict.fromkeys(task.subject for task in tasks if task.subject))
    return {
        "run_id": run_id,
        "status": "completed",
        "reason": None,
        "workload": ", ".join(dict.fromkeys(task.file.output.workload for task in tasks)),
        "workload_options": {},
        "ruby_version": None,
        "created_at": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "metadata": {"imported_from": [task.file.path.name for task in tasks]},
        **({"subjects": subjects} if subjects else {}),
    }


def _put(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
