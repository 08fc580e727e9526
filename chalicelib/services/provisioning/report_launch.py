"""A machine says how far it is."""

from dataclasses import dataclass

from benchfleet_contract.launches import LaunchReport

from chalicelib.domain.errors import LaunchNotFound, Unavailable
from chalicelib.domain.ports import Clock, Launches

_TRIES = 5  # the launch may be changed at the same moment


@dataclass(frozen=True)
class ReportLaunch:
    launches: Launches
    clock: Clock

    def __call__(self, run_id: str, name: str, report: LaunchReport) -> None:
        """Raises LaunchNotFound, Unavailable."""
        for _ in range(_TRIES):
            launch = self.launches.get(run_id, name)
            if launch is None:
                raise LaunchNotFound
            if self.launches.change(launch, launch.reported(report, now_ms=self.clock())):
                return
        raise Unavailable("The launch is being changed")
