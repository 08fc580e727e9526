"""How the environment of an app is made, by the lock file that it has."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

INSTALL_S = 600.0  # of one step
TAIL_LINES = 3


class StepFailed(Exception):
    """A program is missing, or could not do its part: the message says which and why."""


@dataclass(frozen=True)
class Step:
    """One command in the app's folder. `remedy`: what to do where its program is missing."""

    command: tuple[str, ...]
    remedy: str

    def run(self, folder: Path, timeout_s: float = INSTALL_S) -> None:
        """Raises StepFailed with the tail of what the command said."""
        if shutil.which(self.command[0]) is None:
            raise StepFailed(f"{self.command[0]} is missing: {self.remedy}")
        code, said = _ended(self.command, folder, timeout_s)
        if code != 0:
            tail = " | ".join(said.strip().splitlines()[-TAIL_LINES:])
            raise StepFailed(f"`{' '.join(self.command[:3])}` ended with {code}: {tail[-600:]}")


def steps(folder: Path) -> list[Step]:
    """By lock file: requirements.lock, package-lock.json, Cargo.toml, Gemfile. None of them: nothing to do."""
    makers = {
        "requirements.lock": _python,
        "package-lock.json": _node,
        "Cargo.toml": _rust,
        "Gemfile": _ruby,
    }
    return [step for name, make in makers.items() if (folder / name).is_file() for step in make(folder)]


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


def _rust(folder: Path) -> list[Step]:
    """Where an app names another source of crates (Debian's), its own `.cargo/config.toml` says so."""
    locked = ["--locked"] if (folder / "Cargo.lock").is_file() else []
    remedy = "install cargo, or https://rustup.rs"
    return [Step(("cargo", "build", "--release", *locked), remedy)]


def _ruby(_folder: Path) -> list[Step]:
    """What the Gemfile asks for, as it is loaded later: gems of the system serve as well as bundler's."""
    wanted = (
        "begin; require 'bundler'; Bundler.setup; rescue LoadError, StandardError => error; abort error.message; end"
    )
    return [Step(("ruby", "-e", wanted), "install ruby, ruby-sinatra and puma, or run `bundle install`")]


def _ended(command: tuple[str, ...], folder: Path, timeout_s: float) -> tuple[int, str]:
    """Exit code and output, stdout and stderr merged; 124 after `timeout_s`, with all that it started killed."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        said, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        return 124, f"{said}\nit took longer than {timeout_s:g} s"
    return process.returncode, said
