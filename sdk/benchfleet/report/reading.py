"""Reads results folders: what each task measured, and why not where it did not.

A folder is what `benchfleet run` and `benchfleet runs download` leave: `run.json`, `manifest.json` and a folder for each
task. A folder without those two is read too: every sub-folder with an output.json, an output_NNN.json, a metadata.json or
an error.txt is a task.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchfleet_contract.clocks import SET_BACK, set_back
from benchfleet_results.boards.tasks import UNKNOWN, Outcome, Task
from benchfleet_results.places import host
from benchfleet_results.reading import UNUSABLE
from benchfleet_results.series import Samples

from benchfleet.exceptions import UsageError
from benchfleet.report.dataset import Dataset, Run
from benchfleet.report.quality.reading import conditions, cores, pinned
from benchfleet.report.stopping import is_spared
from benchfleet.report.surroundings import environment
from benchfleet.results import bounds
from benchfleet.results.bounds import cut, whole
from benchfleet.results.files import Unreadable, folders, inner_folder, read_bytes, read_object
from benchfleet.results.outputs import output_of, read_output

_NO_RESULT: Mapping[str, Outcome] = {"corrupt": "corrupt", "missing": "missing"}
_MOST_SLOTS = 10_000  # no machine has more cores
_SIGNS = ("metadata.json", "error.txt")


def read_runs(paths: Sequence[Path]) -> Dataset:
    """All of `paths`, each once. Raises UsageError if one is no folder, or if two hold the same run."""
    seen: dict[str, Path] = {}
    runs: list[Run] = []
    tasks: list[Task] = []
    for path in dict.fromkeys(path.resolve() for path in paths):
        run, found = _read_run(path)
        if run.run_id in seen:
            raise UsageError(f"{seen[run.run_id]} and {path} both hold run {run.run_id}: name only one of them")
        seen[run.run_id] = path
        runs.append(run)
        tasks += found
    return Dataset(tuple(runs), tuple(tasks))


def _read_run(path: Path) -> tuple[Run, list[Task]]:
    if not path.is_dir():
        raise UsageError(f"{path} is not a folder of results")
    notes: list[str] = []
    about = _noted(path / "run.json", bounds.MAX_RUN_BYTES, notes)
    manifest = _noted(path / "manifest.json", bounds.MAX_MANIFEST_BYTES, notes)
    entries = (manifest or {}).get("tasks")
    run_id = whole((about or {}).get("run_id") or (manifest or {}).get("run_id") or path.name)
    spared = 0
    if isinstance(entries, list):
        known = [entry for entry in entries if isinstance(entry, dict)]
        wanted = [entry for entry in known if not is_spared(entry)]
        tasks, spared = [_listed(path, run_id, entry) for entry in wanted], len(known) - len(wanted)
    else:
        tasks = list(_unlisted(path, run_id))
        notes.append(f"Run {run_id} has no manifest.json: tasks that left nothing behind are not known.")
    return Run(run_id, path, about or {}, (*notes, *_said(tasks)), spared), tasks


def _said(tasks: Sequence[Task]) -> list[str]:
    """What results say of themselves, once for all tasks that say the same."""
    who: dict[str, list[str]] = {}
    for task in tasks:
        for note in task.notes:
            who.setdefault(note, []).append(cut(task.folder))
    return [f"{names[0]}{f' and {len(names) - 1} more' * (len(names) > 1)}: {note}" for note, names in who.items()]


def _noted(path: Path, most: int, notes: list[str]) -> dict[str, Any] | None:
    try:
        return read_object(path, most=most)
    except Unreadable as error:
        notes.append(f"{path.parent.name}: {error}")
        return None


def _listed(path: Path, run_id: str, entry: Mapping[str, Any]) -> Task:
    """A task as manifest.json tells of it. Measurements count only if the control plane accepted them."""
    inside = inner_folder(path, str(entry.get("folder") or ""))
    status = str(entry.get("status"))
    reason = cut(entry.get("error_message") or entry.get("reason") or "", bounds.MAX_REASON_CHARS) or None
    told = (status, _NO_RESULT.get(str(entry.get("archived"))), reason)
    if status == "completed" and not told[1] and inside:
        return _task(inside, run_id, entry)
    return _task(inside, run_id, entry, without_result=_why(entry, told))


def _why(entry: Mapping[str, Any], told: tuple[str, Outcome | None, str | None]) -> tuple[Outcome, str]:
    status, archived, reason = told
    if status in ("failed", "cancelled"):
        kind = entry.get("error_type")
        words = f"{cut(kind)}: {reason}" if kind and reason else reason or "no reason given"
        return ("failed" if status == "failed" else "cancelled"), words
    if status != "completed":
        return "missing", reason or f"the task was {cut(status)} when the archive was built"
    missing = "its result was accepted, but is not in the results folder"
    return archived or "missing", cut(entry.get("archived_reason") or reason or missing, bounds.MAX_REASON_CHARS)


def _unlisted(path: Path, run_id: str) -> Iterator[Task]:
    for folder in folders(path):
        if output_of(folder) or any((folder / name).is_file() for name in _SIGNS):
            yield _task(folder, run_id, {}, without_result=_said_to_have_failed(folder))


def _said_to_have_failed(folder: Path) -> tuple[Outcome, str] | None:
    """Where no manifest says what was accepted: samples of a task that failed are what was left when it did."""
    metadata = _metadata(folder)
    if metadata.get("status") != "error":
        return None
    said = cut(metadata.get("reason") or "", bounds.MAX_REASON_CHARS)
    return "failed", _last_words(folder) or said or "its metadata.json says status error"


def _task(
    folder: Path | None,
    run_id: str,
    entry: Mapping[str, Any],
    *,
    without_result: tuple[Outcome, str] | None = None,
) -> Task:
    """What metadata.json says wins nothing over the manifest: that one is the control plane's."""
    metadata = _metadata(folder)
    about = {**metadata, **{key: value for key, value in entry.items() if value is not None}}
    number = entry.get("number")
    name = folder.name if folder else str(entry.get("folder") or entry.get("id") or "")
    task = Task(
        run_id=run_id,
        number=number if isinstance(number, int) else None,
        folder=whole(name),
        provider=whole(about.get("provider") or UNKNOWN),
        instance_type=whole(about.get("instance_type") or name or UNKNOWN),
        alias=whole(about["alias"]) if about.get("alias") else None,
        outcome=without_result[0] if without_result else "empty",
        reason=without_result[1] if without_result else None,
        environment=environment(metadata),
        host=host(metadata),
        started_at=_text(metadata.get("start_time")),
        ended_at=_text(metadata.get("end_time")),
        clock=SET_BACK if metadata.get("clock") or _ended_first(metadata) else None,
        subject=whole(about["subject"]) if about.get("subject") else None,
        part=whole(about["part"]) if about.get("part") else None,
        repeat=_whole_number(entry.get("run_number"), metadata.get("run")),
        busy_slots=_busy_slots(metadata.get("conditions")),
        conditions=conditions(metadata, about.get("attempt")),
        options=_options(metadata),
        pinned=pinned(metadata),
        logical_cores=_whole_number(cores(metadata, "logical_cores")),
    )
    return task if without_result or folder is None else _measured(task, folder, metadata)


def _options(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    options = metadata.get("workload_options")
    return options if isinstance(options, dict) else None


def _whole_number(*found: Any) -> int | None:
    return next((one for one in found if isinstance(one, int)), None)


def _busy_slots(conditions: Any) -> int | None:
    found = conditions.get("busy_slots") if isinstance(conditions, dict) else None
    return found if isinstance(found, int) and 1 <= found <= _MOST_SLOTS else None


def _ended_first(metadata: Mapping[str, Any]) -> bool:
    return set_back(_text(metadata.get("start_time")), _text(metadata.get("end_time")))


def _measured(task: Task, folder: Path, metadata: Mapping[str, Any]) -> Task:
    reason = cut(metadata.get("reason") or "", bounds.MAX_REASON_CHARS) or None
    try:
        found = read_output(folder)
    except Unreadable as error:
        return replace(task, outcome="unreadable", reason=str(error))
    if found is None:
        words = _last_words(folder)
        outcome: Outcome = "failed" if words or metadata.get("status") == "error" else "missing"
        return replace(task, outcome=outcome, reason=words or reason or "there is no output.json")
    samples, failures, notes, versions = found
    told = environment({"provenance": {"versions": dict(versions)}})
    task = replace(task, notes=notes, environment={**told, **task.environment})
    if not any(one.values for one in samples):
        return replace(task, outcome="empty", reason=reason or _why_empty(samples), failures=failures)
    partial = bool(failures) or metadata.get("status") == "partial"
    if partial and not reason:
        reason = f"{len(failures)} benchmark{'s' * (len(failures) != 1)} failed"
    return replace(
        task, outcome="partial" if partial else "measured", reason=reason, samples=samples, failures=failures
    )


def _why_empty(samples: Sequence[Samples]) -> str:
    dropped = sum(one.dropped for one in samples)
    if not dropped:
        return "its output.json holds no samples"
    return f"none of its {dropped} samples is a usable number ({UNUSABLE})"


def _metadata(folder: Path | None) -> dict[str, Any]:
    try:
        return (read_object(folder / "metadata.json", most=bounds.MAX_METADATA_BYTES) if folder else None) or {}
    except Unreadable:
        return {}


def _last_words(folder: Path) -> str | None:
    try:
        raw = read_bytes(folder / "error.txt", most=bounds.MAX_ERROR_BYTES)
    except Unreadable:
        return None
    return cut((raw or b"").decode(errors="replace"), bounds.MAX_REASON_CHARS) or None


def _text(value: Any) -> str | None:
    return cut(value, 40) if isinstance(value, str) and value else None
