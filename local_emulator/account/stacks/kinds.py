"""Resource types that moto's CloudFormation lacks or makes by half, each by the calls of boto3 that make it.

A property that is not named here is an error: what is silently dropped would be missing on the day of the real deploy.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from local_emulator.account.clients import tags_of
from local_emulator.config import ACCOUNT

Properties = Mapping[str, Any]
Client = Callable[[str], Any]  # service → boto3 client of the stack's region


class Unmakeable(Exception):
    """A resource cannot be made of these properties."""


@dataclass
class Made:
    """`id` is what Ref gives; `attributes` what GetAtt gives."""

    id: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """`name` is the property with the resource's name, empty where it has none. `update` None: replace it.

    `find` says of a name whether such a resource is there: a change set that imports takes it over.
    """

    type: str
    properties: frozenset[str]
    make: Callable[[Client, str, Properties], Made]
    end: Callable[[Client, Made, Properties], object]
    update: Callable[[Client, Made, Properties], Made] | None = None
    name: str = ""
    find: Callable[[Client, str], Made | None] = lambda client, name: None


def require_known(kind: Kind, properties: Properties) -> None:
    """Raises Unmakeable."""
    unknown = sorted(set(properties) - kind.properties)
    if unknown:
        raise Unmakeable(f"the emulated account does not know {', '.join(unknown)} of {kind.type}")


def _put(call: Callable[[Client, Properties], Made]) -> dict[str, Any]:
    """Of a resource that is put: the same call makes and changes it."""
    return {
        "make": lambda client, name, properties: call(client, properties),
        "update": lambda client, made, properties: call(client, properties),
    }


def _bucket_policy(client: Client, properties: Properties) -> Made:
    client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=json.dumps(properties["PolicyDocument"]))
    return Made(properties["Bucket"])


def _queue_policy(client: Client, properties: Properties) -> Made:
    for url in properties["Queues"]:
        client("sqs").set_queue_attributes(
            QueueUrl=url, Attributes={"Policy": json.dumps(properties["PolicyDocument"])}
        )
    return Made(" ".join(properties["Queues"]))


def _topic_policy(client: Client, properties: Properties) -> Made:
    for arn in properties["Topics"]:
        text = json.dumps(properties["PolicyDocument"])
        client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=text)
    return Made(" ".join(properties["Topics"]))


def _topic(client: Client, name: str, properties: Properties) -> Made:
    attributes = {key: str(properties[key]) for key in ("DisplayName", "KmsMasterKeyId") if key in properties}
    arn = client("sns").create_topic(Name=name, Attributes=attributes, Tags=tags_of(properties))["TopicArn"]
    return Made(arn, {"TopicArn": arn, "TopicName": name})


def _subscription(client: Client, name: str, properties: Properties) -> Made:
    made = client("sns").subscribe(
        TopicArn=properties["TopicArn"], Protocol=properties["Protocol"], Endpoint=properties["Endpoint"],
        ReturnSubscriptionArn=True,
    )  # fmt: skip
    return Made(made["SubscriptionArn"])


def _group(client: Client, name: str, properties: Properties) -> Made:
    made = client("scheduler").create_schedule_group(Name=name, Tags=tags_of(properties))
    return Made(name, {"Arn": made["ScheduleGroupArn"], "State": "ACTIVE"})


def _alarm(client: Client, name: str, properties: Properties) -> Made:
    wanted = {key: value for key, value in properties.items() if key not in ("Tags", "AlarmName")}
    whole = ("Period", "EvaluationPeriods", "DatapointsToAlarm")
    wanted |= {key: int(wanted[key]) for key in whole if key in wanted}
    if "Threshold" in wanted:
        wanted["Threshold"] = float(wanted["Threshold"])
    if "ActionsEnabled" in wanted:
        wanted["ActionsEnabled"] = str(wanted["ActionsEnabled"]).lower() == "true"
    for query in wanted.get("Metrics", ()):
        if "ReturnData" in query:
            query["ReturnData"] = str(query["ReturnData"]).lower() == "true"
        if "Period" in query.get("MetricStat", {}):
            query["MetricStat"]["Period"] = int(query["MetricStat"]["Period"])
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(AlarmName=name, Tags=tags_of(properties), **wanted)
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    return Made(name, {"Arn": found["AlarmArn"]})


def _metric_filter(client: Client, name: str, properties: Properties) -> Made:
    wanted = properties["MetricTransformations"]
    transformations = [
        {key: float(value) if key == "DefaultValue" else value for key, value in each.items()} for each in wanted
    ]
    lower = [{key[0].lower() + key[1:]: value for key, value in each.items()} for each in transformations]
    client("logs").put_metric_filter(
        logGroupName=properties["LogGroupName"], filterName=name, filterPattern=properties.get("FilterPattern", ""),
        metricTransformations=lower,
    )  # fmt: skip
    return Made(name)


def _capacity_providers(client: Client, properties: Properties) -> Made:
    strategy = [
        {key[0].lower() + key[1:]: int(value) if key in ("Base", "Weight") else value for key, value in each.items()}
        for each in properties["DefaultCapacityProviderStrategy"]
    ]
    client("ecs").put_cluster_capacity_providers(
        cluster=properties["Cluster"], capacityProviders=properties["CapacityProviders"],
        defaultCapacityProviderStrategy=strategy,
    )  # fmt: skip
    return Made(properties["Cluster"])


def _egress(client: Client, name: str, properties: Properties) -> Made:
    client("ec2").authorize_security_group_egress(
        GroupId=properties["GroupId"], IpPermissions=[_permission(properties)]
    )
    return Made(f"{properties['GroupId']}|egress|{name}")


def _permission(properties: Properties) -> dict[str, Any]:
    found: dict[str, Any] = {"IpProtocol": str(properties["IpProtocol"])}
    found |= {key: int(properties[key]) for key in ("FromPort", "ToPort") if key in properties}
    if "CidrIp" in properties:
        found["IpRanges"] = [{"CidrIp": properties["CidrIp"]}]
    if "CidrIpv6" in properties:
        found["Ipv6Ranges"] = [{"CidrIpv6": properties["CidrIpv6"]}]
    return found


def _budget(client: Client, name: str, properties: Properties) -> Made:
    budget = dict(properties["Budget"])
    if "BudgetLimit" in budget:
        limit = budget["BudgetLimit"]
        budget["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
    notifications = [
        {**each, "Notification": {**each["Notification"], "Threshold": float(each["Notification"]["Threshold"])}}
        for each in properties.get("NotificationsWithSubscribers", ())
    ]
    client("budgets").create_budget(AccountId=ACCOUNT, Budget=budget, NotificationsWithSubscribers=notifications)
    return Made(budget["BudgetName"])


def _unset_queues(client: Client, made: Made, properties: Properties) -> None:
    for url in properties["Queues"]:
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def _nothing(*_: object) -> None:
    """It goes with what it belongs to."""


_ALARM = {
    "AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "InsufficientDataActions", "ActionsEnabled",
    "ComparisonOperator", "DatapointsToAlarm", "Dimensions", "EvaluationPeriods", "MetricName", "Metrics", "Namespace",
    "Period", "Statistic", "ExtendedStatistic", "Threshold", "TreatMissingData", "Unit", "Tags",
}  # fmt: skip
KINDS: tuple[Kind, ...] = (
    Kind(
        "AWS::S3::BucketPolicy", frozenset({"Bucket", "PolicyDocument"}), **_put(_bucket_policy),
        end=lambda client, made, _: client("s3").delete_bucket_policy(Bucket=made.id),
    ),
    Kind("AWS::SQS::QueuePolicy", frozenset({"Queues", "PolicyDocument"}), **_put(_queue_policy), end=_unset_queues),
    Kind(
        "AWS::SNS::Topic", frozenset({"TopicName", "DisplayName", "KmsMasterKeyId", "Tags"}), _topic, name="TopicName",
        end=lambda client, made, _: client("sns").delete_topic(TopicArn=made.id),
        update=lambda client, made, properties: _topic(client, made.attributes["TopicName"], properties),
    ),
    Kind("AWS::SNS::TopicPolicy", frozenset({"Topics", "PolicyDocument"}), **_put(_topic_policy), end=_nothing),
    Kind(
        "AWS::SNS::Subscription", frozenset({"TopicArn", "Protocol", "Endpoint"}), _subscription,
        end=lambda client, made, _: client("sns").unsubscribe(SubscriptionArn=made.id),
    ),
    Kind(
        "AWS::Budgets::Budget", frozenset({"Budget", "NotificationsWithSubscribers"}), _budget,
        end=lambda client, made, _: client("budgets").delete_budget(AccountId=ACCOUNT, BudgetName=made.id),
    ),
    Kind(
        "AWS::Scheduler::ScheduleGroup", frozenset({"Name", "Tags"}), _group, name="Name",
        end=lambda client, made, _: client("scheduler").delete_schedule_group(Name=made.id),
        update=lambda client, made, _: made,
    ),
    Kind(
        "AWS::CloudWatch::Alarm", frozenset(_ALARM), _alarm, name="AlarmName",
        end=lambda client, made, _: client("cloudwatch").delete_alarms(AlarmNames=[made.id]),
        update=lambda client, made, properties: _alarm(client, made.id, properties),
    ),
    Kind(
        "AWS::Logs::MetricFilter",
        frozenset({"FilterName", "FilterPattern", "LogGroupName", "MetricTransformations"}), _metric_filter,
        name="FilterName", update=lambda client, made, properties: _metric_filter(client, made.id, properties),
        end=lambda client, made, given: client("logs").delete_metric_filter(
            logGroupName=given["LogGroupName"], filterName=made.id
        ),
    ),
    Kind(
        "AWS::ECS::ClusterCapacityProviderAssociations",
        frozenset({"Cluster", "CapacityProviders", "DefaultCapacityProviderStrategy"}), **_put(_capacity_providers),
        end=_nothing,
    ),
    Kind(
        "AWS::EC2::SecurityGroupEgress",
        frozenset({"GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6", "Description"}), _egress,
        end=lambda client, made, given: client("ec2").revoke_security_group_egress(
            GroupId=given["GroupId"], IpPermissions=[_permission(given)]
        ),
    ),
)  # fmt: skip
