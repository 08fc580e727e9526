"""Runs a command on these cores, and tells what it used: a shell script, because it stands before every load command.

A slot merges the two streams of a command and knows no CPU of a single one. A shell starts in 1 ms, Python in 20, and it is
found without PATH. Without taskset nothing is pinned, which the results say (cores.py).
"""

ENDED, STDOUT, STDERR = "ended.txt", "ended.out", "ended.err"
ANY_CORE = "-"
NOT_PINNED = 125
_MOST_KIB = 8 * 1024**2  # of address space: an answer without end must not take the machine's memory
_SCRIPT = f"""
cores=$1; shift
command -v taskset >/dev/null || cores={ANY_CORE}
[ "$cores" = {ANY_CORE} ] || taskset -cp "$cores" $$ >/dev/null || exit {NOT_PINNED}
ulimit -v {_MOST_KIB} 2>/dev/null
"$@" </dev/null >{STDOUT} 2>{STDERR}
code=$?
{{ echo $code; times; }} >{ENDED}
"""


def script(cores: str, command: list[str]) -> list[str]:
    """Writes three files into its folder: both streams, and what `told` reads. `cores`: `0,1`, or ANY_CORE."""
    return ["/bin/sh", "-c", _SCRIPT, "sh", cores, *command]


def told(ended: str) -> tuple[int, float]:
    """Exit code (127: no such program; 128 + n: signal n), and the CPU seconds of the command and its children.

    Raises ValueError for what the script did not write. `times` tells of the shell first, then of what it
    waited for: `0m0.280000s 0m1.420000s`, with a comma in some languages.
    """
    code, _shell, waited_for = ended.splitlines()
    return int(code), sum(_seconds(word) for word in waited_for.split())


def _seconds(word: str) -> float:
    minutes, seconds = word.removesuffix("s").replace(",", ".").split("m")
    return 60 * float(minutes) + float(seconds)
