"""A run as its results folder tells of it: what the control plane said when the archive was built.

Only whole archives are read: `run.json` and `manifest.json` have to be there.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchfleet_contract.runs import Archive, GroupCounts, LostResult, PerInstanceType, RunDetail, TaskCounts
from benchfleet_contract.states import ArchiveState
from benchfleet_contract.tasks import Task
from pydantic import ValidationError

from benchfleet.results import bounds
from benchfleet.results.files import Unreadable, folders, inner_folder, read_end, read_object
from benchfleet.results.lost import totals_of

_LOST = ("corrupt", "missing")
_NAMED = 20  # lost results, as the API names them


def runs_in(results: Path) -> list[RunDetail]:
    """Those that can be read, the newest first."""
    try:
        found = [run for folder in folders(results) if (run := read_run(folder))]
    except Unreadable:
        return []
    return sorted(found, key=lambda run: (run.created_at, run.run_id), reverse=True)


def read_run(folder: Path) -> RunDetail | None:
    """None if it holds no run that can be read."""
    try:
        about = read_object(folder / "run.json", most=bounds.MAX_RUN_BYTES)
        entries = list(_entries(folder))
    except Unreadable:
        return None
    if about is None:
        return None
    told = {name: about[name] for name in RunDetail.model_fields if name in about}
    per = about.get("per_instance_type")
    told |= {
        "tasks": _counts(entries), "groups": _groups(entries), "archive": _archive(folder, entries), "gzip_url": None,
        "completed_at": told.get("completed_at") or _written_at(folder),
        "per_instance_type": per if isinstance(per, dict) else PerInstanceType(tasks=0), "metadata": told.get("metadata") or {},
    }  # fmt: skip
    try:
        return RunDetail.model_validate(told)
    except ValidationError:
        return None


def read_tasks(folder: Path, run: RunDetail) -> list[Task]:
    """Its tasks as they ended; what only a control plane knows is None."""
    unknown = dict.fromkeys(name for name, field in Task.model_fields.items() if field.is_required())
    found = []
    for entry in _entries(folder):
        told = {name: entry[name] for name in Task.model_fields if name in entry}
        lost = entry.get("archived") if entry.get("archived") in _LOST else None
        told |= {
            "instance_type_alias": entry.get("alias"),
            "result": lost,
            "result_reason": entry.get("archived_reason"),
        }
        try:
            found.append(Task.model_validate({**unknown, "max_attempts": run.max_attempts, **told}))
        except ValidationError:
            continue
    return found


def error_text(folder: Path, task_id: str) -> str | None:
    """What a failed task left as its error.txt, at most 64 KiB of its end; None if there is none."""
    name = next((str(entry.get("folder")) for entry in _entries(folder) if entry.get("id") == task_id), None)
    inside = inner_folder(folder, name) if name else None
    raw = read_end(inside / "error.txt", most=bounds.MAX_ERROR_BYTES) if inside else None
    return None if raw is None else raw.decode(errors="replace")


def _entries(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Raises Unreadable."""
    manifest = read_object(folder / "manifest.json", most=bounds.MAX_MANIFEST_BYTES) or {}
    entries = manifest.get("tasks")
    yield from (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()


def _counts(entries: list[Mapping[str, Any]]) -> dict[str, int]:
    counts = dict.fromkeys(TaskCounts.model_fields, 0)
    for entry in entries:
        counts["total"] += 1
        if (status := str(entry.get("status"))) in counts:
            counts[status] += 1
    return counts


def _groups(entries: list[Mapping[str, Any]]) -> list[GroupCounts]:
    groups: dict[tuple[str, str, str | None], list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        subject = entry.get("subject")
        names = str(entry.get("provider")), str(entry.get("instance_type"))
        groups[*names, str(subject) if subject else None].append(entry)
    return [
        GroupCounts(provider=provider, instance_type=kind, subject=subject, **_counts(found))
        for (provider, kind, subject), found in groups.items()
    ]


def _archive(folder: Path, entries: list[Mapping[str, Any]]) -> Archive:
    totals = totals_of(folder)
    lost = [
        LostResult(task_id=str(entry.get("id")), archived=entry["archived"], reason=str(entry.get("archived_reason")))
        for entry in entries
        if entry.get("archived") in _LOST
    ]
    if totals is None:
        return Archive(state=ArchiveState.READY, lost=lost[:_NAMED])
    counts = {"whole": totals.files, "corrupt": totals.corrupt, "missing": totals.missing}
    return Archive(state=ArchiveState.READY, lost=lost[:_NAMED], **counts)


def _written_at(folder: Path) -> str:
    """The archive was unpacked soon after the run had ended; it does not say when that was."""
    return datetime.fromtimestamp(folder.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
