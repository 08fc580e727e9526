"""Python, extras, and the programs that suites need."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from benchfleet.doctor.check import Check, fail, ok, warn

OLDEST = (3, 11)
EXTRAS = {"runner": ("docker", "psutil"), "emulator": ("boto3", "chalice", "moto"), "report": ("jinja2", "vl_convert")}
VERSION_PATIENCE_S = 5.0


def is_installed(module: str) -> bool:
    return find_spec(module) is not None


def python(version: Sequence[int] = sys.version_info[:3]) -> Check:
    found = ".".join(map(str, version[:3]))
    if tuple(version[:2]) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        return fail("python", found, remedy=f"install Python {wanted} or newer")
    return ok("python", found)


def extras(installed: Callable[[str], bool] = is_installed) -> Check:
    """Each extra is whole or not: half of one helps nobody."""
    missing = [name for name, modules in EXTRAS.items() if not all(map(installed, modules))]
    if missing:
        remedy = f"if you need them: pip install 'benchfleet[{','.join(missing)}]'"
        return warn("extras", f"not installed: {', '.join(missing)}", remedy=remedy)
    return ok("extras", ", ".join(EXTRAS))


def program_version(name: str) -> str | None:
    """The first line of `NAME --version`; None if there is no such program, or it does not answer."""
    path = shutil.which(name)
    if path is None:
        return None
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, timeout=VERSION_PATIENCE_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return (said.stdout.decode(errors="replace").splitlines() or [""])[0] if said.returncode == 0 else None


def ruby_bench(version: Callable[[str], str | None] = program_version) -> Check:
    """What the workload `ruby-bench` needs where tasks run as processes; images have their own."""
    found = {name: version(name) for name in ("git", "ruby")}
    missing = [name for name, said in found.items() if said is None]
    if missing:
        remedy = "install them to run ruby-bench as processes, or run it in docker isolation"
        return warn("ruby-bench", f"missing: {', '.join(missing)}", remedy=remedy)
    return ok("ruby-bench", ", ".join(filter(None, found.values())))
