"""The stages of an image's build: each is told on stderr as it begins, and on a terminal what its programs say follows."""

import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from typing import TextIO

_LAST_LINES = 30
_MOST_CHARS = 2_000
INTERRUPTED = 130


class BuildError(Exception):
    """A step of the build failed; the message ends with what its program said last."""


class Steps:
    """`name` begins each line. What programs say is passed on if `stream` is a terminal, and kept for errors anyway."""

    def __init__(self, name: str, stream: TextIO) -> None:
        self._name = name
        self._stream = stream

    def begin(self, stage: str) -> None:
        self._tell(f"{self._name}: {stage}\n")

    def run(self, command: Sequence[str]) -> None:
        """Raises BuildError if it cannot be started or fails."""
        said: deque[str] = deque(maxlen=_LAST_LINES)
        try:
            with subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
            ) as process:
                for line in process.stdout or ():
                    said.append(line)
                    self._pass_on(line)
        except OSError as error:
            raise _not_started(command, error) from error
        _require_success(command, process.returncode, "".join(said))

    def _pass_on(self, line: str) -> None:
        if self._stream.isatty():
            self._tell(line)

    def _tell(self, words: str) -> None:
        self._stream.write(words)
        self._stream.flush()


def ask(command: Sequence[str]) -> str:
    """stdout of a command that is quick. Raises BuildError, with what it said on stderr."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise _not_started(command, error) from error
    _require_success(command, done.returncode, done.stderr or done.stdout)
    return done.stdout


def ended(name: str, build: Callable[[], str]) -> int:
    """The exit code of a build, whose result goes to stdout: 0, 3 after an error, 130 after Ctrl-C."""
    try:
        print(build())
    except BuildError as error:
        print(error, file=sys.stderr)
        return 3
    except OSError as error:
        print(f"{name}: {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print(f"{name}: interrupted; nothing was kept", file=sys.stderr)
        return INTERRUPTED
    return 0


def _require_success(command: Sequence[str], code: int, said: str) -> None:
    if code != 0:
        words = f"`{' '.join(command[:3])} …` ended with exit code {code}"
        raise BuildError(f"{words}:\n{said.strip()[-_MOST_CHARS:]}")


def _not_started(command: Sequence[str], error: OSError) -> BuildError:
    if isinstance(error, FileNotFoundError):
        return BuildError(f"{command[0]} is not installed")
    return BuildError(f"{command[0]} cannot be started: {error.strerror}")
