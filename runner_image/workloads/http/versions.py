"""Which version of a framework an app runs with, and of which runtime: its own environment says, not the machine."""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from runner_image.errors import TaskError
from runner_image.isolation.protocol import Slot
from runner_image.workloads.http.frameworks.record import Framework

_ASK_S = 20.0
_DIST = re.compile(r"(.+)-([^-]+)\.dist-info")
Installed = tuple[str, str]  # name, version


def framework_version(framework: Framework, folder: Path) -> str | None:
    """None where the app's environment does not tell. `folder` is that of the installed app.

    Of the framework's dependencies, that which it is called after is tried first, then those of the greatest weight.
    """
    known, packages = list(_installed(folder)), [(each.of, each.weight) for each in framework.evidence if each.of]
    called = framework.name.partition("-")[0]
    for package, _weight in sorted(packages, key=lambda each: (not re.fullmatch(each[0], called), -each[1])):
        for name, version in known:
            if re.fullmatch(package, name, re.IGNORECASE):
                return version
    return None


def runtime_version(slot: Slot, framework: Framework, folder: Path, programs: Mapping[str, str]) -> str:
    """`Python 3.11.9`; the runtime's name alone where it does not tell."""
    own = {need.program: str(path) for need in framework.needs if (path := need.own(folder))}
    python = {framework.runtime: programs.get("python", sys.executable)} if framework.language == "python" else {}
    program = {**own, **python}.get(framework.runtime, framework.runtime)
    lines: list[str] = []
    try:
        code = slot.run([program, "--version"], cwd=folder, environment={}, on_line=lines.append, timeout_s=_ASK_S)
    except TaskError:
        return framework.runtime
    said = next((line.strip() for line in lines if line.strip()), "")
    if code or not said:
        return framework.runtime
    return said if re.search("[A-Za-z]{2}", said) else f"{framework.runtime} {said}"


def _installed(folder: Path) -> Iterator[Installed]:
    """What is installed comes before what is only locked."""
    for read in (_python, _node, _requirements, _gems, _crates):
        yield from read(folder)


def _python(folder: Path) -> Iterator[Installed]:
    for path in sorted(folder.glob(".venv/lib/python*/site-packages/*.dist-info")):
        if told := _DIST.fullmatch(path.name):
            yield told[1].replace("_", "-"), told[2]


def _node(folder: Path) -> Iterator[Installed]:
    for path in sorted([*folder.glob("node_modules/*/package.json"), *folder.glob("node_modules/@*/*/package.json")]):
        try:
            told = json.loads(path.read_bytes())
            yield str(told["name"]), str(told["version"])
        except (OSError, ValueError, KeyError, TypeError):
            continue


def _lines(name: str, pattern: str) -> Callable[[Path], Iterator[Installed]]:
    expression = re.compile(pattern, re.MULTILINE)

    def read(folder: Path) -> Iterator[Installed]:
        try:
            text = (folder / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        yield from ((found[1], found[2]) for found in expression.finditer(text))

    return read


_requirements = _lines("requirements.lock", r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)")
_gems = _lines("Gemfile.lock", r"^    ([A-Za-z0-9._-]+) \(([0-9][^)]*)\)$")
_crates = _lines("Cargo.lock", r'^name = "([^"]+)"\nversion = "([^"]+)"')
