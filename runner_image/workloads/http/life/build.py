"""Builds an app: timed apart from its start, bounded, and not again while its sources are the same."""

import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from runner_image.workloads.http.apps.lacking import is_missing
from runner_image.workloads.http.frameworks.record import Framework, filled
from runner_image.workloads.http.life.app import App
from runner_image.workloads.http.life.failures import ServerFailed
from runner_image.workloads.protocol import TIMED_OUT, Slot

MARK = ".benchfleet-build.json"
_LINES = 40


@dataclass(frozen=True)
class Built:
    """`build_s` is None where there was nothing to build; `cached`: the time is that of the build before."""

    build_s: float | None
    cached: bool = False


def build(
    slot: Slot,
    framework: Framework,
    app: App,
    *,
    timeout_s: float,
    on_line: Callable[[str], None] = lambda _line: None,
    clock: Callable[[], float] = time.monotonic,
) -> Built:
    """Raises ServerFailed: `unavailable`, `build_failed` or `build_timeout`."""
    require_programs(framework, app)
    if framework.build is None:
        return Built(None)
    command = filled(framework.build, app.values(framework, port=0, host=""))
    mark, wanted = app.folder / MARK, {"sources": app.sha256(), "command": command}
    if (before := _before(mark, wanted)) is not None:
        return Built(before, cached=True)
    lines: list[str] = []

    def take(line: str) -> None:
        lines.append(line)
        del lines[:-_LINES]
        on_line(line)

    began = clock()
    code = slot.run(command, cwd=app.folder, environment=dict(app.environment), on_line=take, timeout_s=timeout_s)
    took_s = clock() - began
    if code != 0:
        raise _failed(framework, command, code, timeout_s, "\n".join(lines))
    mark.write_text(json.dumps({**wanted, "build_s": took_s}))
    return Built(took_s)


def require_programs(framework: Framework, app: App) -> None:
    """Raises ServerFailed `unavailable`, which names what is missing and how to get it."""
    for need in framework.needs:
        if need.own(app.folder) is None and shutil.which(need.program) is None:
            raise ServerFailed("unavailable", f"{framework.name} needs {need.program}", remedy=need.remedy)


def _before(mark: Path, wanted: Mapping[str, object]) -> float | None:
    try:
        told = json.loads(mark.read_text())
        return float(told["build_s"]) if {key: told[key] for key in wanted} == wanted else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _failed(framework: Framework, command: list[str], code: int, timeout_s: float, output: str) -> ServerFailed:
    words, tails = " ".join(command), {"build": output}
    if code == TIMED_OUT:
        remedy = "give it longer with build_timeout_s, or build it beforehand"
        return ServerFailed(
            "build_timeout", f"The build of {framework.name} took longer than {timeout_s:g} s: {words}",
            remedy=remedy, tails=tails,
        )  # fmt: skip
    if code == 127:
        return ServerFailed("unavailable", f"{framework.name} is built by {command[0]}, which is not here", tails=tails)
    if is_missing(output):
        return ServerFailed(
            "unavailable", f"The build of {framework.name} needs what is not here: {words}",
            remedy="see the end of its output", tails=tails,
        )  # fmt: skip
    return ServerFailed(
        "build_failed", f"The build of {framework.name} failed with exit code {code}: {words}", tails=tails
    )
