"""How resources that moto made come to their end: for some types it forgets them and leaves them where they are."""

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation import parsing

from local_emulator.account.stacks.kinds import Client, Unmakeable
from local_emulator.account.stacks.models import Resource, client_of

End = Callable[[Client, Any, Mapping[str, Any]], object]  # moto's resource, its properties with all references resolved


def _detach(client: Client, resource: Any, given: Mapping[str, Any]) -> None:
    client("ec2").detach_internet_gateway(InternetGatewayId=given["InternetGatewayId"], VpcId=given["VpcId"])


def _disassociate(client: Client, resource: Any, given: Mapping[str, Any]) -> None:
    tables = client("ec2").describe_route_tables(RouteTableIds=[given["RouteTableId"]])["RouteTables"]
    for each in (association for table in tables for association in table["Associations"]):
        if each.get("SubnetId") == given["SubnetId"]:
            client("ec2").disassociate_route_table(AssociationId=each["RouteTableAssociationId"])


def _delete_route(client: Client, resource: Any, given: Mapping[str, Any]) -> None:
    wanted = {name: given[name] for name in ("DestinationCidrBlock", "DestinationIpv6CidrBlock") if name in given}
    client("ec2").delete_route(RouteTableId=given["RouteTableId"], **wanted)


ENDS: Mapping[str, End] = {
    "AWS::EC2::InternetGateway": lambda client, resource, _: client("ec2").delete_internet_gateway(
        InternetGatewayId=resource.id
    ),
    "AWS::EC2::VPCGatewayAttachment": _detach,
    "AWS::EC2::RouteTable": lambda client, resource, _: client("ec2").delete_route_table(RouteTableId=resource.id),
    "AWS::EC2::SubnetRouteTableAssociation": _disassociate,
    "AWS::EC2::Route": _delete_route,
    "AWS::EC2::VPCEndpoint": lambda client, resource, _: client("ec2").delete_vpc_endpoints(
        VpcEndpointIds=[resource.id]
    ),
    "AWS::Lambda::Permission": lambda client, resource, _: None,  # it goes with its function
}


def end(name: str, resources: Any, *, account: str, region: str) -> None:
    """Delete the resource of this logical name. Raises what its service raises, Unmakeable where nobody knows how."""
    resource, given = resources._parsed_resources[name], resources._resource_json_map[name]
    kind = given["Type"]
    if isinstance(resource, Resource):
        resource.delete(account, region)
    elif kind in ENDS:
        properties = parsing.clean_json(given.get("Properties", {}), resources)
        ENDS[kind](client_of(region), resource, properties)
    elif hasattr(resource, "delete") or _is_deletable(kind):
        resources._delete_resource(resource, given)
    elif not kind.startswith("Custom::") and kind not in parsing.NULL_MODELS:
        raise Unmakeable(f"the emulated account cannot delete a resource of type {kind}")


def _is_deletable(kind: str) -> bool:
    model = parsing.resource_class_from_type(kind)
    return bool(model) and not hasattr(model.delete_from_cloudformation_json, "__isabstractmethod__")


def is_changeable(kind: str) -> bool:
    """moto makes nothing of a resource that it cannot change, and says that all went well."""
    model = parsing.resource_class_from_type(kind)
    return bool(model) and not hasattr(model.update_from_cloudformation_json, "__isabstractmethod__")
