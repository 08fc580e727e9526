"""What has become of the machines that were launched."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from chalicelib.domain.launch_planning import Situation, loss
from chalicelib.domain.launch_records import Launch
from chalicelib.domain.launches import LaunchFailed, Machine
from chalicelib.services.provisioning.clouds import Clouds, by_place
from chalicelib.services.provisioning.ledger import Ledger

UNSEEN_MS = 120_000  # a cloud may not know for that long what it has just launched
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WatchMachines:
    clouds: Clouds

    def __call__(self, situation: Situation, ledger: Ledger) -> frozenset[str]:
        """Resource ids of the machines that are about to end by now."""
        ending: set[str] = set()
        for provisioner, region, launches in by_place(each for each in situation.launches if each.is_open):
            try:
                ids = [each.resource_id or "" for each in launches]
                machines = self.clouds.anywhere(provisioner).describe(region, ids)
            except LaunchFailed as error:
                _log.warning("%s in %s does not tell of its machines: %s", provisioner, region, error.words)
                machines = None
            for launch in launches:
                ledger.change(launch, _now(situation, launch, machines))
            ending |= {each for each, machine in (machines or {}).items() if machine.state == "ending"}
        return frozenset(ending)


def _now(situation: Situation, launch: Launch, machines: Mapping[str, Machine] | None) -> Launch:
    heard_ms = situation.heard_ms(launch)
    launch = launch if heard_ms is None else launch.heard_of(heard_ms)
    if machines is None:
        return launch
    machine = machines.get(launch.resource_id or "")
    is_gone = machine.state == "ended" if machine else _must_be_known(launch, situation.now_ms)
    if is_gone or (machine and machine.state == "ending"):
        failure = loss(situation, launch, machine) if launch.is_live else None
        return launch.over(now_ms=situation.now_ms, failure=failure) if is_gone else launch.end(failure)
    if machine is None:
        return launch
    runs = launch.state == "starting" and machine.state == "running"
    return launch.evolve(zone=machine.zone or launch.zone, state="running" if runs else launch.state)


def _must_be_known(launch: Launch, now_ms: int) -> bool:
    return (launch.launched_ms or 0) < now_ms - UNSEEN_MS
