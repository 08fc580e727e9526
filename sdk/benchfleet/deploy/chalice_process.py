"""`chalice deploy` as a process: what it does, line by line, and why it failed.

The process holds the lock of its project. If this command is killed, Chalice may work on for a while, and the next command
waits until it has ended instead of working beside it.
"""

import fcntl
import os
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchfleet import exit_codes
from benchfleet.deploy.aws import MISSING
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.progress import Progress
from benchfleet.exceptions import BenchfleetError

_CHALICE = "import sys; from chalice.cli import main; sys.argv[0] = 'chalice'; sys.exit(main())"
_LAST_LINES = 40
_LOOK_EVERY_S = 0.5
_DOING = re.compile(
    r"^(?P<state>Creating|Updating|Subscribing|Deleting)(?: policy for)? (?P<kind>.*?)(?:: (?P<name>\S+))?$"
)


@contextmanager
def only_one(project: Path, progress: Progress, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """Holds the project's lock; gives the descriptor, which the process inherits."""
    project.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(project / "deploy.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    told = False
    try:
        while not _taken(descriptor):
            if not told:
                progress.note("another deploy of this stage is at work on this machine: waiting for its end")
                told = True
            sleep(_LOOK_EVERY_S)
        yield descriptor
    finally:
        os.close(descriptor)


def deploy(project: Path, *, stage: str, environment: Mapping[str, str], lock: int, progress: Progress) -> None:
    """`environment` is added to this process's own. Raises DeployError with what Chalice said last."""
    said: deque[str] = deque(maxlen=_LAST_LINES)
    with subprocess.Popen(
        [sys.executable, "-c", _CHALICE, "deploy", "--stage", stage, "--no-autogen-policy"],
        cwd=project,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=[lock],
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            _tell(line.strip(), progress)
    if process.returncode != 0:
        raise _failure("".join(said))


def _tell(line: str, progress: Progress) -> None:
    found = _DOING.match(line)
    if found and found["kind"] != "deployment package.":
        progress.resource(
            found["name"] or found["kind"], found["kind"] if found["name"] else "", found["state"].lower()
        )


def _failure(said: str) -> DeployError | BenchfleetError:
    if "No module named 'chalice'" in said:
        return BenchfleetError(MISSING.format("chalice"))
    words = " ".join(said.split())
    _, found, told = words.rpartition("received the following error: ")
    cause = told if found else words[-600:]
    denied = "not authorized" in cause or "AccessDenied" in cause
    remedy = "add the permission that it names" if denied else "mend the cause"
    return DeployError(
        f"`chalice deploy` failed: {cause.rstrip('. ')}",
        remedy=f"{remedy}, then run the command again: it finds what is there and goes on",
        exit_code=exit_codes.AUTH if denied else exit_codes.INFRASTRUCTURE,
    )


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
