"""With --debug, commands and their output go into the log too."""

from collections.abc import Callable, Mapping
from pathlib import Path

from runner_image.isolation.protocol import Running, Slot
from runner_image.logs import Log


class Traced:
    """A slot that tells the log of what it runs."""

    def __init__(self, slot: Slot, log: Log) -> None:
        self._slot, self._log = slot, log
        self.cores, self.image = slot.cores, slot.image

    @property
    def environment(self) -> Mapping[str, str]:
        return self._slot.environment

    def run(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        timeout_s: float | None = None,
    ) -> int:
        def both(line: str) -> None:
            self._log.debug("output", line=line)
            on_line(line)

        self._log.debug("command", argv=command, cwd=str(cwd))
        code = self._slot.run(command, cwd=cwd, environment=environment, on_line=both, timeout_s=timeout_s)
        self._log.debug("command_ended", exit_code=code)
        return code

    def start(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path | None = None,
    ) -> Running:
        self._log.debug("starting", argv=command, cwd=str(cwd), stdout=str(stdout))
        running = self._slot.start(command, cwd=cwd, environment=environment, stdout=stdout, stderr=stderr)
        self._log.debug("started", pid=running.pid)
        return running
