"""`python -S spent.py CORES COMMAND…`: runs a command on these cores (`0,1`; `-`: as it comes), tells what it used.

Writes `ended.json` into its folder: `code` (127: no such program), `stdout`, `stderr`, `cpu_s` of the command and of its
children that were waited for. A slot merges the two streams and knows no CPU of a single command.
It stands before every command of a load tool, so it imports little, and nothing of this project.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

ENDED = "ended.json"
ANY_CORE = "-"


def main(arguments: list[str]) -> int:
    cores, *command = arguments
    if cores != ANY_CORE:
        os.sched_setaffinity(0, [int(core) for core in cores.split(",")])
    code, stdout, stderr = _run(command)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {"code": code, "stdout": stdout, "stderr": stderr, "cpu_s": used.ru_utime + used.ru_stime}
    Path(ENDED).write_text(json.dumps(told))
    return 0


def _run(command: list[str]) -> tuple[int, str, str]:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError as missing:
        return 127, "", str(missing)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
