"""One app under a profiler on this machine: a folder with `http.json` and the profiles. It is no run: nothing ranks it."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchfleet_contract.http_results import HTTP_JSON, HttpResult
from benchfleet_contract.workloads.http import HttpOptions

from benchfleet.exceptions import UsageError
from benchfleet.http.folder import keep_profiles, put_document
from runner_image.isolation.environment import visible
from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.start import Start, asked_of
from runner_image.workloads.protocol import WorkloadError

OK, NOTHING, PARTIAL = 0, 4, 5


def profile(
    options: HttpOptions, folder: Path, registry: Registry, *, told: Callable[[str], None] = lambda _line: None
) -> HttpResult:
    """`options.profiler` names the profiler. Raises UsageError for options, or a folder that is there."""
    _check(options, folder)
    with tempfile.TemporaryDirectory(prefix="benchfleet-http-") as made:
        work_dir = Path(made)
        with ProcessIsolation(visible(os.environ)).open(work_dir, stop=Stop()) as slot:
            start = Start(
                slot, options, work_dir, only_profiles=True, registry=registry, on_step=lambda what, _share: told(what)
            )
            result = start.measured()
        folder.mkdir(parents=True)
        keep_profiles(result, work_dir, folder)
    put_document(folder / HTTP_JSON, result.model_dump(mode="json"))
    return result


def _check(options: HttpOptions, folder: Path) -> None:
    try:
        asked_of(options)
    except WorkloadError as error:
        raise UsageError(str(error)) from error
    if folder.exists():
        raise UsageError(f"{folder} is there already: choose another folder")


def exit_code(result: HttpResult) -> int:
    """0 where each workload has its profile, 4 where none has, 5 where some have."""
    there = sum(one.file is not None for one in result.profiles)
    if not there:
        return NOTHING
    return OK if there == len(result.requested) else PARTIAL
