"""The smoke test: a run of mock tasks through the new control plane, by a runner of this machine, deleted at the end."""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState, RunStatus

from benchfleet import exit_codes
from benchfleet.client import Client
from benchfleet.deploy.errors import DeployError
from benchfleet.exceptions import BenchfleetError, Conflict
from benchfleet.local.runner import LocalRunner, RunnerPlan

TASKS = 2
RUN_ID_PREFIX = "deploy-smoke-"
_LOOKED_THROUGH = 200  # of the newest runs
REACH_S, RUN_S = 120.0, 240.0
_EVERY_S = 1.0
_REMOVE_TRIES, _REMOVE_S = 30, 60


@dataclass(frozen=True)
class Target:
    """The control plane under test. `log` is where the runner writes."""

    api_url: str
    admin_key: str = field(repr=False)
    runner_key: str = field(repr=False)
    log: Path


@dataclass(frozen=True)
class Passed:
    run_id: str
    seconds: float


def smoke_test(
    target: Target, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
) -> Passed:
    """Raises DeployError if the control plane does not answer, or the run does not end with all tasks and an archive."""
    began = clock()
    with Client(target.api_url, key=target.admin_key) as client:
        _reach(client, until=began + REACH_S, clock=clock, sleep=sleep)
        _remove_older(client)
        run_id = client.create_run(_body(f"{RUN_ID_PREFIX}{secrets.token_hex(4)}")).run_id
        try:
            with LocalRunner.of(_plan(target, run_id), log=target.log) as runner:
                run = _follow(client, run_id, runner, until=clock() + RUN_S, clock=clock, sleep=sleep)
            _require_good(run, target)
        finally:
            with suppress(BenchfleetError):  # the next smoke test removes what is left
                _remove(client, run_id)
    return Passed(run_id, clock() - began)


def _body(run_id: str) -> dict[str, object]:
    """The instance type is the run's own: no runner but ours asks for it."""
    return {
        "run_id": run_id,
        "workload": "mock",
        "workload_options": {"steps": 1, "step_s": 0.01},
        "per_instance_type": {"tasks": TASKS},
        "local": [{"instance_type": run_id}],
    }


def _plan(target: Target, run_id: str) -> RunnerPlan:
    return RunnerPlan(
        api_url=target.api_url, key=target.runner_key, run_id=run_id, provider="local", instance_type=run_id, slots=1
    )


def _reach(client: Client, *, until: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """A new API, new permissions and new keys take up to a minute."""
    while True:
        try:
            client.whoami()
        except BenchfleetError as error:
            if clock() > until:
                raise _failure(
                    f"the control plane does not let its new key in after {REACH_S:.0f} s: {error}"
                ) from error
            sleep(_EVERY_S)
        else:
            return


def _follow(
    client: Client, run_id: str, runner: LocalRunner, *, until: float, clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> RunDetail:  # fmt: skip
    while True:
        run = client.run(run_id)
        if run.status.is_over and run.archive.state.is_settled:
            return run
        if not run.status.is_over:
            runner.check()
        if clock() > until:
            raise _failure(
                f"its run is {run.status} after {RUN_S:.0f} s: {run.tasks.completed} of {TASKS} tasks completed, "
                f"archive {run.archive.state}"
            )
        sleep(_EVERY_S)


def _require_good(run: RunDetail, target: Target) -> None:
    if run.status != RunStatus.COMPLETED or run.tasks.completed != TASKS:
        raise _failure(
            f"its run is {run.status}, with {run.tasks.completed} of {TASKS} tasks completed; the runner's log is {target.log}"
        )
    if run.archive.state != ArchiveState.READY:
        raise _failure(f"the archive of its run is {run.archive.state}: {run.archive.error or 'no reason given'}")


def _remove_older(client: Client) -> None:
    """Of commands that were killed."""
    for run in islice(client.runs(), _LOOKED_THROUGH):
        if run.run_id.startswith(RUN_ID_PREFIX):
            with suppress(BenchfleetError):
                _remove(client, run.run_id)


def _remove(client: Client, run_id: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """A run that is stopped here still builds its archive for a moment, and cannot be deleted meanwhile."""
    if not client.run(run_id).status.is_over:
        client.stop_run(run_id)
    for _ in range(_REMOVE_TRIES):
        try:
            client.delete_run(run_id, timeout_s=_REMOVE_S)
        except Conflict:
            sleep(_EVERY_S)
        else:
            return


def _failure(words: str) -> DeployError:
    return DeployError(
        f"the smoke test failed: {words}",
        remedy="`benchfleet doctor` and the functions' logs in CloudWatch say more; then run the command again",
        exit_code=exit_codes.FAILED,
    )
