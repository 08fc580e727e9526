"""The words of `docker`: its options, as docker itself takes and refuses them."""

import os
import signal
from collections.abc import Collection, Mapping
from pathlib import Path

Found = dict[str, list[str]]

# Of `docker run`, those with a value and those without.
VALUED = frozenset({
    "--add-host", "--cap-add", "--cap-drop", "--cgroupns", "--cidfile", "--cpu-shares", "--cpus", "--cpuset-cpus", "--device",
    "--dns", "--entrypoint", "--env", "--env-file", "--expose", "--group-add", "--hostname", "--ipc", "--label",
    "--log-driver", "--log-opt", "--memory", "--memory-swap", "--mount", "--name", "--network", "--oom-score-adj", "--pid",
    "--pids-limit", "--platform", "--publish", "--pull", "--restart", "--security-opt", "--shm-size", "--stop-signal",
    "--stop-timeout", "--sysctl", "--tmpfs", "--ulimit", "--user", "--userns", "--uts", "--volume", "--workdir",
})  # fmt: skip
PLAIN = frozenset({
    "--detach", "--init", "--interactive", "--no-healthcheck", "--privileged", "--quiet", "--read-only", "--rm", "--tty",
})  # fmt: skip
SHORT = {
    "-c": "--cpu-shares", "-d": "--detach", "-e": "--env", "-h": "--hostname", "-i": "--interactive", "-l": "--label",
    "-m": "--memory", "-p": "--publish", "-q": "--quiet", "-t": "--tty", "-u": "--user", "-v": "--volume", "-w": "--workdir",
}  # fmt: skip


class Refused(Exception):
    """`code` is the exit code that docker has then."""

    def __init__(self, words: str, code: int = 1) -> None:
        super().__init__(words)
        self.code = code


class Reader:
    """Reads the options of one command of docker's."""

    def __init__(
        self, command: str, *, valued: Collection[str] = (), plain: Collection[str] = (), short: Mapping[str, str] = {}
    ) -> None:
        self._command, self._valued, self._plain, self._short = command, valued, plain, short

    def read(self, words: list[str]) -> tuple[Found, list[str]]:
        """Options before the first argument, each with its values, and the rest. Raises Refused."""
        found: Found = {}
        rest = list(words)
        while rest and rest[0].startswith("-") and rest[0] != "-":
            word = rest.pop(0)
            if word == "--":
                break
            if self._is_bundle(word):
                rest[:0] = [f"-{letter}" for letter in word[1:]]  # -di is -d -i
            else:
                self._take(word, rest, found)
        return found, rest

    def _is_bundle(self, word: str) -> bool:
        return len(word) > 2 and word[1] != "-" and all(self._short.get(f"-{each}") in self._plain for each in word[1:])

    def _take(self, word: str, rest: list[str], found: Found) -> None:
        name, equals, value = word.partition("=")
        if word[1] != "-" and len(name) > 2:  # -uroot is -u root
            name, equals, value = word[:2], "=", word[2:].removeprefix("=")
        long = self._short.get(name, name)
        if long in self._plain:
            found.setdefault(long, []).append(value or "true")
        elif long not in self._valued:
            raise self._refused(f"unknown {'flag' if word.startswith('--') else 'shorthand flag'}: {name}")
        elif not equals and not rest:
            raise self._refused(f"flag needs an argument: {name}")
        else:
            found.setdefault(long, []).append(value if equals else rest.pop(0))

    def _refused(self, words: str) -> Refused:
        return Refused(f"docker: {words}\n\nRun 'docker {self._command} --help' for more information", 125)


def given(found: Found) -> dict[str, str]:
    """The variables of --env and --env-file; a name without a value is this process's own."""
    lines = [line for path in found.get("--env-file", []) for line in Path(path).read_text().splitlines()]
    pairs = [line for line in [*lines, *found.get("--env", [])] if line.strip() and not line.startswith("#")]
    return {
        name: value if equals else os.environ[name]
        for name, equals, value in (pair.partition("=") for pair in pairs)
        if equals or name in os.environ
    }


def pin(cpus: str) -> None:
    """The machine's CPUs are those of this one, taken round where it has fewer. Raises Refused."""
    if not cpus or not hasattr(os, "sched_setaffinity"):
        return
    wanted: set[int] = set()
    try:
        for part in cpus.split(","):
            first, _, last = part.partition("-")
            wanted.update(range(int(first), int(last or first) + 1))
    except ValueError as error:
        raise Refused(f"docker: Error response from daemon: Invalid value {cpus} for cpuset cpus.", 125) from error
    have = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {have[number % len(have)] for number in wanted})


def signal_number(name: str) -> int:
    """Raises Refused."""
    try:
        return int(name) if name.isdecimal() else int(signal.Signals[f"SIG{name.upper().removeprefix('SIG')}"])
    except KeyError as error:
        raise Refused(f"Error response from daemon: Invalid signal: {name}") from error
