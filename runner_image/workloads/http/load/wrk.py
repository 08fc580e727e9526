"""wrk 4.1: saturation. Its latencies are not used: it adds samples of its own to them (stats_correct in its stats.c)."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from runner_image.workloads.http.load.driver import (
    ERRORS,
    Commands,
    Ended,
    Missing,
    Request,
    Saturation,
    Target,
    ToolFailed,
    Version,
)

SCRIPT = "benchfleet-wrk.lua"
NOT_FOUND, FAILED = 127, 1
OVERTIME_S = 30.0  # for connecting and the report
REMEDY = "on Debian and Ubuntu, apt-get install wrk"
OTHER_FILES = 256  # of wrk itself, and more
QUIET_SHARE, QUIET_TURNS = 0.5, 10  # of the time, and of the mean time between answers, without an answer: starved
_REFUSED = "unable to connect"
_VERSION = re.compile(r"wrk (?:debian/)?(\S+)")


class Wrk:
    """The fastest of the tools that Debian has. Takes whole seconds: a shorter duration is rounded up."""

    name = "wrk"

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._found: Version | Missing | None = None

    def probe(self) -> Version | Missing:
        """Looked for once."""
        self._found = self._found or self._look()
        return self._found

    def _look(self) -> Version | Missing:
        ended = self._commands([self.name, "-v"], timeout_s=OVERTIME_S)  # prints its version and exits with 1
        found = _VERSION.search(ended.stdout + ended.stderr)
        return Version(self.name, found[1]) if found else Missing(self.name, REMEDY)

    def saturate(
        self,
        target: Target,
        request: Request,
        *,
        connections: int,
        duration_s: float,
        keep_alive: bool = True,
        cores: Sequence[int] = (),
    ) -> Saturation:
        """Raises ToolFailed where wrk is missing or breaks."""
        whole_s = max(1, math.ceil(duration_s))
        threads = threads_for(connections, cores=len(cores))
        argv = [
            self.name,
            f"-t{threads}",
            f"-c{connections}",
            f"-d{whole_s}s",
            "--timeout",
            "5s",
            "-s",
            SCRIPT,
            target.url,
        ]
        text = script(request, keep_alive=keep_alive, port=target.port, connections=connections)
        self._commands.write(SCRIPT, text.encode())
        ended = self._commands(argv, timeout_s=whole_s + OVERTIME_S, cores=cores)
        told = read(ended, connections=connections, duration_s=whole_s)
        return Saturation(
            tool=self.name,
            argv=tuple(argv),
            connections=connections,
            keep_alive=keep_alive,
            client_cpu_s=ended.cpu_s,
            raw=ended.stdout + ended.stderr,
            **told,
        )


def threads_for(connections: int, *, cores: int) -> int:
    """At most one for each core; wrk would drop connections that its threads cannot share out evenly."""
    return max(each for each in range(1, max(1, cores) + 1) if connections % each == 0)


def script(request: Request, *, keep_alive: bool, port: int, connections: int) -> str:
    """The Lua text for one request: its parts, and our report."""
    headers = dict(request.headers) | ({} if keep_alive else {"Connection": "close"})
    lines = [
        f"wrk.method = {_lua(request.method)}",
        f"wrk.path = {_lua(request.path)}",
        *(f"wrk.headers[{_lua(name)}] = {_lua(value)}" for name, value in headers.items()),
        f"wrk.body = {_lua(request.body) if request.body else 'nil'}",
        f"target_port, most_files = {port}, {connections + OTHER_FILES}",
        f"expected_status = {request.expected_status}",
        f"expected_bytes = {'nil' if request.response_bytes is None else request.response_bytes}",
        f"expected_body = {'nil' if request.response_body is None else _lua(request.response_body)}",
    ]
    report = resources.files(__package__).joinpath("report.lua").read_text(encoding="utf-8")
    return "\n".join([*lines, report])


def _lua(text: str | bytes) -> str:
    """A string of Lua: every byte that could mean something is written as its number."""
    raw = text.encode() if isinstance(text, str) else text
    return '"' + "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03d}" for byte in raw) + '"'


def read(ended: Ended, *, connections: int, duration_s: float) -> dict[str, Any]:
    """What our report tells, as fields of Saturation. A server that refuses connections is one that answers nothing."""
    if ended.code == NOT_FOUND:
        raise ToolFailed(str(Missing(Wrk.name, REMEDY)))
    if ended.code == FAILED and _REFUSED in ended.stderr:
        errors = {**dict.fromkeys(ERRORS, 0), "connect": connections}
        return {"duration_s": duration_s, "requests": 0, "ok": 0, "by_class": {}, "errors": errors}
    told = _report(ended)
    fields = ("requests", "ok", "by_class", "wrong_body", "bytes")
    errors = told["errors"] | {"read": told["errors"]["read"] + _unasked(told)}
    more = {
        "errors": errors,
        "duration_s": told["duration_us"] / 1e6,
        "in_flight": _in_flight(told),
        "starved": starved(told),
    }
    return {name: told[name] for name in fields} | more


def _report(ended: Ended) -> Mapping[str, Any]:
    lines = [line for line in ended.stdout.splitlines() if line.startswith('{"requests"')]
    if ended.code or not lines:
        raise ToolFailed(f"wrk gave no report (exit code {ended.code}): {(ended.stderr or ended.stdout)[-500:]}")
    told: Mapping[str, Any] = json.loads(lines[-1])
    return told


def _unasked(told: Mapping[str, Any]) -> int:
    """Answers that nobody asked for: wrk counts two answers to one request as two."""
    return max(0, int(told["answered"]) - int(told["asked"]))


def _in_flight(told: Mapping[str, Any]) -> float | None:
    """Mean requests under way. None where connections broke: when those requests ended is not known."""
    if not told["answered"] or any(told["errors"].values()) or _unasked(told):
        return None
    return float(told["under_way_s"] / (told["duration_us"] / 1e6))


def starved(told: Mapping[str, Any]) -> int | None:
    """Connections that received nothing for long at the end, though others received answers. A server that is slow
    or stalls is so to all of them.

    `quiet_ms` is of each connection, by the kernel (tcpi_last_data_recv of tcp(7)). None where nothing was answered.
    """
    quiet: list[int] = told["quiet_ms"]
    if not told["answered"] or not quiet:
        return None
    duration_ms = float(told["duration_us"]) / 1e3
    between_ms = duration_ms * len(quiet) / int(told["answered"])
    longest_ms = min(quiet) + max(QUIET_SHARE * duration_ms, QUIET_TURNS * between_ms)
    return sum(each > longest_ms for each in quiet)
