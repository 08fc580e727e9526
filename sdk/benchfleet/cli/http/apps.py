"""Which app a command means, and what it asks of it."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
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
    from pydantic import ValidationError

    try:
        return HttpOptions(**given)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise UsageError(told) from error


def on_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def results_folder(kind: str) -> Path:
    return Path("results") / f"{kind}-{datetime.now(UTC).strftime('%Y%m%d-%H%M%S')}"
