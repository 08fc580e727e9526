"""CPU of statements in fresh interpreters, compared by ratio: a slow or busy machine slows both sides."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROUNDS = 31  # the least of some: noise only ever adds, and the least of eleven still differed by a fifth
_TELL = "\nimport resource as _r\n_u = _r.getrusage(_r.RUSAGE_SELF)\nprint('cpu_s', _u.ru_utime + _u.ru_stime)\n"


def cpu_ratio(statement: str, *, over: str, environment: Mapping[str, str] | None = None) -> float:
    """The least CPU of `statement` over the least of the other, their runs interleaved; imports are compiled beforehand."""
    for warm_up in (statement, over):
        cpu_s(warm_up, environment=environment)
    pairs = [(cpu_s(statement, environment=environment), cpu_s(over, environment=environment)) for _ in range(ROUNDS)]
    return min(one for one, _ in pairs) / min(two for _, two in pairs)


def cpu_s(statement: str, *, environment: Mapping[str, str] | None = None) -> float:
    """User and system CPU seconds of a fresh interpreter up to the end of `statement`, its own start left out.

    Raises subprocess.CalledProcessError when the statement fails; its traceback is on stderr.
    """
    started = "import resource as _s\n_b = _s.getrusage(_s.RUSAGE_SELF)\n"
    less = "print('before_s', _b.ru_utime + _b.ru_stime)\n"
    reply = subprocess.run(
        [sys.executable, "-c", started + statement + _TELL + less],
        cwd=ROOT,
        env=with_byte_code(environment or {}),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told = dict(line.split() for line in reply.stdout.splitlines() if line.startswith(("cpu_s ", "before_s ")))
    return float(told["cpu_s"]) - float(told["before_s"])


def with_byte_code(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment for a child, and `more`; it may keep what it compiles, or each start would compile it anew."""
    return {name: value for name, value in {**os.environ, **more}.items() if name != "PYTHONDONTWRITEBYTECODE"}
