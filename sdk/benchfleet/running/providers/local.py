"""Provider `local`: runners as processes of this machine."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchfleet_contract.runs import Instance

from benchfleet.config import LocalProvision
from benchfleet.config.provision import DEFAULT_IMAGE
from benchfleet.exceptions import BenchfleetError
from benchfleet.local.isolation import Isolation, choose
from benchfleet.local.processes import Background, Identity, end_all
from benchfleet.local.runner import CANNOT_WORK, RUNNER, LocalRunner, RunnerPlan
from benchfleet.local.state import ProviderState, RunnerState
from benchfleet.running.provisioning import Plan

PROVIDER = "local"
MOST_RESTARTS = 3  # of one runner


@dataclass
class _Supervised:
    """One runner that is kept alive: its process now, and how often it was restarted."""

    instance_type: str
    runner: LocalRunner
    log: str
    restarts: int = 0


class LocalProvisioner:
    """A plan's options are a `LocalProvision`. `isolate` chooses between containers and processes, and says why."""

    def __init__(
        self,
        *,
        runner: Sequence[str] = RUNNER,
        isolate: Callable[..., Isolation] = choose,
    ) -> None:
        self._runner = tuple(runner)
        self._isolate = isolate

    def start(self, plan: Plan, *, before: ProviderState | None) -> "LocalHandle":
        options: LocalProvision = plan.options or LocalProvision()
        isolation = self._isolate(options.isolation, image=options.image, processes_only=plan.processes_only)
        handle = LocalHandle(isolation)
        wanted = [instance for instance in plan.instances for _ in range(plan.count)]
        earlier = list(before.runners) if before else []
        try:
            for number, instance in enumerate(wanted, start=1):
                supervised = self._supervised(plan, instance, number=number, isolation=isolation.kind, options=options)
                _fill(supervised, earlier)
                handle.runners.append(supervised)
        except BaseException:
            handle.stop()
            raise
        end_all(
            [Background(Identity(idle.pid, idle.started), log=None) for idle in earlier]
        )  # nothing is left for them
        return handle

    def _supervised(
        self, plan: Plan, instance: Instance, *, number: int, isolation: str, options: LocalProvision
    ) -> _Supervised:
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", instance.alias or instance.instance_type)
        log = plan.logs / f"runner-{name}-{number}.log"
        told = RunnerPlan(
            api_url=plan.api_url,
            key=plan.key,
            run_id=plan.run_id,
            provider=plan.provider,
            instance_type=instance.instance_type,
            slots=plan.slots or options.slots,
            isolation=isolation,
            image=options.image if isolation == "docker" and options.image != DEFAULT_IMAGE else None,
            cores_per_slot=plan.cores_per_slot,
        )
        return _Supervised(instance.instance_type, LocalRunner.of(told, log=log, runner=self._runner), str(log))


def _fill(supervised: _Supervised, earlier: list[RunnerState]) -> None:
    """With a runner of its type that an earlier command started, if one still runs; else with a new one.

    Not by its number: that may be another one, now that fewer instance types have something left to do.
    """
    for state in [state for state in earlier if state.instance_type == supervised.instance_type]:
        earlier.remove(state)
        identity = Identity(state.pid, state.started)
        if identity.alive:
            supervised.log = state.log
            supervised.runner.find_again(identity, log=Path(state.log))
            return
    supervised.runner.start()


@dataclass
class LocalHandle:
    """The runners of this machine."""

    isolation: Isolation
    runners: list[_Supervised] = field(default_factory=list)

    def said(self) -> str:
        count = len(self.runners)
        what = f"{count} runner{'s' if count != 1 else ''}"
        return f"local: {what}, isolation {self.isolation.kind} ({self.isolation.why})"

    def check(self, waiting: frozenset[str]) -> list[str]:
        """A runner that died while tasks wait is started again, a few times; one that found nothing more to do is not."""
        return [
            _refill(supervised)
            for supervised in self.runners
            if supervised.instance_type in waiting and _died(supervised)
        ]

    def stop(self) -> None:
        end_all([supervised.runner.process for supervised in self.runners])

    def leave(self) -> None:
        for supervised in self.runners:
            supervised.runner.process.let_go()

    def state(self) -> ProviderState:
        return ProviderState(runners=[_state(supervised, self.isolation.kind) for supervised in self.runners])


def _died(supervised: _Supervised) -> bool:
    return not supervised.runner.alive and supervised.runner.exit_code != 0


def _refill(supervised: _Supervised) -> str:
    if (
        supervised.restarts >= MOST_RESTARTS or supervised.runner.exit_code == CANNOT_WORK
    ):  # started again it would only fail on
        supervised.runner.check()
        raise BenchfleetError(f"the runner of local/{supervised.instance_type} keeps ending; see {supervised.log}")
    code = supervised.runner.exit_code
    with suppress(BenchfleetError):  # of what may be left of its children
        supervised.runner.stop(patience_s=())
    supervised.runner.start()
    supervised.restarts += 1
    how = "" if code is None else f" with exit code {code}"
    return f"The runner of local/{supervised.instance_type} ended{how} and was started again; its log: {supervised.log}"


def _state(supervised: _Supervised, isolation: str) -> RunnerState:
    identity = supervised.runner.process.identity
    return RunnerState(
        pid=identity.pid,
        started=identity.started,
        log=supervised.log,
        instance_type=supervised.instance_type,
        isolation=isolation,
    )
