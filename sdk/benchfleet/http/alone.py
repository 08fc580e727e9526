"""One start of one app on this machine, for its profiles or its streams alone.

It leaves a folder with `http.json` and the files of its profiles. That is no run: nothing ranks it.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchfleet_contract.http_results import HTTP_JSON, HttpResult
from benchfleet_contract.workloads.http import HttpOptions

from benchfleet.exceptions import UsageError
from benchfleet.http.folder import keep_profiles, put_document
from runner_image.isolation.environment import visible
from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.http.asking import asked_of
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.start import Only, Start
from runner_image.workloads.protocol import WorkloadError

OK, NOTHING, PARTIAL = 0, 4, 5


def started(
    options: HttpOptions,
    folder: Path,
    registry: Registry,
    *,
    only: Only,
    told: Callable[[str], None] = lambda _line: None,
) -> HttpResult:
    """Raises UsageError for options, or a folder that is there."""
    _check(options, folder)
    with tempfile.TemporaryDirectory(prefix="benchfleet-http-") as made:
        work_dir = Path(made)
        with ProcessIsolation(visible(os.environ)).open(work_dir, stop=Stop()) as slot:
            start = Start(
                slot, options, work_dir, only=only, registry=registry, on_step=lambda what, _share: told(what)
            )
            result = start.measured()
        folder.mkdir(parents=True)
        result = keep_profiles(result, work_dir, folder)
    put_document(folder / HTTP_JSON, result.model_dump(mode="json"))
    return result


def _check(options: HttpOptions, folder: Path) -> None:
    try:
        asked_of(options)
    except WorkloadError as error:
        raise UsageError(str(error)) from error
    if folder.exists():
        raise UsageError(f"{folder} is there already: choose another folder")


def exit_code(there: Sequence[bool], wanted: int) -> int:
    """`there`: whether each thing that was asked for could be made: 0 all of them, 4 none, 5 some."""
    if not any(there):
        return NOTHING
    return OK if sum(there) == wanted else PARTIAL
