"""Tasks of ECS on Fargate behind the port `MachineProvider`. A task's ARN is its resource id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchfleet_contract.places import Place, Places
from botocore.exceptions import ClientError

from chalicelib.domain.launches import LaunchFailed, Machine, Order, Tagged, TypeFacts
from chalicelib.provisioning import ecs_state, tags
from chalicelib.provisioning.asking import asking, code_of
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ecs_request import run_request
from chalicelib.provisioning.fargate import size_of
from chalicelib.provisioning.places import place_in

MOST_DESCRIBED = 100  # of one DescribeTasks
_NO_CLUSTER = "ClusterNotFoundException"
_NO_TASK = ("task was not found", "task is not found")


class EcsTasks:
    """`places` is asked for each launch, so that a new deployment is seen."""

    def __init__(self, places: Callable[[], Places], clients: Clients) -> None:
        self._places = places
        self._clients = clients

    def launch(self, order: Order) -> Machine:
        """One RunTask: ECS chooses the zone. It knows its token for a day. Raises LaunchFailed."""
        places = self._places()
        place = place_in(places, order.region)
        request = run_request(order, place, places, size_of(order.instance_type))
        where = f"{order.instance_type} ({order.market}) in {order.region}"
        with asking(where):
            try:
                answer = self._clients("ecs", order.region).run_task(**request)
            except ClientError as error:
                return self._launched_before(order, place, error)
        if not answer["tasks"]:
            raise ecs_state.refused(answer.get("failures", []), where=where)
        return ecs_state.machine(answer["tasks"][0], region=order.region)

    def describe(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Machine]:
        """ECS forgets a stopped task after about an hour: then it is absent."""
        by_cluster: dict[str, list[str]] = {}
        for arn in resource_ids:
            by_cluster.setdefault(cluster_of(arn), []).append(arn)
        tasks = [task for cluster, arns in by_cluster.items() for task in self._described(region, cluster, arns)]
        return {task["taskArn"]: ecs_state.machine(task, region=region) for task in tasks}

    def terminate(self, region: str, resource_ids: Sequence[str]) -> None:
        with asking(f"ending {len(resource_ids)} task(s) in {region}"):
            for arn in dict.fromkeys(resource_ids):
                self._stop(region, arn)

    def tagged(self, region: str) -> list[Tagged]:
        """Also where there is no place any more: then the cluster has the name that every deployment gives."""
        places = self._places()
        place = places.regions.get(region)
        cluster = place.cluster if place else f"benchfleet-{places.stage}"
        tasks = self._described(region, cluster, list(self._not_stopped(region, cluster)))
        ours = [task for task in tasks if _stage_of(task) == places.stage and task["lastStatus"] != "STOPPED"]
        return [ecs_state.tagged(task, region=region) for task in ours]

    def facts(self, region: str, instance_types: Sequence[str]) -> Mapping[str, TypeFacts]:
        """Asks nobody: a size says what it has."""
        found: dict[str, TypeFacts] = {}
        for name in instance_types:
            try:
                found[name] = size_of(name).facts
            except LaunchFailed:
                continue
        return found

    def _launched_before(self, order: Order, place: Place, error: ClientError) -> Machine:
        """A token that comes with another request (another definition since a deployment) names the task that it started."""
        answer: Mapping[str, Any] = error.response
        arns = answer.get("resourceIds") or []
        if code_of(error) != "ConflictException" or not arns:
            raise error
        for task in self._described(order.region, place.cluster, arns):
            return ecs_state.machine(task, region=order.region)
        raise error

    def _stop(self, region: str, arn: str) -> None:
        try:
            self._clients("ecs", region).stop_task(
                cluster=cluster_of(arn), task=arn, reason="benchfleet: it is not needed any more"
            )
        except ClientError as error:
            if code_of(error) != _NO_CLUSTER and not any(words in str(error) for words in _NO_TASK):
                raise

    def _described(self, region: str, cluster: str, arns: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        for start in range(0, len(arns), MOST_DESCRIBED):
            some = list(arns[start : start + MOST_DESCRIBED])
            with asking(f"tasks in {region}"):
                try:
                    answer = self._clients("ecs", region).describe_tasks(cluster=cluster, tasks=some, include=["TAGS"])
                except ClientError as error:
                    if code_of(error) == _NO_CLUSTER:
                        return
                    raise
            yield from answer["tasks"]

    def _not_stopped(self, region: str, cluster: str) -> Iterator[str]:
        """Those that are to run, and those that are told to stop and have not yet. None where there is no such cluster."""
        for desired in ("RUNNING", "STOPPED"):
            with asking(f"tasks in {region}"):
                try:
                    pages = self._clients("ecs", region).get_paginator("list_tasks")
                    for page in pages.paginate(cluster=cluster, desiredStatus=desired):
                        yield from page["taskArns"]
                except ClientError as error:
                    if code_of(error) != _NO_CLUSTER:
                        raise


def cluster_of(arn: str) -> str:
    """`arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID`."""
    return arn.partition(":task/")[2].rpartition("/")[0]


def _stage_of(task: Mapping[str, Any]) -> str | None:
    return next((tag["value"] for tag in task.get("tags", []) if tag["key"] == tags.STAGE), None)
