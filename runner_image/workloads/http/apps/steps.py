"""How the environment of an app is made, by the lock file that it has."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from runner_image.workloads.http.apps.lacking import is_missing

INSTALL_S = 600.0  # of one step
TAIL_LINES = 3
TIMED_OUT = 124
EX_UNAVAILABLE = 69  # of sysexits.h
_OF_THE_MACHINE = (TIMED_OUT, EX_UNAVAILABLE)
_MOST_LINES = 40
_TELLING = re.compile(r"is not in this registry|Not Found - |Could not |No matching distribution|^error: ")


class StepFailed(Exception):
    """A program is missing, or could not do its part: the message says which and why.

    `missing`: the machine or a registry lacks something; False: the app is wrong. `tail`: the last lines of the output.
    """

    def __init__(self, message: str, *, missing: bool, tail: str = "") -> None:
        super().__init__(message)
        self.missing, self.tail = missing, tail


@dataclass(frozen=True)
class Step:
    """One command in the app's folder. `remedy`: what to do where its program is missing."""

    command: tuple[str, ...]
    remedy: str

    def run(self, folder: Path, timeout_s: float = INSTALL_S) -> None:
        """Raises StepFailed with the tail of what the command said."""
        if shutil.which(self.command[0]) is None:
            raise StepFailed(f"{self.command[0]} is missing: {self.remedy}", missing=True)
        code, said = _ended(self.command, folder, timeout_s)
        if code != 0:
            words = f"`{' '.join(self.command[:2])}` ended with {code}: {_telling(said)[-600:]}"
            missing = code < 0 or code in _OF_THE_MACHINE or is_missing(said)
            raise StepFailed(words, missing=missing, tail="\n".join(said.splitlines()[-_MOST_LINES:]))


def _telling(said: str) -> str:
    """The lines that name what is missing, else the last ones."""
    lines = [line for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if _TELLING.search(line)]
    return " | ".join((telling or lines)[-TAIL_LINES:])


def steps(folder: Path) -> list[Step]:
    """By lock file: requirements.lock, package-lock.json (else package.json), Cargo.toml, Gemfile. None: nothing to do."""
    makers = {
        "requirements.lock": _python,
        "package-lock.json": _node,
        "Cargo.toml": _rust,
        "Gemfile": _ruby,
    }
    found = [step for name, make in makers.items() if (folder / name).is_file() for step in make(folder)]
    return found if (folder / "package-lock.json").is_file() else [*found, *_node_unlocked(folder)]


def _python(folder: Path) -> list[Step]:
    remedy = "install python3-venv"
    pip = (str(folder / ".venv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    return [
        Step((sys.executable, "-m", "venv", ".venv"), remedy),
        # The lock names everything: what it lacks must not be added unseen.
        Step((*pip, "--no-deps", "--only-binary", ":all:", "-r", "requirements.lock"), remedy),
    ]


def _node(_folder: Path) -> list[Step]:
    return [Step(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), "install nodejs (20 or newer) and npm")]


def _node_unlocked(folder: Path) -> list[Step]:
    """An app without a lock gets what its registry has today."""
    try:
        needed = json.loads((folder / "package.json").read_bytes()).get("dependencies")
    except (OSError, ValueError, AttributeError):
        needed = None
    words = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
    return [Step(words, "install nodejs (20 or newer) and npm")] if needed else []


def _rust(folder: Path) -> list[Step]:
    """Crates only: the framework's own build compiles them. Another source of crates is named in `.cargo/config.toml`."""
    locked = ["--locked"] if (folder / "Cargo.lock").is_file() else []
    remedy = "install cargo, or https://rustup.rs"
    return [Step(("cargo", "fetch", *locked), remedy)]


def _ruby(_folder: Path) -> list[Step]:
    """What the Gemfile asks for, as it is loaded later: gems of the system serve as well as bundler's."""
    wanted = (
        "begin; require 'bundler'; Bundler.setup; rescue LoadError => error; warn error.message; exit "
        f"{EX_UNAVAILABLE}; rescue Bundler::GemNotFound => error; warn error.message; exit {EX_UNAVAILABLE}; "
        "rescue StandardError => error; abort error.message; end"
    )
    return [Step(("ruby", "-e", wanted), "install ruby, ruby-sinatra and puma, or run `bundle install`")]


def _ended(command: tuple[str, ...], folder: Path, timeout_s: float) -> tuple[int, str]:
    """Exit code and output, stdout and stderr merged; 124 after `timeout_s`, with all that it started killed."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return TIMED_OUT, f"{said}\nit took longer than {timeout_s:g} s"
    except BaseException:  # Ctrl-C: what was started ends, too
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return process.returncode, said
