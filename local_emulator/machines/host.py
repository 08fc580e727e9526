"""This machine as a place for machines: a folder each, programs in front of their PATH, and a tree of processes."""

import json
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchfleet.local.environment import child_environment
from benchfleet.local.processes import Identity

from runner_image.isolation.kept import Kept

BIN = Path(__file__).parent / "bin"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
MOST_CONSOLE_BYTES = 64 * 1024  # as GetConsoleOutput
METADATA = "http://169.254.169.254"
PREFIX = "benchfleet-machines-"
RUNNER = (sys.executable, "-m", "local_emulator.machines.as_host")


class Host:
    """Makes the folders of machines below one of its own, which `close` removes. `url` is where machines ask."""

    def __init__(self, url: str, *, inherited: Mapping[str, str] = os.environ) -> None:
        self._url = url
        self._inherited = dict(inherited)
        _remove_orphans(Path(tempfile.gettempdir()))
        self._root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))

    def close(self) -> None:
        shutil.rmtree(self._root, ignore_errors=True)

    def folder(self, name: str) -> Path:
        made = self._root / name
        made.mkdir(mode=0o700)
        return made

    def instance(self, name: str, *, secret: str, user_data: bytes) -> "Tree":
        """The tree of an instance that executes this script; not started."""
        folder = self.folder(name)
        part = folder / "part-001"
        part.write_bytes(user_data)
        part.chmod(0o700)
        url = f"{self._url}/{secret}"
        _write_programs(folder, url)
        docker = {"runner": RUNNER, "environment": self._of_containers(folder)}
        (folder / "docker.json").write_text(json.dumps(docker))
        environment = {
            "PATH": f"{folder / 'bin'}:{SYSTEM_PATH}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "BENCHFLEET_FOLDER": str(folder / "run"),  # /run is this laptop's own
        }
        return Tree(folder, ["bash", str(BIN / "boot.sh"), str(folder)], environment)

    def task(self, name: str, *, host: str, arguments: list[str], environment: Mapping[str, str]) -> "Tree":
        """The tree of a task whose one container runs the runner's image; not started."""
        folder = self.folder(name)
        return Tree(folder, [*RUNNER, host, *arguments], {**self._of_containers(folder), **environment})

    def _of_containers(self, folder: Path) -> dict[str, str]:
        """What a runner sees here instead of its image: this environment, and temporary files that end with it."""
        temporary = folder / "tmp"
        temporary.mkdir(exist_ok=True)
        return {**child_environment(self._inherited), "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}


@dataclass
class Tree:
    """One machine's processes: all of them below one keeper, which ends them even if this process is killed."""

    folder: Path
    command: list[str]
    environment: Mapping[str, str]
    _kept: Kept | None = None

    def start(self, *, grace_s: float) -> None:
        """`grace_s`: from SIGTERM to SIGKILL, when it is ended. Raises OSError."""
        console = os.open(self.folder / "console", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._kept = Kept(
                self.command, cwd=self.folder, environment=self.environment, cores=(), grace_s=grace_s, stdout=console
            )
        finally:
            os.close(console)

    def wait(self) -> int | None:
        """The exit code, as a shell has it, of one that has ended; None for one that was never started."""
        return self._kept.wait() if self._kept else None

    def ask_to_end(self) -> None:
        if self._kept:
            self._kept.kill()

    def end(self) -> None:
        """SIGTERM to all, SIGKILL to what is left; returns when nothing is, and its folder has gone but for the console."""
        if self._kept:
            self._kept.__exit__()
        for left in self.folder.iterdir():
            if left.name != "console":
                shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)

    def console(self) -> bytes:
        with suppress(OSError):
            return (self.folder / "console").read_bytes()[-MOST_CONSOLE_BYTES:]
        return b""


def _remove_orphans(temporary: Path) -> None:
    """What emulators left that were killed."""
    for left in temporary.glob(f"{PREFIX}*"):
        owner = left.name.removeprefix(PREFIX).partition("-")[0]
        if owner.isdecimal() and Identity.of(int(owner)) is None:
            shutil.rmtree(left, ignore_errors=True)


def _write_programs(folder: Path, url: str) -> None:
    programs = folder / "bin"
    programs.mkdir()
    ask = [sys.executable, "-ES", str(BIN / "machine.py"), url]
    packages = [sys.executable, "-ES", str(BIN / "packages.py")]
    commands = {
        **{name: [*ask, name] for name in ("aws", "shutdown", "poweroff")},
        **{name: [*packages, name] for name in ("dnf", "systemctl")},
        "docker": [sys.executable, "-ES", str(BIN / "docker.py"), str(folder), url],
    }
    for name, command in commands.items():
        _write_program(programs / name, f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    if curl := shutil.which("curl", path=SYSTEM_PATH):
        there = f'"${{@//{METADATA.replace("/", chr(92) + "/")}/{url}}}"'
        _write_program(programs / "curl", f"#!/bin/bash\nexec {shlex.quote(curl)} {there}\n")


def _write_program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o700)
