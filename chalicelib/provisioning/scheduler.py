"""EventBridge Scheduler: the only calls of it. The answer to `domain/schedule_ports.Timer`.

Everything is known by name: the group is `benchfleet-<stage>`, and with its account and region, told by its ARN, so are the
function `<group>-scheduled_run`, the role `<group>-scheduler` and the dead letter queue `<group>-scheduled-run-dlq`.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import InvalidSchedule, Unavailable
from chalicelib.domain.scheduling import Schedule

DUE = "<aws.scheduler.scheduled-time>"
RETRIES: dict[str, int] = {"MaximumEventAgeInSeconds": 3_600, "MaximumRetryAttempts": 10}
_GONE = "ResourceNotFoundException"
_FOR_GOOD = {"ValidationException", "ServiceQuotaExceededException"}


class EventBridgeTimer:
    """`client` is called on first use."""

    def __init__(self, client: Callable[[], Any], group: str) -> None:
        self._client = client
        self._group = group

    def create(self, schedule: Schedule) -> None:
        """Its token is the schedule's own, so a repeat is the same request."""
        try:
            self._client().create_schedule(**self.request(schedule))
        except ClientError as error:
            code, words = error.response["Error"]["Code"], error.response["Error"]["Message"]
            if (
                code == "ConflictException"
            ):  # nobody else makes one of this name: it was made before, longer ago than tokens are kept
                return
            if code in _FOR_GOOD:
                raise InvalidSchedule(f"EventBridge Scheduler refuses the schedule: {words}") from error
            raise Unavailable(f"EventBridge Scheduler: {code}: {words}", code="scheduler_unavailable") from error
        except BotoCoreError as error:
            raise Unavailable(
                f"EventBridge Scheduler does not answer: {error}", code="scheduler_unavailable"
            ) from error

    def delete(self, schedule: Schedule) -> None:
        """What is not there, is deleted: EventBridge deletes one-time schedules itself."""
        try:
            self._client().delete_schedule(GroupName=self._group, Name=schedule.key)
        except ClientError as error:
            if error.response["Error"]["Code"] != _GONE:
                raise

    def request(self, schedule: Schedule) -> dict[str, Any]:
        """The arguments of CreateSchedule."""
        once = {"ActionAfterCompletion": "DELETE"} if schedule.is_one_time else {}
        start = {"StartDate": _moment(schedule.anchor_ms)} if schedule.expression.startswith("rate(") else {}
        return {
            "Name": schedule.key, "GroupName": self._group, "ClientToken": schedule.key.replace(".", "_"),
            "ScheduleExpression": schedule.expression, "ScheduleExpressionTimezone": schedule.time_zone,
            "FlexibleTimeWindow": {"Mode": "OFF"}, "State": "ENABLED",
            "Description": f"benchfleet schedule {schedule.name}",
            "Target": {
                "Arn": self._arn("lambda", "function:{group}-scheduled_run"),
                "RoleArn": self._arn("iam", "role/{group}-scheduler", region=""),
                "Input": json.dumps({"schedule": schedule.name, "scheduled_time": DUE}),
                "RetryPolicy": RETRIES,
                "DeadLetterConfig": {"Arn": self._arn("sqs", "{group}-scheduled-run-dlq")},
            },
            **once, **start,
        }  # fmt: skip

    def _arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        _, partition, _, ours, account, *_ = self._group_arn.split(":")
        where = ours if region is None else region
        return f"arn:{partition}:{service}:{where}:{account}:{resource.format(group=self._group)}"

    @cached_property
    def _group_arn(self) -> str:
        try:
            return str(self._client().get_schedule_group(Name=self._group)["Arn"])
        except (ClientError, BotoCoreError) as error:
            words = f"the schedule group {self._group} cannot be read: {error}"
            raise Unavailable(words, code="scheduler_unavailable") from error


def _moment(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
