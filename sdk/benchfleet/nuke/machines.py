"""Machines: EC2 instances and ECS tasks with the stage's tag, found and ended."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.tags import NAME
from benchfleet.nuke.hourly import Hourly
from benchfleet.nuke.missing import unless_gone
from benchfleet.nuke.tagged import LAUNCH, RUN, is_ours, plain
from benchfleet.nuke.thing import Thing

INSTANCE, TASK = "instance", "task"
_NOT_ENDED = ["pending", "running", "shutting-down", "stopping", "stopped"]
_AT_ONCE = 100  # DescribeTasks takes no more
_EVERY_S, _PATIENCE_S = 3.0, 600.0


@dataclass(frozen=True)
class Machine:
    """`resource_id` is an instance id, or the ARN of a task."""

    kind: str
    resource_id: str
    region: str
    state: str
    size: str
    spot: bool
    tags: Mapping[str, str]

    def thing(self, hourly: Hourly) -> Thing:
        words = [self.size, "spot" * self.spot, self.state, self.tags.get(LAUNCH, ""), self.tags.get(RUN, "")]
        name = self.resource_id.rpartition("/")[2]
        costs = hourly(self.region, self.size, self.spot)
        usd, date = costs or (None, None)
        return Thing(self.kind, name, self.region, " ".join(filter(None, words)), usd, by_hour=True, price_date=date)


class Machines:
    """Those of one stage, or of one of its runs. `sleep` takes seconds."""

    def __init__(
        self, aws: Aws, stage: str, run_id: str | None = None, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._aws = aws
        self._stage = stage
        self._run_id = run_id
        self._sleep = sleep

    def find(self, regions: Sequence[str]) -> list[Machine]:
        return [it for region in regions for it in (*self._instances(region), *self._tasks(region))]

    def end(self, regions: Sequence[str], progress: Progress) -> None:
        """Ends them and waits until they are gone. What came meanwhile ends, too. Raises DeployError after ten minutes."""
        asked: set[str] = set()
        for _ in range(round(_PATIENCE_S / _EVERY_S)):
            found = self.find(regions)
            if not found:
                return
            new = [machine for machine in found if machine.resource_id not in asked]
            for machine in new:
                progress.resource(machine.resource_id.rpartition("/")[2], machine.kind, "ending")
                self._end(machine)
            asked |= {machine.resource_id for machine in new}
            self._sleep(0.0 if new else _EVERY_S)
        names = ", ".join(machine.resource_id for machine in self.find(regions))
        raise DeployError(f"machines are still there after ten minutes: {names}", remedy="run the command again")

    def _end(self, machine: Machine) -> None:
        if machine.kind == INSTANCE:
            client = self._aws.client("ec2", region=machine.region)
            unless_gone(lambda: client.terminate_instances(InstanceIds=[machine.resource_id]))
        else:
            client = self._aws.client("ecs", region=machine.region)
            unless_gone(
                lambda: client.stop_task(cluster=self._cluster, task=machine.resource_id, reason="benchfleet nuke")
            )

    @property
    def _cluster(self) -> str:
        return f"{NAME}-{self._stage}"

    def _instances(self, region: str) -> Iterator[Machine]:
        wanted = {f"tag:{NAME}": [self._stage], "instance-state-name": _NOT_ENDED}
        wanted |= {f"tag:{RUN}": [self._run_id]} if self._run_id else {}
        filters = [{"Name": name, "Values": values} for name, values in wanted.items()]
        for page in self._aws.pages("ec2", "describe_instances", region=region, Filters=filters):
            for it in (one for reservation in page["Reservations"] for one in reservation["Instances"]):
                spot = it.get("InstanceLifecycle") == "spot"
                state, tags = it["State"]["Name"], plain(it.get("Tags"))
                yield Machine(INSTANCE, it["InstanceId"], region, state, it["InstanceType"], spot, tags)

    def _tasks(self, region: str) -> Iterator[Machine]:
        client = self._aws.client("ecs", region=region)
        pages = unless_gone(lambda: list(self._aws.pages("ecs", "list_tasks", region=region, cluster=self._cluster)))
        arns = [arn for page in pages or () for arn in page["taskArns"]]
        for start in range(0, len(arns), _AT_ONCE):
            some = arns[start : start + _AT_ONCE]
            for it in client.describe_tasks(cluster=self._cluster, tasks=some, include=["TAGS"])["tasks"]:
                if self._is_meant(it):
                    spot = it.get("capacityProviderName") == "FARGATE_SPOT"
                    size = _fargate(it)
                    state, tags = it["lastStatus"].lower(), plain(it.get("tags"))
                    yield Machine(TASK, it["taskArn"], region, state, size, spot, tags)

    def _is_meant(self, task: Mapping[str, Any]) -> bool:
        tags = plain(task.get("tags"))
        over = task["lastStatus"] in ("STOPPED", "DELETED")
        return is_ours(tags, self._stage) and not over and self._run_id in (None, tags.get(RUN))


def _fargate(task: Mapping[str, Any]) -> str:
    """As a run names the size: ECS tells units of 1/1024 vCPU, and MiB."""
    cpu, memory = (int(task.get(name) or 0) / 1024 for name in ("cpu", "memory"))
    return f"fargate-{cpu:g}vcpu-{memory:g}gb"
