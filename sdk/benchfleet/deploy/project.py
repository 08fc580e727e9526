"""The sources that are deployed, and the copy of them that Chalice works on: the user's checkout is never changed."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet.exceptions import UsageError
from benchfleet.local.files import replace_whole

_INSTALLED_FROM = Path(__file__).resolve().parents[3]
_PARTS = ("app.py", "requirements.txt", "chalicelib", "vendor")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc")
APP = "benchfleet"
API_FUNCTION = "api_handler"  # Chalice's own word for the function behind the API


@dataclass(frozen=True)
class Project:
    """A source checkout. `config` is its `.chalice/config.json`."""

    folder: Path
    config: Mapping[str, Any]

    def stage(self, stage: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.config["stages"][stage]
        return found

    def functions(self, stage: str) -> list[str]:
        """Chalice's names of the functions: `api_handler`, `sweep`, …"""
        return list(self.stage(stage)["lambda_functions"])

    def reserved(self, stage: str) -> int:
        """Concurrent executions that the functions keep for themselves, together."""
        functions = self.stage(stage)["lambda_functions"].values()
        return sum(int(function.get("reserved_concurrency") or 0) for function in functions)

    def template(self, name: str) -> str:
        """A CloudFormation template without its blanks: CloudFormation takes 51,200 bytes."""
        return json.dumps(
            json.loads((self.folder / ".chalice" / name).read_text(encoding="utf-8")), separators=(",", ":")
        )


def find_project(here: Path) -> Project:
    """The checkout around `here`, else the one that this package runs from. Raises UsageError if there is none."""
    for folder in (here, *here.parents, _INSTALLED_FROM):
        config = folder / ".chalice" / "config.json"
        if (folder / "app.py").is_file() and config.is_file():
            found = json.loads(config.read_text(encoding="utf-8"))
            if found.get("app_name") == APP:
                return Project(folder, found)
    raise UsageError(
        f"no source checkout of benchfleet at {here}: `deploy` builds the functions from it; change into one"
    )


def function_name(stage: str, function: str) -> str:
    """AWS's name of one of Chalice's functions."""
    return f"{APP}-{stage}" if function == API_FUNCTION else f"{APP}-{stage}-{function}"


def copy_for_chalice(project: Project, to: Path, *, stage: str, environment: Mapping[str, str]) -> None:
    """Makes `to` a copy of the sources, with the values of `environment` for the variables that the stage has.

    What Chalice built there before (`.chalice/deployments`) stays: it is named by its contents and saves a minute.
    """
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _PARTS:
        _copy(project.folder / name, to / name)
    chalice = to / ".chalice"
    chalice.mkdir(exist_ok=True)
    for policy in (project.folder / ".chalice").glob("*.json"):
        shutil.copy2(policy, chalice)
    replace_whole(chalice / "config.json", json.dumps(_with(project.config, stage, environment), indent=2).encode())


def _with(config: Mapping[str, Any], stage: str, environment: Mapping[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(config))
    variables = made["stages"][stage].setdefault("environment_variables", {})
    variables.update({name: value for name, value in environment.items() if name in variables})
    return made


def _copy(source: Path, target: Path) -> None:
    """Links of `vendor/` are followed, as Chalice follows them."""
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=_NOT_COPIED)
    elif source.exists():
        shutil.copy2(source, target)
