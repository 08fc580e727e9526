"""How a server fails, with the ends of its logs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from runner_image.workloads.protocol import WorkloadError

Kind = Literal[
    "unavailable",
    "build_failed",
    "build_timeout",
    "not_started",
    "not_ready",
    "wrong_port",
    "foreign_port",
    "died",
    "out_of_memory",
]
TAIL_BYTES = 16 * 1024
_TAIL_LINES = 20
# What is missing on the machine says nothing of the framework.
OURS: frozenset[str] = frozenset({"unavailable", "foreign_port"})

REMEDIES: dict[Kind, str] = {
    "unavailable": "install it, or take it from another place with start in bench.toml",
    "not_started": "see the end of its log; it must stay in the foreground",
    "wrong_port": "the app must take its port from its first argument or from PORT",
    "not_ready": "it must answer its health path with a 2xx, see its log",
    "foreign_port": "end the process that has the port, or leave the port out",
    "died": "see the end of its log",
    "out_of_memory": "it may leak; or allow more with memory_limit_mb",
}


class ServerFailed(WorkloadError):
    """`kind` is the class; `tails` the ends of its logs, by name; `remedy` what may help."""

    def __init__(self, kind: Kind, message: str, *, remedy: str = "", tails: Mapping[str, str] | None = None) -> None:
        told = dict(tails or {})
        last = "".join(f"\n{name}: {text}" for name, text in told.items() if text)
        words = f"{message}{f': {remedy}' if remedy else ''}{last}"
        failure_class = "infrastructure" if kind in OURS else "benchmark"
        super().__init__(words, error_type=f"server_{kind}", failure_class=failure_class)
        self.kind, self.message, self.remedy, self.tails = kind, message, remedy, told


def tail(path: Path) -> str:
    """The last lines of a log; empty where there is none."""
    try:
        with path.open("rb") as opened:
            opened.seek(0, 2)
            opened.seek(max(0, opened.tell() - TAIL_BYTES))
            data = opened.read(TAIL_BYTES)
    except OSError:
        return ""
    return "\n".join(data.decode(errors="replace").replace("\0", "").splitlines()[-_TAIL_LINES:])
