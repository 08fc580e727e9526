"""What `benchfleet import --json` prints."""

from benchfleet_contract.problems import Problem
from pydantic import BaseModel

from benchfleet.cli.documents.base import Document
from benchfleet.importing.tasks import ImportedTask


class FileImported(BaseModel):
    """One file, which is one task. `problems` are of single benchmarks, which are among its `failures`, too."""

    file: str
    format: str
    task: str
    provider: str
    instance_type: str
    subject: str | None
    measurements: int
    samples: int
    failures: int
    notes: list[str]
    problems: list[Problem]

    @classmethod
    def of(cls, task: ImportedTask) -> "FileImported":
        output = task.file.output
        return cls(
            file=str(task.file.path),
            format=task.file.format,
            task=task.folder,
            provider=task.names.provider,
            instance_type=task.instance_type,
            subject=task.subject,
            measurements=len(output.measurements),
            samples=sum(len(one.samples) for one in output.measurements),
            failures=len(output.failures),
            notes=task.file.found.notes,
            problems=task.file.found.problems,
        )


class ResultsImported(Document):
    """`folder` is what `benchfleet report` reads."""

    run_id: str
    folder: str
    tasks: list[FileImported]
