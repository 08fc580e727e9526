"""Which profiler suits which runtime, how it is called, and how to get it.

An attached one is a command of its own beside a server that runs as ever. A built-in one is a switch of the runtime, which
writes its file when the server ends.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner_image.workloads.http.profiling import cpuprofile, perf_script, speedscope

RATE_HZ = 100
Convert = Callable[[bytes, str], dict[str, Any]]  # what it wrote, and a name: a speedscope document


@dataclass(frozen=True)
class Profiler:
    """`{raw}` is the file that it writes, `{folder}` where it lies, `{pid}`, `{seconds}`, `{rate}` what they say.

    `probe` ends with 0 where it is here. `attach`: its command; empty for a built-in one, whose `flags` follow the name of
    the runtime's program. `then`: a command whose output is converted instead of the file.
    """

    name: str
    probe: tuple[str, ...]
    remedy: str
    convert: Convert
    attach: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()

    @property
    def is_built_in(self) -> bool:
        return not self.attach


def _speedscope(raw: bytes, _name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(raw)
    return told


def _cpuprofile(raw: bytes, name: str) -> dict[str, Any]:
    return speedscope.document(name, cpuprofile.samples(json.loads(raw)), unit=cpuprofile.UNIT)


def _perf(raw: bytes, name: str) -> dict[str, Any]:
    lines = raw.decode(errors="replace").splitlines()
    return speedscope.document(name, perf_script.samples(lines), unit=perf_script.UNIT)


def _beside(program: str) -> str:
    """A tool of Python lies beside the interpreter, whatever PATH says."""
    own = Path(sys.executable).with_name(program)
    return str(own) if own.exists() else program


EXIT_SCRIPT = "benchfleet-exit.cjs"
# Node writes its profile only where the process ends by itself.
EXIT = 'for (const name of ["SIGTERM", "SIGINT"]) process.on(name, () => process.exit(0));\n'

PY_SPY = Profiler(
    name="py-spy",
    probe=(_beside("py-spy"), "--version"),
    remedy="pip install 'benchfleet[profile]'; it must run as root, or with kernel.yama.ptrace_scope=0",
    convert=_speedscope,
    attach=(
        _beside("py-spy"), "record", "--pid", "{pid}", "--duration", "{seconds}", "--rate", "{rate}", "--subprocesses",
        "--format", "speedscope", "--output", "{raw}",
    ),
)  # fmt: skip
NODE = Profiler(
    name="cpu-prof",
    probe=("node", "--version"),
    remedy="install Node.js 20 or newer, and start the app as `node …`",
    convert=_cpuprofile,
    flags=("--cpu-prof", "--cpu-prof-dir={folder}", "--require", f"{{folder}}/{EXIT_SCRIPT}"),
    programs=("node",),
)
RBSPY = Profiler(
    name="rbspy",
    probe=("rbspy", "--version"),
    remedy="cargo install rbspy, or see https://rbspy.github.io/installing; it must run as root",
    convert=_speedscope,
    attach=(
        "rbspy", "record", "--pid", "{pid}", "--duration", "{seconds}", "--rate", "{rate}", "--subprocesses", "--silent",
        "--format", "speedscope", "--file", "{raw}", "--raw-file", "{raw}.gz",  # the latter is ~/.cache/rbspy/… otherwise
    ),
)  # fmt: skip
PERF = Profiler(
    name="perf",
    probe=("perf", "--version"),
    remedy="on Debian, apt-get install linux-perf; it must run as root, or with kernel.perf_event_paranoid=1",
    convert=_perf,
    attach=(
        "perf", "record", "--event", "cpu-clock", "--freq", "{rate}", "--call-graph", "fp", "--pid", "{pids}",
        "--output", "{raw}", "--quiet", "--", "sleep", "{seconds}",
    ),
    then=("perf", "script", "--input", "{raw}", "--fields", "comm,pid,time,ip,sym,dso"),
)  # fmt: skip

ALL = {one.name: one for one in (PY_SPY, NODE, RBSPY, PERF)}
_BY_RUNTIME = {"python": PY_SPY, "node": NODE, "ruby": RBSPY}


def chosen(wanted: str, runtime: str) -> Profiler:
    """`auto`: by the app's runtime; perf for those that have none of their own."""
    if wanted != "auto":
        return ALL[wanted]
    return next((one for name, one in _BY_RUNTIME.items() if runtime.startswith(name)), PERF)


def words(command: Sequence[str], **values: object) -> list[str]:
    """With the values put in."""
    return [word.format(**values) for word in command]
