"""The machines of a run, as the wire shows them."""

from dataclasses import dataclass

from benchfleet_contract.launches import MAX_LAUNCHES, LaunchFailure, LaunchList, LaunchView

from chalicelib.domain.launch_records import Launch
from chalicelib.domain.leases import iso
from chalicelib.domain.ports import Clock, Launches, Runs
from chalicelib.domain.spending import cost_of
from chalicelib.services.runs.read_runs import published


@dataclass(frozen=True)
class ReadLaunches:
    runs: Runs
    launches: Launches
    clock: Clock

    def __call__(self, run_id: str) -> LaunchList:
        """At most 1,000, in the order of their numbers. Raises RunNotFound."""
        run, _ = published(self.runs, run_id)
        found = self.launches.all(run_id) if run.fleet else []
        views = [view(launch, now_ms=self.clock()) for launch in found[:MAX_LAUNCHES]]
        return LaunchList(run_id=run_id, launches=views, truncated=len(found) > MAX_LAUNCHES)


def view(launch: Launch, *, now_ms: int) -> LaunchView:
    failure, cost = launch.failure, cost_of(launch, now_ms=now_ms)
    return LaunchView(
        name=launch.name, provider=launch.provider, provisioner=launch.provisioner, instance_type=launch.instance_type,
        region=launch.region, zone=launch.zone, market=launch.market, state=launch.state,
        resource_id=launch.resource_id, phase=launch.phase, message=launch.message, launched_at=iso(launch.launched_ms),
        called_home_at=iso(launch.called_home_ms), ended_at=iso(launch.ended_ms), expires_at=iso(launch.expires_ms),
        hourly_usd=None if launch.hourly is None else float(launch.hourly),
        price_date=launch.price_date,
        cost_usd=None if cost is None else round(float(cost), 6),
        failure=LaunchFailure(code=failure.code, message=failure.words, remedy=failure.remedy) if failure else None,
    )  # fmt: skip
