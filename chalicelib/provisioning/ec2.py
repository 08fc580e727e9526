"""EC2 instances behind the port `MachineProvider`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchfleet_contract.places import Place, Places
from botocore.exceptions import ClientError

from chalicelib.domain.launches import LaunchFailed, Machine, Order, Tagged, TypeFacts
from chalicelib.provisioning import ec2_state, tags
from chalicelib.provisioning.asking import asking, code_of
from chalicelib.provisioning.clients import Clients
from chalicelib.provisioning.ec2_request import run_request, token_in
from chalicelib.provisioning.images import Images
from chalicelib.provisioning.places import place_in
from chalicelib.provisioning.user_data import user_data

MOST_FILTER_VALUES = 200  # of one filter: EC2, "Filtering resources"
_INSTANCE_ID = re.compile(r"i-[0-9a-f]+")


class Ec2Machines:
    """`places` is asked for each launch, so that a new deployment is seen."""

    def __init__(self, places: Callable[[], Places], clients: Clients) -> None:
        self._places = places
        self._clients = clients
        self._images = Images(clients)
        self._facts: dict[tuple[str, str], TypeFacts] = {}

    def launch(self, order: Order) -> Machine:
        """One RunInstances for each zone until one has room. Raises LaunchFailed.

        A launch may be repeated after another zone took it: so an instance with one of its tokens is looked for first.
        """
        places = self._places()
        place = place_in(places, order.region)
        facts = self._fact(order)
        if found := self._launched(order, place):
            return found
        data = user_data(order, place, places)
        return self._in_some_zone(order, place, facts, data)

    def describe(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Machine]:
        """By a filter, which names without complaint what is gone. A new instance may be absent for some seconds."""
        found: dict[str, Machine] = {}
        for some in _some(resource_ids):
            for instance in self._instances(region, {"instance-id": some}):
                found[instance["InstanceId"]] = ec2_state.machine(instance, region=region)
        return found

    def terminate(self, region: str, resource_ids: Sequence[str]) -> None:
        """Those that EC2 does not know any more are left out, until it takes the rest."""
        left = list(dict.fromkeys(resource_ids))
        with asking(f"ending {len(left)} instance(s) in {region}"):
            while left:
                try:
                    self._clients("ec2", region).terminate_instances(InstanceIds=left)
                    return
                except ClientError as error:
                    gone = set(_INSTANCE_ID.findall(str(error))) & set(left)
                    if code_of(error) != "InvalidInstanceID.NotFound" or not gone:
                        raise
                    left = [name for name in left if name not in gone]

    def tagged(self, region: str) -> list[Tagged]:
        stage = self._places().stage
        filters = {f"tag:{tags.STAGE}": [stage], "instance-state-name": ec2_state.NOT_ENDED}
        return [ec2_state.tagged(instance, region=region) for instance in self._instances(region, filters)]

    def facts(self, region: str, instance_types: Sequence[str]) -> Mapping[str, TypeFacts]:
        """Kept for the life of this process: a type does not change. By a filter, so that an unknown type is no error."""
        unknown = [name for name in dict.fromkeys(instance_types) if (region, name) not in self._facts]
        for some in _some(unknown):
            self._learn(region, some)
        return {name: self._facts[region, name] for name in instance_types if (region, name) in self._facts}

    def _learn(self, region: str, instance_types: list[str]) -> None:
        with asking(f"instance types in {region}"):
            pages = self._clients("ec2", region).get_paginator("describe_instance_types")
            for page in pages.paginate(Filters=[{"Name": "instance-type", "Values": instance_types}]):
                for described in page["InstanceTypes"]:
                    if facts := ec2_state.type_facts(described):
                        self._facts[region, described["InstanceType"]] = facts

    def _fact(self, order: Order) -> TypeFacts:
        facts = self.facts(order.region, [order.instance_type]).get(order.instance_type)
        if facts is None:
            words = f"{order.region} has no instance type {order.instance_type} that runs Linux"
            raise LaunchFailed("unsupported", words, "name another region or instance type")
        return facts

    def _launched(self, order: Order, place: Place) -> Machine | None:
        tokens = [token_in(order, subnet) for subnet in place.subnets]
        found = list(self._instances(order.region, {"client-token": tokens}))
        return ec2_state.machine(found[0], region=order.region) if found else None

    def _in_some_zone(self, order: Order, place: Place, facts: TypeFacts, data: bytes) -> Machine:
        refused: list[LaunchFailed] = []
        for subnet in place.subnets:
            try:
                return self._run(order, place, subnet, facts, data)
            except LaunchFailed as failed:
                if _aws_code(failed) == "IdempotentParameterMismatch" and (found := self._launched(order, place)):
                    return found
                if failed.code not in ("capacity", "unsupported"):
                    raise
                refused.append(failed)
        # where one zone has no such type and another no room, room is what to wait for
        raise next((failed for failed in refused if failed.try_elsewhere), refused[-1])

    def _run(self, order: Order, place: Place, subnet: str, facts: TypeFacts, data: bytes) -> Machine:
        with asking(f"{order.instance_type} ({order.market}) in {order.region}, {subnet}"):
            image = self._images.newest(order.region, facts.architecture)
            request = run_request(order, place, subnet, image_id=image, user_data=data)
            try:
                answer = self._clients("ec2", order.region).run_instances(**request)
            except ClientError as error:
                if code_of(error).startswith("InvalidAMIID"):
                    self._images.forget(order.region, facts.architecture)
                raise
        return ec2_state.machine(answer["Instances"][0], region=order.region)

    def _instances(self, region: str, filters: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, Any]]:
        asked = [{"Name": name, "Values": list(values)} for name, values in filters.items()]
        with asking(f"instances in {region}"):
            for page in self._clients("ec2", region).get_paginator("describe_instances").paginate(Filters=asked):
                for reservation in page["Reservations"]:
                    yield from reservation["Instances"]


def _aws_code(failed: LaunchFailed) -> str | None:
    cause = failed.__cause__
    return code_of(cause) if isinstance(cause, ClientError) else None


def _some(values: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), MOST_FILTER_VALUES):
        yield list(values[start : start + MOST_FILTER_VALUES])
