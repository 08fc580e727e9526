"""What can be done with runs. A use case is loaded when it is first asked for: most containers serve few of them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.domain.metering import Meter
    from chalicelib.domain.ports import Clock, FinalizeQueue, ProvisionQueue
    from chalicelib.services.fleets.finish_fleet import FinishFleet
    from chalicelib.services.runs.build_archive import BuildArchive
    from chalicelib.services.runs.collect_leftovers import CollectLeftovers
    from chalicelib.services.runs.count_changes import CountChanges
    from chalicelib.services.runs.create_run import CreateRun
    from chalicelib.services.runs.delete_run import DeleteRun
    from chalicelib.services.runs.judge_precision import JudgePrecision
    from chalicelib.services.runs.read_runs import ReadRuns
    from chalicelib.services.runs.release_builds import ReleaseBuilds
    from chalicelib.services.runs.remove_run import RemoveRun
    from chalicelib.services.runs.stop_run import EndOpenTasks, StopRun
    from chalicelib.services.runs.sweep import Sweep
    from chalicelib.wiring.bucket import Bucket
    from chalicelib.wiring.stores import Stores


@dataclass(frozen=True, eq=False, repr=False)
class RunServices:
    """`over` is called with the origin of each run whose archive is there, or is given up."""

    stores: "Stores"
    bucket: "Bucket"
    queue: "FinalizeQueue"
    provision: "ProvisionQueue"
    clock: "Clock"
    over: Callable[[str], None]
    meter: "Callable[[], Meter]"

    @cached_property
    def create(self) -> "CreateRun":
        from chalicelib.services.runs.create_run import CreateRun

        suffix = lambda: secrets.token_hex(3)  # noqa: E731
        stores = self.stores
        return CreateRun(stores.runs, stores.tasks, self.bucket.storage, self.provision, self.clock, suffix)

    @cached_property
    def read(self) -> "ReadRuns":
        from chalicelib.services.runs.read_runs import ReadRuns

        return ReadRuns(self.stores.runs, self.stores.tasks, self.stores.launches, self.bucket.storage)

    @cached_property
    def stop(self) -> "StopRun":
        from chalicelib.services.runs.stop_run import StopRun

        stores = self.stores
        return StopRun(stores.runs, stores.tasks, self.end_open, self.queue, stores.launches, self.provision)

    @cached_property
    def delete(self) -> "DeleteRun":
        from chalicelib.services.runs.delete_run import DeleteRun

        return DeleteRun(self.stores.runs, self.stores.deletions, self.queue, self.clock)

    @cached_property
    def remove(self) -> "RemoveRun":
        from chalicelib.services.runs.remove_run import RemoveRun

        stores = self.stores
        return RemoveRun(
            stores.deletions,
            stores.tasks,
            stores.runners,
            stores.measurements,
            stores.launches,
            self.bucket.storage,
            self.clock,
            lambda run_id: stores.fleets.erase(run_id),
        )

    @cached_property
    def count_changes(self) -> "CountChanges":
        from chalicelib.services.runs.count_changes import CountChanges

        return CountChanges(self.stores.runs, self.queue, self.clock, self.meter())

    @cached_property
    def sweep(self) -> "Sweep":
        from chalicelib.services.runs.sweep import Sweep

        stores = self.stores
        return Sweep(
            stores.runs,
            stores.tasks,
            stores.deletions,
            stores.launches,
            stores.leftovers,
            self.queue,
            self.provision,
            self.clock,
            self.meter(),
        )

    @cached_property
    def build_archive(self) -> "BuildArchive":
        from chalicelib.services.runs.build_archive import BuildArchive

        stores = self.stores
        judge = lambda run_id: self.judge(run_id)  # noqa: E731  # loaded for runs that have something to judge
        return BuildArchive(
            stores.runs, stores.tasks, stores.leftovers, self.bucket.builder, self.end_open, judge, self.queue, self.clock,
            self.over, self.meter(), lambda run, tasks: self.finish_fleet(run, tasks),
        )  # fmt: skip

    @cached_property
    def finish_fleet(self) -> "FinishFleet":
        from chalicelib.services.fleets.finish_fleet import FinishFleet
        from chalicelib.services.fleets.read_outcomes import ReadOutcomes

        files = self.bucket.fleets
        return FinishFleet(files, ReadOutcomes(files), files.shard_of)

    @cached_property
    def collect(self) -> "CollectLeftovers":
        from chalicelib.services.runs.collect_leftovers import CollectLeftovers

        stores = self.stores
        return CollectLeftovers(stores.runs, stores.tasks, stores.leftovers, self.bucket.storage)

    @cached_property
    def judge(self) -> "JudgePrecision":
        from chalicelib.services.runs.judge_precision import JudgePrecision

        stores = self.stores
        return JudgePrecision(stores.runs, stores.tasks, stores.measurements, self.bucket.results, self.clock)

    @cached_property
    def release_builds(self) -> "ReleaseBuilds":
        from chalicelib.services.runs.release_builds import ReleaseBuilds

        return ReleaseBuilds(self.stores.runs, self.queue)

    @cached_property
    def end_open(self) -> "EndOpenTasks":
        from chalicelib.services.runs.stop_run import EndOpenTasks

        return EndOpenTasks(self.stores.tasks, self.clock)
