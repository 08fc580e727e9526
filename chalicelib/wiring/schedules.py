"""What can be done with schedules. A use case is loaded when it is first asked for: few containers serve any of them."""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.settings import Settings
from chalicelib.wiring.clients import client

if TYPE_CHECKING:
    from chalicelib.domain.ports import Clock
    from chalicelib.domain.schedule_ports import Bodies, Firings, Messenger, ScheduleQueue, Schedules, Secrets, Timer
    from chalicelib.services.schedules.advance_schedule import AdvanceSchedule
    from chalicelib.services.schedules.create_schedule import CreateSchedule
    from chalicelib.services.schedules.delete_schedule import DeleteSchedule, RemoveSchedule
    from chalicelib.services.schedules.deliver import Deliver
    from chalicelib.services.schedules.fire_schedule import FireSchedule
    from chalicelib.services.schedules.read_schedules import ReadSchedules
    from chalicelib.services.schedules.sweep_schedules import SweepSchedules
    from chalicelib.wiring.bucket import Bucket
    from chalicelib.wiring.runs import RunServices
    from chalicelib.wiring.stores import Stores


@dataclass(frozen=True, eq=False, repr=False)
class ScheduleServices:
    """What is done with schedules, and when they fire."""

    settings: Settings
    stores: "Stores"
    bucket: "Bucket"
    runs: "RunServices"
    queue: "ScheduleQueue"
    clock: "Clock"

    @cached_property
    def create(self) -> "CreateSchedule":
        from chalicelib.services.runs.create_run import check_run
        from chalicelib.services.schedules.create_schedule import CreateSchedule

        return CreateSchedule(
            self._schedules, self._bodies, self._timer, self._secrets, self.queue, check_run, self.settings.schedule_group,
            self.clock,
        )  # fmt: skip

    @cached_property
    def read(self) -> "ReadSchedules":
        from chalicelib.services.schedules.read_schedules import ReadSchedules

        return ReadSchedules(self._schedules, self._firings, self._bodies, self.clock)

    @cached_property
    def delete(self) -> "DeleteSchedule":
        from chalicelib.services.schedules.delete_schedule import DeleteSchedule

        return DeleteSchedule(self._schedules, self.queue)

    @cached_property
    def fire(self) -> "FireSchedule":
        from chalicelib.services.schedules.fire_schedule import FireSchedule

        return FireSchedule(self._schedules, self._firings, self.queue, self.clock)

    @cached_property
    def advance(self) -> "AdvanceSchedule":
        from chalicelib.services.schedules.advance_schedule import AdvanceSchedule
        from chalicelib.services.schedules.judge_regression import JudgeRegression

        return AdvanceSchedule(
            self._schedules, self._firings, self._bodies, self.stores.runs, self.runs.create,
            JudgeRegression(self.bucket.storage), self._remove, self.queue, self.clock,
        )  # fmt: skip

    @cached_property
    def deliver(self) -> "Deliver":
        from chalicelib.services.schedules.deliver import Deliver

        return Deliver(self._schedules, self._firings, self._messenger, self.queue)

    @cached_property
    def sweep(self) -> "SweepSchedules":
        from chalicelib.services.schedules.sweep_schedules import SweepSchedules

        return SweepSchedules(self._schedules, self.queue, self.clock)

    @cached_property
    def _remove(self) -> "RemoveSchedule":
        from chalicelib.services.schedules.delete_schedule import RemoveSchedule

        return RemoveSchedule(self._schedules, self._firings, self._bodies, self._timer, self._secrets)

    @cached_property
    def _schedules(self) -> "Schedules":
        from chalicelib.store.schedules import ScheduleStore

        return ScheduleStore(self.stores.table)

    @cached_property
    def _firings(self) -> "Firings":
        from chalicelib.store.schedules import FiringStore

        return FiringStore(self.stores.table)

    @cached_property
    def _bodies(self) -> "Bodies":
        from chalicelib.archive.schedule_bodies import ScheduleBodies
        from chalicelib.store.schedules import BodyItems

        return ScheduleBodies(lambda: self.bucket.objects, BodyItems(self.stores.table))

    @cached_property
    def _timer(self) -> "Timer":
        from chalicelib.provisioning.scheduler import EventBridgeTimer

        connected = cache(lambda: client("scheduler"))
        return EventBridgeTimer(connected, self.settings.schedule_group)

    @cached_property
    def _secrets(self) -> "Secrets":
        from chalicelib.notifying.secrets import ParameterSecrets

        connected = cache(lambda: client("ssm"))
        return ParameterSecrets(connected, self.settings.secrets_below)

    @cached_property
    def _messenger(self) -> "Messenger":
        from chalicelib.notifying.addresses import is_public
        from chalicelib.notifying.messenger import Messenger
        from chalicelib.notifying.webhook import Webhooks

        def sns(region: str) -> Any:
            return client("sns", region=region)

        return Messenger(Webhooks(is_public), cache(sns), self._secrets, self.clock)
