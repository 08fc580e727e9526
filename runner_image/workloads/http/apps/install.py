"""Makes an app's environment: a copy of its sources with a venv, node_modules or fetched crates, once for each content.

Everything lies below the user's cache; a second call finds it there. `python -m runner_image.workloads.http.apps.install
[NAME…]` installs those of the project, all without a name.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner_image.errors import TaskError
from runner_image.workloads.http.apps import tree
from runner_image.workloads.http.apps.steps import StepFailed, steps
from runner_image.workloads.http.contract.schemas import APPS

DONE = ".benchfleet-installed"


@dataclass(frozen=True)
class Installed:
    """Where an app can be started: `folder` is its working directory. `sha256`: of its sources.

    `python`: its interpreter, for apps of Python. `install_s` is None where the cache had it.
    """

    name: str
    folder: Path
    sha256: str
    python: Path | None = None
    install_s: float | None = None


class Unavailable(TaskError):
    """An app cannot be installed here: a program or a registry is missing. Nothing is said of its framework."""

    def __init__(self, app: str, missing: str) -> None:
        super().__init__(f"{app} is unavailable: {missing}", error_type="app_unavailable")
        self.missing = missing


class InstallFailed(TaskError):
    """An app cannot be installed anywhere: its lock or a package of it is wrong. `tail`: the end of what was said."""

    def __init__(self, app: str, why: str, tail: str = "") -> None:
        super().__init__(f"{app} cannot be installed: {why}", error_type="app_not_installed")
        self.why, self.tail = why, tail


def cache_folder() -> Path:
    """$BENCHFLEET_HTTP_APPS, else below $XDG_CACHE_HOME, else below ~/.cache."""
    given = os.environ.get("BENCHFLEET_HTTP_APPS")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(base) / "benchfleet" / "http-apps"


def built_in() -> list[str]:
    """Names of the project's apps."""
    return sorted(path.name for path in APPS.iterdir() if path.is_dir() and path.name[0] not in "_.")


def install(app: Path, *, cache: Path | None = None) -> Installed:
    """Installs the app of a folder, or finds it in the cache. Raises Unavailable, InstallFailed."""
    app = app.resolve()
    hashed = tree.sha256(app)
    cache = cache or cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"{app.name}-{_key(hashed)}"
    with _locked(cache / f"{folder.name}.lock"):
        if (folder / DONE).is_file():
            return _installed(app, folder, hashed, None)
        started = time.monotonic()
        _make(app, folder)
        return _installed(app, folder, hashed, time.monotonic() - started)


def _key(hashed: str) -> str:
    """Sources and what they are installed for: a venv of another Python, or another machine's binary, would not start."""
    return hashlib.sha256(f"{hashed} {sys.version} {platform.machine()}".encode()).hexdigest()[:16]


def _make(app: Path, folder: Path) -> None:
    """In the place itself: a venv cannot be moved. What an interrupted try left is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    tree.copy(app, folder)
    try:
        for step in steps(folder):
            step.run(folder)
    except StepFailed as error:
        shutil.rmtree(folder, ignore_errors=True)
        if error.missing:
            raise Unavailable(app.name, str(error)) from error
        raise InstallFailed(app.name, str(error), error.tail) from error
    (folder / DONE).touch()


def _installed(app: Path, folder: Path, hashed: str, install_s: float | None) -> Installed:
    python = folder / ".venv" / "bin" / "python"
    return Installed(app.name, folder, hashed, python if python.exists() else None, install_s)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two that install the same app: the second waits and finds it made."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main(names: Sequence[str]) -> int:
    """Says of each app what came of it. 1 where a name is none of the project's apps, or one of them is wrong."""
    unknown = [name for name in names if name not in built_in()]
    if unknown:
        print(f"There is no app {unknown[0]!r}: take one of {', '.join(built_in())}", file=sys.stderr)
        return 1
    wrong = 0
    for name in names or built_in():
        try:
            said = _said(name)
        except InstallFailed as error:
            said, wrong = f"failed: {error.why}", 1
        print(f"{name:<18} {said}", flush=True)
    return wrong


def _said(name: str) -> str:
    """Raises InstallFailed."""
    try:
        done = install(APPS / name)
    except Unavailable as error:
        return f"unavailable: {error.missing}"
    return f"{'found' if done.install_s is None else f'installed in {done.install_s:.0f} s'}: {done.folder}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
