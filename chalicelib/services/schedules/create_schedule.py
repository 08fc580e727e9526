"""Makes a schedule: whole, or not at all.

The order of writes makes it so. The item comes first, as `creating`, so that a sweep finds what a crash leaves behind; then
the run's body, the secret and EventBridge's schedule, each under a name that no other schedule has; then the item says
`active`, from which moment it is shown. The same request again goes on where the first one was killed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchfleet_contract.limits import MAX_SCHEDULES
from benchfleet_contract.schedule_request import anchor_of, read_schedule_request
from benchfleet_contract.schedules import Notify, ScheduleRequest

from chalicelib.domain.errors import InvalidRun, InvalidSchedule, ScheduleExists, TooManySchedules, Unavailable
from chalicelib.domain.ports import Clock
from chalicelib.domain.schedule_ports import Bodies, ScheduleQueue, Schedules, Secrets, Timer
from chalicelib.domain.scheduling import MAX_ITEM_BYTES, Schedule, ScheduleState, Target, pack
from chalicelib.services.runs.create_run import fingerprint_of

if TYPE_CHECKING:
    from benchfleet_contract.runs import RunRequest

CheckRun = Callable[[Mapping[str, Any]], "RunRequest"]


@dataclass(frozen=True)
class Made:
    """`secret` was made just now, and is shown to nobody again."""

    schedule: Schedule
    secret: str | None
    warnings: list[str]


@dataclass(frozen=True)
class CreateSchedule:
    """`check_run` raises InvalidRun or BadRequest, as `POST /runs` would. `stack`: as for `read_schedule_request`."""

    schedules: Schedules
    bodies: Bodies
    timer: Timer
    secrets: Secrets
    queue: ScheduleQueue
    check_run: CheckRun
    stack: str
    clock: Clock

    def __call__(self, body: Mapping[str, Any]) -> Made:
        """The schedule, new or made before by this very body.

        Raises InvalidSchedule with all problems (nothing was written), ScheduleExists, TooManySchedules, Unavailable.
        """
        request, warnings = self._read(body)
        wanted = self._wanted(request, fingerprint_of(body))
        schedule = self._begun(wanted)
        if schedule.state is ScheduleState.ACTIVE:
            return Made(schedule, None, warnings)
        try:
            return Made(schedule, self._complete(schedule, request.run), warnings)
        except InvalidSchedule:  # EventBridge refuses it for good: nothing is left of it
            if self.schedules.begin_deletion(schedule):
                self.queue.advance(schedule.name)
            raise

    def _read(self, body: Mapping[str, Any]) -> tuple[ScheduleRequest, list[str]]:
        now = datetime.fromtimestamp(self.clock() / 1000, UTC)
        reading = read_schedule_request(body, now=now, stack=self.stack)
        if reading.request is None:
            raise InvalidSchedule(reading.words, problems=reading.problems)
        try:
            self.check_run(reading.request.run)
        except InvalidRun as refusal:
            problems = [problem.model_copy(update={"field": f"run.{problem.field}"}) for problem in refusal.problems]
            raise InvalidSchedule(refusal.words, problems=problems) from None
        return reading.request, reading.warnings

    def _wanted(self, request: ScheduleRequest, fingerprint: str) -> Schedule:
        now_ms = self.clock()
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        named = f"{self.secrets.below}{request.name}-{now_ms}"
        targets = tuple(_target(notify, named) for notify in request.notify)
        return Schedule(
            name=request.name, state=ScheduleState.CREATING, fingerprint=fingerprint, created_ms=now_ms,
            anchor_ms=int(anchor_of(request.expression, now=now).timestamp() * 1000), expression=request.expression,
            time_zone=request.time_zone, overlap=request.overlap, workload=str(request.run.get("workload", "ruby-bench")),
            notify=targets, made_secret=any(target.secret == named for target in targets),
            in_bucket=len(pack(request.run)) > MAX_ITEM_BYTES,
        )  # fmt: skip

    def _begun(self, wanted: Schedule) -> Schedule:
        """The item, new or of a request like this one."""
        found = self.schedules.get(wanted.name)
        if found is None:
            if len(self.schedules.all()) >= MAX_SCHEDULES:
                raise TooManySchedules(f"There are {MAX_SCHEDULES} schedules already: delete one")
            if self.schedules.add(wanted):
                return wanted
            found = self.schedules.get(wanted.name)
        if found is None or found.state is ScheduleState.DELETING:
            raise Unavailable(f"A schedule named {wanted.name} is being deleted", retry_after_s=5, code="being_deleted")
        if found.fingerprint != wanted.fingerprint:
            raise ScheduleExists(f"There is a schedule named {wanted.name}, and it is another one: delete it first")
        return found

    def _complete(self, schedule: Schedule, run: Mapping[str, Any]) -> str | None:
        self.bodies.keep(schedule, run)
        secret = self.secrets.make(_secret_of(schedule)) if schedule.made_secret else None
        self.timer.create(schedule)
        if not self.schedules.activate(schedule):
            raise Unavailable("The schedule took too long to make and was discarded", retry_after_s=5)
        return secret


def _target(notify: Notify, named: str) -> Target:
    if notify.sns:
        return Target(tuple(notify.on), "sns", notify.sns)
    return Target(tuple(notify.on), "webhook", notify.webhook or "", notify.secret or named)


def _secret_of(schedule: Schedule) -> str:
    """The parameter of the secret that is made: its name ends in the schedule's key."""
    return next(t.secret for t in schedule.notify if t.secret and t.secret.endswith(f"/{schedule.key}"))
