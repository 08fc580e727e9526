"""Which app a command means, and what it asks of it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet_contract.problems import Problem
    from benchfleet_contract.workloads.http import AppSource, HttpOptions

    from runner_image.workloads.http.frameworks.registry import Registry


def source_of(app: Path | None, framework: str | None, registry: "Registry") -> "AppSource | None":
    """None: the project's own app of the framework. Raises typer.Exit with 3 where no framework fits, and UsageError."""
    from benchfleet.cli.http.measuring import detected
    from runner_image.workloads.protocol import WorkloadError

    if app is None and framework is not None:
        try:
            registry.get(framework)
        except WorkloadError as error:
            raise UsageError(str(error)) from error
        return None
    return detected(app or Path(), registry, framework)[1]


def options_of(**given: Any) -> "HttpOptions":
    """Raises UsageError that says what is wrong with them."""
    from benchfleet_contract.workloads.http import HttpOptions
    from benchfleet_contract.workloads.options import InvalidOptions, parse

    if app := given.get("app"):
        given["app"] = app.model_dump(exclude_none=True)
    try:
        return parse(HttpOptions, given, where="options")
    except InvalidOptions as error:
        told = zip(error.problems, error.names, strict=True)
        raise UsageError("; ".join(_told(problem, name) for problem, name in told)) from error


def _told(problem: "Problem", name: str) -> str:
    """What several options together are wrong in has their values in its words."""
    return f"{problem.message}, is {problem.value}: {problem.remedy}" if name else problem.message


def on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def results_folder(kind: str) -> Path:
    return Path("results") / f"{kind}-{datetime.now(UTC).strftime('%Y%m%d-%H%M%S')}"
