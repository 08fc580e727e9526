"""Makes, or finds again, the virtual environment that pyperformance and its benchmarks run in.

Runs on its own, inside the slot, under the python that is to be measured (`python -c <this text> <arguments>`), so it
imports nothing but the standard library. Arguments: cache folder ("" for the user's own), version of pyperformance,
benchmarks (comma separated), run folder. Its last line is one JSON object: `python` (of the environment), `known`
(the benchmarks that pyperformance will run), `versions` (name → version), `build` (how that python was built).

One environment per python, version and list of benchmarks: no set-up ever changes one that another slot measures in.
A file lock lets the first slot build it while the others wait.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ABOUT = """import json, platform, pyperf, pyperformance, sysconfig
versions = {"implementation": platform.python_implementation(), "python": platform.python_version()}
versions.update(pyperformance=pyperformance.__version__, pyperf=pyperf.__version__)
build = {name: sysconfig.get_config_var(name) for name in ("CONFIG_ARGS", "CC", "OPT", "CFLAGS")}
build["compiler"] = platform.python_compiler()
print(json.dumps({"versions": versions, "build": {name: str(said) for name, said in build.items() if said}}))"""
QUIET = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def main(arguments: list[str]) -> None:
    cache, version, benchmarks, run_dir = arguments
    root = cache_root(cache) / key(version, benchmarks)
    with locked(root.with_suffix(".lock")):
        if not (root / "ready").exists():
            build(root, version)
            known = install_requirements(python_of(root), benchmarks)
            (root / "ready").write_text("\n".join(known))
    link(root, Path(run_dir))
    known = (root / "ready").read_text().split()
    print(json.dumps({"python": python_of(root), "known": known, **about(python_of(root))}))


def cache_root(given: str) -> Path:
    """The first folder that can be written: as given, else the user's cache, else one below the temporary folder."""
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in [Path(given)] if given else [own, Path(tempfile.gettempdir()) / f"cache-{os.getuid()}"]:
        root = folder / "benchfleet" / "pyperformance"
        try:
            root.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(root, os.W_OK):
            return root
    sys.exit(f"no folder for a cache can be written: {given or own}")


def key(version: str, benchmarks: str) -> str:
    python = f"{sys.version} {sys.base_exec_prefix} {os.path.realpath(sys.executable)}"
    return hashlib.sha256(f"{python}\n{version}\n{benchmarks}".encode()).hexdigest()[:16]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The kernel gives the lock back whatever this process dies of."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(root: Path, version: str) -> None:
    shutil.rmtree(root, ignore_errors=True)  # what a killed set-up left
    call([sys.executable, "-m", "venv", str(root / "venv")])
    call([python_of(root), "-m", "pip", "install", "-q", f"pyperformance=={version}"])


def install_requirements(python: str, benchmarks: str) -> list[str]:
    """Installs what the benchmarks need and returns their names.

    What cannot be installed is left to pyperformance, which then tells of it and runs the others.
    """
    listed = call([python, "-m", "pyperformance", "list", "-b", benchmarks])
    known = [line[2:].strip() for line in listed.splitlines() if line.startswith("- ")]
    data = call([python, "-c", "import pyperformance; print(pyperformance.DATA_DIR)"]).strip()
    for name in known:
        wanted = Path(data) / "benchmarks" / f"bm_{name}" / "requirements.txt"
        if wanted.exists():
            call([python, "-m", "pip", "install", "-q", "-r", str(wanted)], must=False)
    return known


def link(root: Path, run_dir: Path) -> None:
    """Puts the environment where pyperformance looks for it, so that it does not make a second one."""
    run_dir.mkdir(parents=True, exist_ok=True)
    said = call([python_of(root), "-m", "pyperformance", "venv", "show"], cwd=run_dir)
    place = Path(said.partition("Virtual environment path: ")[2].split(" (")[0].splitlines()[0])
    place.parent.mkdir(parents=True, exist_ok=True)
    if not place.is_symlink():
        place.symlink_to(root / "venv")


def about(python: str) -> dict[str, dict[str, str]]:
    """`versions` and `build` of that python."""
    told: dict[str, dict[str, str]] = json.loads(call([python, "-c", ABOUT]))
    return told


def python_of(root: Path) -> str:
    return str(root / "venv" / "bin" / "python")


def call(command: list[str], *, cwd: Path | None = None, must: bool = True) -> str:
    """What the command said on stdout. A failure of one that must succeed ends this process with its exit code."""
    done = subprocess.run(command, cwd=cwd, env={**os.environ, **QUIET}, stdout=subprocess.PIPE, check=False)
    said = done.stdout.decode(errors="replace")
    if must and done.returncode != 0:
        print(said, flush=True)
        sys.exit(done.returncode)
    return said


if __name__ == "__main__":
    main(sys.argv[1:])
