"""Each file as one task: which machine it is of, which subject, and what its metadata.json says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.limits import MAX_TYPE_CHARS
from benchfleet_contract.names import LABEL, NEW_RUN_ID, PRINTABLE, SUBJECT, folder_name, task_id
from benchfleet_results.formats.found import About

from benchfleet.exceptions import UsageError
from benchfleet.importing.sources import FileRead

PROVIDER = "imported"
NOT_RECORDED = "not recorded"
_COMMIT_CHARS = 12


@dataclass(frozen=True)
class Names:
    """What the user says of all files; None leaves it to them. `run_id` is set."""

    run_id: str
    provider: str = PROVIDER
    name: str | None = None
    subject: str | None = None

    def __post_init__(self) -> None:
        """Raises UsageError with each name that is none."""
        rules = (
            ("--run-id", self.run_id, NEW_RUN_ID, "letters, digits, `._-`, at most 128, and not `latest`"),
            ("--provider", self.provider, LABEL, "letters, digits, `._-`, at most 64"),
            ("--name", self.name, PRINTABLE, "1 to 128 printable characters"),
            ("--subject", self.subject, SUBJECT, "letters, digits, `._+-`, at most 64"),
        )
        odd = [
            f"{option} is {value!r}, must be {rule}"
            for option, value, pattern, rule in rules
            if value is not None and not pattern.fullmatch(value)
        ]
        if odd:
            raise UsageError("; ".join(odd))


@dataclass(frozen=True)
class ImportedTask:
    """`repeat` counts the files of one machine and subject, from 1; `number` all of them."""

    file: FileRead
    names: Names
    number: int
    repeat: int
    instance_type: str
    subject: str | None

    @property
    def folder(self) -> str:
        return folder_name(None, self.instance_type, self.number, self.subject)

    def entry(self) -> dict[str, Any]:
        """As in manifest.json (docs/archive.md), with the file that it comes from."""
        failures = len(self.file.output.failures)
        return {
            **self._common(),
            "number": self.number,
            "id": task_id(self.names.run_id, self.number),
            "alias": None,
            "run_number": self.repeat,
            "status": "completed",
            "attempt": 1,
            "reason": f"{failures} benchmark{'s' * (failures != 1)} failed" if failures else None,
            "folder": self.folder,
            "archived": "files",
            "path": f"{self.folder}/",
            "imported": self._origin(),
        }

    def metadata(self) -> dict[str, Any]:
        """As in metadata.json. What the file does not say is null or not there: not recorded."""
        about = self.file.found.about
        return {
            **self._common(),
            "task_id": task_id(self.names.run_id, self.number),
            "ruby_version": None,
            "run": self.repeat,
            "start_time": about.started_at,
            "end_time": about.ended_at,
            "status": "partial" if self.file.output.failures else "success",
            "runner_id": None,
            "run_id": self.names.run_id,
            "attempt": 1,
            "workload": self.file.output.workload,
            "workload_options": {},
            "provenance": {
                "machine": _machine(about),
                "versions": dict(about.versions),
                "suite_commit": about.commit,
                "command": [],
                **({"build": dict(about.build)} if about.build else {}),
            },
            "imported": self._origin(),
        }

    def _common(self) -> dict[str, Any]:
        found: dict[str, Any] = {"provider": self.names.provider, "instance_type": self.instance_type}
        return found | ({"subject": self.subject} if self.subject else {})

    def _origin(self) -> dict[str, str]:
        return {"file": self.file.path.name, "format": self.file.format, "sha256": self.file.sha256}


def _machine(about: About) -> dict[str, Any]:
    """Only what the file says: a container image that is null would say that there was none."""
    names = ("cpu_model", "logical_cores", "memory_bytes", "architecture", "kernel", "operating_system")
    told = {name: value for name in names if (value := getattr(about, name)) is not None}
    return told | ({"instance": f"host-{about.host}"} if about.host else {})


def tasks_of(files: Sequence[FileRead], names: Names) -> list[ImportedTask]:
    """One for each file, in their order. Files of several commits are several subjects, unless one is named."""
    commits = {file.found.about.commit for file in files}
    repeats: Counter[tuple[str, str | None]] = Counter()
    found = []
    for number, file in enumerate(files, start=1):
        about = file.found.about
        machine = (names.name or about.cpu_model or about.host or NOT_RECORDED)[:MAX_TYPE_CHARS]
        subject = names.subject or (_short(about.commit) if len(commits) > 1 else None)
        repeats[machine, subject] += 1
        found.append(ImportedTask(file, names, number, repeats[machine, subject], machine, subject))
    return found


def _short(commit: str | None) -> str | None:
    text = (commit or "")[:_COMMIT_CHARS]
    return text if SUBJECT.fullmatch(text) else None
