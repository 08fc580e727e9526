"""The results folder of `benchfleet http`: written after each start of a server, so that what was interrupted keeps what it has.

It is the folder that `benchfleet run` leaves, with an `http.json` beside each `output.json`; `benchfleet report` reads it.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchfleet_contract.http_results import HTTP_JSON, HttpResult, Profile
from benchfleet_contract.names import folder_name, task_id
from benchfleet_contract.results import Conditions, Output

from benchfleet.exceptions import UsageError
from benchfleet.local.files import replace_whole

PROVIDER, INSTANCE_TYPE = "local", "local"
WORKLOAD = "http"
Cell = tuple[str, str, int]  # subject, suite, repeat


@dataclass
class ResultsFolder:
    """`options` are those of the comparison: a folder of others is not resumed. `machine` goes into each metadata.json."""

    folder: Path
    run_id: str
    options: Mapping[str, Any]
    machine: Mapping[str, Any] = field(default_factory=dict)
    _entries: list[dict[str, Any]] = field(default_factory=list)
    _created_at: str = ""

    @classmethod
    def create(cls, folder: Path, options: Mapping[str, Any], *, machine: Mapping[str, Any]) -> "ResultsFolder":
        """Raises UsageError if something is there already."""
        if folder.exists():
            raise UsageError(f"{folder} is there already: choose another folder, or go on with --resume")
        folder.mkdir(parents=True)
        made = cls(folder, folder.name, dict(options), machine, _created_at=_now())
        made._write("running")
        return made

    @classmethod
    def resume(cls, folder: Path, options: Mapping[str, Any], *, machine: Mapping[str, Any]) -> "ResultsFolder":
        """Raises UsageError where nothing is there to go on with, or what is there was measured with other options."""
        try:
            run = json.loads((folder / "run.json").read_bytes())
            manifest = json.loads((folder / "manifest.json").read_bytes())
            before, entries, created_at = run["workload_options"], list(manifest["tasks"]), run["created_at"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{folder} holds no comparison to go on with: leave --resume out") from error
        other = sorted(name for name in {*before, *options} if before.get(name) != options.get(name))
        if other:
            raise UsageError(f"{folder} was measured with other options ({', '.join(other)}): choose another folder")
        return cls(folder, folder.name, dict(options), machine, entries, created_at)

    @property
    def done(self) -> set[Cell]:
        """What need not be measured again: not a start that failed, nor one of which a workload or stream failed or cannot be
        believed."""
        return {_cell(one) for one in self._entries if one["status"] == "completed" and not _lacks(self._result(one))}

    def disturbed(self) -> set[Cell]:
        """Starts that lost a number to what else the machine did."""
        return {_cell(one) for one in self._entries if any(_disturbances(self._result(one)))}

    def add(
        self,
        result: HttpResult,
        output: Output,
        *,
        started_at: str,
        ended_at: str,
        conditions: Conditions | None = None,
        made: Path | None = None,
    ) -> None:
        """Keeps one start of a server; it is in the folder, whole, when this returns. Of two the one with more numbers.

        `made`: where its profiles are.
        """
        cell = (result.subject, result.suite, result.repeat)
        before = [one for one in self._entries if _cell(one) == cell]
        if any(_numbers(self._result(one)) > _numbers(result) for one in before):
            return
        number = max((int(one["number"]) for one in self._entries), default=0) + 1
        self._entries = [one for one in self._entries if _cell(one) != cell]
        entry = self._entry(result, output, number)
        inner = self.folder / entry["folder"]
        inner.mkdir(exist_ok=True)
        result = keep_profiles(result, made, inner)
        labelled = output.model_copy(update={"subject": result.subject})
        put_document(inner / HTTP_JSON, result.model_dump(mode="json"))
        put_document(inner / "metadata.json", self._metadata(result, output, entry, (started_at, ended_at), conditions))
        put_document(inner / "output.json", labelled.model_dump(mode="json"))
        self._entries.append(entry)
        self._write("running")
        for one in before:
            shutil.rmtree(self.folder / one["folder"], ignore_errors=True)  # nothing names it any more

    def finish(self) -> None:
        self._write("completed")

    def results(self) -> list[HttpResult]:
        """All of them, in the order in which they were measured."""
        return [self._result(one) for one in self._entries]

    def _result(self, entry: Mapping[str, Any]) -> HttpResult:
        return HttpResult.model_validate_json((self.folder / entry["folder"] / HTTP_JSON).read_bytes())

    def _entry(self, result: HttpResult, output: Output, number: int) -> dict[str, Any]:
        failed = result.failure is not None or not output.measurements
        return {
            "provider": PROVIDER,
            "instance_type": INSTANCE_TYPE,
            "subject": result.subject,
            "part": result.suite,
            "number": number,
            "id": task_id(self.run_id, number),
            "alias": None,
            "run_number": result.repeat,
            "status": "failed" if failed else "completed",
            "attempt": 1,
            "reason": _reason(result, output),
            "folder": (name := folder_name(None, INSTANCE_TYPE, number, result.subject)),
            "archived": "files",
            "path": f"{name}/",
        }

    def _metadata(
        self,
        result: HttpResult,
        output: Output,
        entry: Mapping[str, Any],
        times: tuple[str, str],
        conditions: Conditions | None,
    ) -> dict[str, Any]:
        versions = {name: value for name, value in ((result.framework, result.version),) if value}
        versions |= {tool.name: tool.version for tool in result.tools if tool.version}
        status = "error" if entry["status"] == "failed" else "partial" if output.failures else "success"
        return {
            "task_id": entry["id"],
            "provider": PROVIDER,
            "instance_type": INSTANCE_TYPE,
            "ruby_version": None,
            "run": result.repeat,
            "start_time": times[0],
            "end_time": times[1],
            "status": status,
            "runner_id": None,
            "subject": result.subject,
            "part": result.suite,
            "run_id": self.run_id,
            "attempt": 1,
            "workload": WORKLOAD,
            "workload_options": dict(self.options),
            "reason": entry["reason"],
            "duration_s": result.duration_s,
            "provenance": {
                "machine": dict(self.machine), "versions": versions, "suite_commit": None, "command": result.command,
            },
            **({"conditions": conditions.model_dump(mode="json")} if conditions else {}),
        }  # fmt: skip

    def _write(self, status: str) -> None:
        subjects = list(dict.fromkeys(one["subject"] for one in self._entries))
        put_document(
            self.folder / "run.json",
            {
                "run_id": self.run_id,
                "status": status,
                "reason": None,
                "workload": WORKLOAD,
                "workload_options": dict(self.options),
                "ruby_version": None,
                "created_at": self._created_at,
                "metadata": {},
                **({"subjects": subjects} if subjects else {}),
            },
        )
        totals = {"tasks": len(self._entries), "files": len(self._entries), "corrupt": 0, "missing": 0, "nothing": 0}
        manifest = {"schema_version": 1, "run_id": self.run_id, "tasks": self._entries, "totals": totals}
        put_document(self.folder / "manifest.json", manifest)


def doubted(result: HttpResult) -> bool:
    """Whether a number of it cannot be believed."""
    cells, streams = result.workloads, result.streams or ()
    doubtful = any(cell.status == "invalid" or any(not rate.validity.ok for rate in cell.latency) for cell in cells)
    return doubtful or any(one.status == "invalid" for one in streams)


def _lacks(result: HttpResult) -> bool:
    """Whether a number of it could come of another try."""
    failed = (one.status == "failed" for one in (*result.workloads, *(result.streams or ())))
    return doubted(result) or any(failed)


def _disturbances(result: HttpResult) -> Iterator[bool]:
    for cell in result.workloads:
        yield cell.status == "invalid" and any(level.validity.disturbed for level in cell.saturation)
        yield from (rate.validity.disturbed for rate in cell.latency)
    yield from (one.validity.disturbed for one in result.streams or ())


def _numbers(result: HttpResult) -> int:
    """Rates, latencies and streams of it that can be believed."""
    rates = (rate.validity.ok for cell in result.workloads for rate in cell.latency if cell.status == "measured")
    streams = (one.status == "measured" for one in result.streams or ())
    return len(result.completed) + sum(rates) + sum(streams)


def _cell(entry: Mapping[str, Any]) -> Cell:
    return entry["subject"], entry["part"], entry["run_number"]


def _reason(result: HttpResult, output: Output) -> str | None:
    if result.failure:
        return f"{result.failure.kind}: {result.failure.message}"
    lost: Sequence[str] = [f"{one.benchmark}: {one.reason}" for one in output.failures]
    return "; ".join(lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "") if lost else None


def keep_profiles(result: HttpResult, made: Path | None, folder: Path) -> HttpResult:
    """Copies what the result names as the files of its profiles. What is not there is told as missing in what is returned."""
    profiles = [one if made is None or one.file is None else _kept(one, made, folder) for one in result.profiles]
    return result.model_copy(update={"profiles": profiles})


def _kept(profile: Profile, made: Path, folder: Path) -> Profile:
    name = profile.file or ""
    source = (made / name).resolve()
    if not source.is_relative_to(made.resolve()) or not source.is_file():
        return profile.model_copy(update={"file": None, "missing": f"left out: there is no file {name} in {made}"})
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    replace_whole(folder / name, source.read_bytes())
    return profile


def put_document(path: Path, document: Mapping[str, Any]) -> None:
    """There whole or not at all, however it is interrupted."""
    replace_whole(path, (json.dumps(document, indent=1) + "\n").encode())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
