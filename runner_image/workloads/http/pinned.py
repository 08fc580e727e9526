"""A slot whose servers stay on cores of their own, away from the generator that loads them."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from runner_image import core_lists
from runner_image.isolation.protocol import Running, Slot


class PinnedSlot:
    """What is started is pinned to `server_cores` by taskset; what is run is not. Without taskset nothing is pinned."""

    def __init__(self, slot: Slot, server_cores: tuple[int, ...]) -> None:
        self._slot, self.cores, self.image = slot, slot.cores, slot.image
        known = bool(server_cores) and shutil.which("taskset") is not None
        self._prefix = ["taskset", "-c", core_lists.write(server_cores)] if known else []

    @property
    def pinned(self) -> bool:
        return bool(self._prefix)

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
        return self._slot.run(command, cwd=cwd, environment=environment, on_line=on_line, timeout_s=timeout_s)

    def start(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path | None = None,
    ) -> Running:
        return self._slot.start(
            [*self._prefix, *command], cwd=cwd, environment=environment, stdout=stdout, stderr=stderr
        )
