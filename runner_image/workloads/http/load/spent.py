"""`python -S spent.py CORES COMMAND…`: runs a command on these cores (`0,1`; `-`: as it comes), tells what it used.

Writes into its folder: `ended.txt` (exit code, with 127 for no such program, and the CPU seconds of the command and of its
children that were waited for), `ended.out` and `ended.err`. A slot merges the two streams and knows no CPU of a single
command. It stands before every command of a load tool, so it imports nothing that Python has not loaded anyway: with
`json`, `pathlib` and `subprocess` it would take four times as long to start.
"""

import os
import sys

ENDED, STDOUT, STDERR = "ended.txt", "ended.out", "ended.err"
ANY_CORE = "-"
_SIGPIPE, _SIGXFSZ = 13, 25  # what Python ignores; `signal` would have the names
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def main(arguments: list[str]) -> int:
    cores, *command = arguments
    if cores != ANY_CORE:
        os.sched_setaffinity(0, [int(core) for core in cores.split(",")])
    code, cpu_s = _run(command)
    with open(ENDED, "w", encoding="ascii") as ended:
        ended.write(f"{code} {cpu_s}")
    return 0


def _run(command: list[str]) -> tuple[int, float]:
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, STDOUT, _NEW, 0o666),
        (os.POSIX_SPAWN_OPEN, 2, STDERR, _NEW, 0o666),
    ]
    try:
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=streams, setsigdef=(_SIGPIPE, _SIGXFSZ))
    except FileNotFoundError as missing:
        return 127, _told(missing)
    _, status, used = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime


def _told(missing: FileNotFoundError) -> float:
    with open(STDERR, "w", encoding="utf-8", errors="replace") as stderr:
        stderr.write(str(missing))
    return 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
