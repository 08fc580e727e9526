"""The file that a download grows in, beside the place where it shall appear."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from benchfleet.exceptions import DiskError, UsageError


class PartFile:
    """Lives in a hidden folder of its own, which vanishes with its block, whatever happened. Raises DiskError."""

    def __init__(self, to: Path) -> None:
        self._to = to
        self.size_bytes = 0

    def __enter__(self) -> Self:
        if self._to.is_dir():
            raise UsageError(f"{self._to} is a folder: name the file to write")
        with self._translated():
            self._to.parent.mkdir(parents=True, exist_ok=True)
            self._folder = tempfile.TemporaryDirectory(prefix=f".{self._to.name}-", dir=self._to.parent)
            self._file = self.path.open("wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with self._translated():
                self._file.close()
        finally:
            self._folder.cleanup()

    @property
    def path(self) -> Path:
        return Path(self._folder.name) / self._to.name

    def write(self, chunk: bytes) -> None:
        with self._translated():
            self._file.write(chunk)
            self._file.flush()
        self.size_bytes += len(chunk)

    def restart(self) -> None:
        """Forgets what was written."""
        with self._translated():
            self._file.seek(0)
            self._file.truncate()
        self.size_bytes = 0

    def publish(self) -> None:
        """The file appears in its place, whole, or not at all."""
        with self._translated():
            self._file.close()
            self.path.replace(self._to)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            done = f" after {self.size_bytes} bytes" if self.size_bytes else ""
            remedy = "free some space, or name another place"
            raise DiskError(f"cannot write {self._to}{done}: {error.strerror or error}; {remedy}") from error
