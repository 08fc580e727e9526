"""What stands for a slot in which commands only run."""

from collections.abc import Mapping
from pathlib import Path

from runner_image.isolation.protocol import Running


class OnlyRuns:
    """Subclasses say what `run` does."""

    cores: tuple[int, ...] = ()
    image: str | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        return {}

    def start(
        self,
        command: list[str],
        *,
        cwd: Path,
        environment: Mapping[str, str],
        stdout: Path,
        stderr: Path | None = None,
    ) -> Running:
        raise AssertionError(f"nothing is to be started: {command}")
