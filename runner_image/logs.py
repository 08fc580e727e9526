"""The runner's log: one line per event, JSON in a pipe or file, readable on a terminal. Nothing secret is ever passed in."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

Sink = Callable[[Mapping[str, Any]], None]
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Log:
    """Carries fields (run, task, slot) from event to event. `verbose` lets debug events through."""

    sinks: tuple[Sink, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    verbose: bool = False
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def bind(self, **fields: Any) -> "Log":
        return replace(self, fields={**self.fields, **fields})

    def tee(self, sink: Sink) -> "Log":
        return replace(self, sinks=(*self.sinks, sink))

    def debug(self, event: str, **fields: Any) -> None:
        if self.verbose:
            self._write("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._write("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        at = self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        record = {"at": at, "level": level, "event": event, **self.fields, **fields}
        for sink in self.sinks:
            sink(record)


def at_least(level: str, sink: Sink) -> Sink:
    """Lets through what is as grave as `level` (debug, info, warning, error), or graver."""
    lets = LEVELS[LEVELS.index(level) :]

    def write(record: Mapping[str, Any]) -> None:
        if record["level"] in lets:
            sink(record)

    return write


def as_json(record: Mapping[str, Any]) -> str:
    return json.dumps(record, default=str)


def as_text(record: Mapping[str, Any]) -> str:
    rest = " ".join(f"{key}={value}" for key, value in record.items() if key not in {"at", "level", "event"})
    return f"{str(record['at'])[11:19]} {record['level']:<7} {record['event']}  {rest}".rstrip()


def to_stream(stream: TextIO | None = None) -> Sink:
    """Standard error, unless told otherwise. A reader that went away must not end a benchmark."""
    lock, out = threading.Lock(), stream or sys.stderr
    shape = as_text if out.isatty() else as_json

    def write(record: Mapping[str, Any]) -> None:
        try:
            with lock:
                print(shape(record), file=out, flush=True)
        except (OSError, ValueError):
            return

    return write


def to_file(path: Path) -> Sink:
    """Appends; opens for each line, so that the file may be moved or deleted under it."""
    lock = threading.Lock()

    def write(record: Mapping[str, Any]) -> None:
        try:
            with lock, path.open("a", encoding="utf-8") as out:
                out.write(as_json(record) + "\n")
        except OSError:
            return

    return write
