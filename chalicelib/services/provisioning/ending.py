"""Ends the machines of a run that have no more to do, and drops launches that are not needed any more."""

import logging
from dataclasses import dataclass

from chalicelib.domain.launch_planning import Situation, endings
from chalicelib.domain.launch_records import Launch
from chalicelib.domain.launches import LaunchFailed
from chalicelib.services.provisioning.clouds import Clouds, by_place
from chalicelib.services.provisioning.ledger import Ledger

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EndMachines:
    """It is written first that a machine is to end: whoever comes next ends it if this one is killed."""

    clouds: Clouds

    def __call__(self, situation: Situation, ledger: Ledger, *, about_to: frozenset[str]) -> None:
        """`about_to`: resource ids of machines that the cloud ends already."""
        for launch, failure in endings(situation):
            ledger.change(launch, launch.end(failure))
        for provisioner, region, launches in by_place(each for each in ledger.launches if each.state == "ending"):
            ids = [each.resource_id or "" for each in launches if each.resource_id not in about_to]
            if ids:
                self._terminate(provisioner, region, ids)
        for launch in situation.launches:
            if launch.state == "wanted" and not (situation.is_open and situation.pending(launch.demand)):
                self._withdraw(situation, launch, ledger)

    def _terminate(self, provisioner: str, region: str, ids: list[str]) -> bool:
        try:
            self.clouds.anywhere(provisioner).terminate(region, ids)
        except LaunchFailed as error:
            _log.error("%s in %s could not end %s: %s", provisioner, region, ", ".join(ids), error.words)
            return False
        return True

    def _withdraw(self, situation: Situation, launch: Launch, ledger: Ledger) -> None:
        """It may have been launched without our knowing: then there is a machine with its name."""
        is_late = (launch.expires_ms or 0) <= situation.now_ms
        if not launch.aimed or self._end_unknown(launch) or is_late:
            ledger.change(launch, launch.over(now_ms=situation.now_ms))

    def _end_unknown(self, launch: Launch) -> bool:
        region = launch.region or ""
        try:
            tagged = self.clouds.anywhere(launch.provisioner).tagged(region)
        except LaunchFailed as error:
            _log.warning("%s in %s does not tell of its machines: %s", launch.provisioner, region, error.words)
            return False
        mine = [each.resource_id for each in tagged if (each.run_id, each.name) == (launch.run_id, launch.name)]
        return not mine or self._terminate(launch.provisioner, region, mine)
