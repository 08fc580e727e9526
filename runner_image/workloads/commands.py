"""Small commands whose words matter more than their progress: versions, clones, set-ups."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner_image.workloads.console import LAST_LINES, shorten
from runner_image.workloads.protocol import Job, Slot, WorkloadError


@dataclass(frozen=True)
class CommandResult:
    """How a command ended and what it said, stdout and stderr merged."""

    exit_code: int
    lines: list[str]

    @property
    def first(self) -> str:
        return self.lines[0] if self.lines else ""

    @property
    def last_words(self) -> str:
        return shorten("\n".join(self.lines[-LAST_LINES:])) or "(it said nothing)"


def ask(
    slot: Slot,
    job: Job,
    command: list[str],
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = 900.0,
) -> CommandResult:
    """Runs `command` in the job's slot and returns its non-empty lines. A failing command is the caller's to judge."""
    lines: list[str] = []
    code = slot.run(
        command,
        cwd=cwd or job.work_dir,
        environment={**job.environment, **(environment or {})},
        on_line=lambda line: lines.append(line.rstrip("\r\n")),
        timeout_s=timeout_s,
    )
    return CommandResult(code, [line for line in lines if line.strip()])


def demand(
    slot: Slot,
    job: Job,
    command: list[str],
    *,
    otherwise: str,
    error_type: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> CommandResult:
    """As `ask`, but the command must succeed: else WorkloadError of class infrastructure, `otherwise` + last words."""
    said = ask(slot, job, command, cwd=cwd, environment=environment)
    if said.exit_code != 0:
        raise infrastructure(f"{otherwise} (exit code {said.exit_code}): {said.last_words}", error_type=error_type)
    return said


def infrastructure(message: str, *, error_type: str) -> WorkloadError:
    return WorkloadError(message, error_type=error_type, failure_class="infrastructure")
