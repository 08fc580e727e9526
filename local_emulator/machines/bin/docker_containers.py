"""What the `docker` of a machine without an engine remembers of its containers."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any


class Containers:
    """Of one machine: a record each, with the pid of its process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        return sorted(record.stem for record in self._folder.glob("*.json"))

    def file(self, name: str, suffix: str) -> Path:
        return self._folder / f"{name}.{suffix}"

    def note(self, name: str, pid: int, *, passing: bool) -> None:
        """`passing`: nothing is left of it at its end."""
        self.file(name, "json").write_text(json.dumps({"pid": pid, "passing": passing}))

    def there(self, name: str) -> bool:
        return self.alive(name) or not self._record(name).get("passing", True)

    def alive(self, name: str) -> bool:
        with contextlib.suppress(OSError):
            stat = Path(f"/proc/{self._record(name).get('pid', 0)}/stat").read_bytes()
            return stat.rpartition(b")")[2].split()[0] not in (b"Z", b"X")
        return False

    def send(self, name: str, number: int) -> None:
        if self.alive(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._record(name)["pid"], number)

    def forget(self, name: str) -> None:
        for left in self._folder.glob(f"{name}.*"):
            left.unlink()

    def _record(self, name: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self.file(name, "json").read_text()))
        except (OSError, ValueError):
            return {}
