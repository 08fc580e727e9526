"""Every resource of the account, so that a rehearsal can tell that nothing is left.

What a fresh account has (its default VPC, AWS's own policies and parameters) is no resource of anybody's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from moto.backends import get_backend

from local_emulator.account.lambdas.service import Mappings
from local_emulator.account.tables import AccountTables
from local_emulator.account.tagging import plain_tags
from local_emulator.config import ACCOUNT

GLOBAL = "aws"
OVER = ("INACTIVE", "STOPPED", "terminated")  # AWS tells of them for a while, but nothing is left of them


@dataclass(frozen=True)
class Resource:
    """`type` as CloudFormation calls it; `id` is a name where there is one. `state`: of what lives on as ended."""

    type: str
    id: str
    region: str
    arn: str | None = None
    state: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


class Listing:
    """Callers hold the endpoint's lock."""

    def __init__(self, *, tables: AccountTables, mappings: Mappings) -> None:
        self._tables = tables
        self._mappings = mappings

    def __call__(self) -> list[dict[str, Any]]:
        found = [each for each in (*self._ours(), *_of_moto()) if each.state not in OVER]
        return [asdict(each) for each in sorted(found, key=lambda each: (each.type, each.region, each.id))]

    def _ours(self) -> Iterator[Resource]:
        for table in self._tables.all():
            yield Resource(
                "AWS::DynamoDB::Table",
                table.name,
                table.arn.split(":")[3],
                table.arn,
                tags=self._tables.tags(table.arn),
            )
        for mapping in self._mappings.all():
            yield Resource(
                "AWS::Lambda::EventSourceMapping", mapping.uuid, mapping.region, mapping.source, mapping.state
            )


def _of_moto() -> Iterator[Resource]:
    for service, lister in LISTERS.items():
        for region, backend in get_backend(service)[ACCOUNT].items():
            yield from (each for each in lister(backend, GLOBAL if region == GLOBAL else region))


Lister = Callable[[Any, str], Iterable[Resource]]


def _stacks(backend: Any, region: str) -> Iterator[Resource]:
    for stack in backend.stacks.values():
        yield Resource(
            "AWS::CloudFormation::Stack", stack.name, region, stack.stack_id, stack.status, plain_tags(stack.tags)
        )


def _s3(backend: Any, region: str) -> Iterator[Resource]:
    for name, bucket in backend.buckets.items():
        yield Resource(
            "AWS::S3::Bucket",
            name,
            bucket.region_name,
            bucket.arn,
            f"{len(bucket.keys)} objects",
            _tagged(backend, bucket.arn),
        )


def _sqs(backend: Any, region: str) -> Iterator[Resource]:
    for name, queue in backend.queues.items():
        yield Resource("AWS::SQS::Queue", name, region, queue.queue_arn, tags=plain_tags(queue.tags))


def _sns(backend: Any, region: str) -> Iterator[Resource]:
    for arn, topic in backend.topics.items():
        yield Resource("AWS::SNS::Topic", topic.name, region, arn, tags=plain_tags(topic._tags))
    for arn in backend.subscriptions:
        yield Resource("AWS::SNS::Subscription", arn.rpartition(":")[2], region, arn)


def _lambda(backend: Any, region: str) -> Iterator[Resource]:
    for function in backend.list_functions():
        name = function.function_name
        arn = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
        yield Resource("AWS::Lambda::Function", name, region, arn, tags=plain_tags(function.tags))


def _apigateway(backend: Any, region: str) -> Iterator[Resource]:
    for api_id, api in backend.apis.items():
        yield Resource("AWS::ApiGateway::RestApi", api_id, region, tags=plain_tags(api.tags))


def _events(backend: Any, region: str) -> Iterator[Resource]:
    for bus in backend.event_buses.values():
        for rule in bus.rules.values():
            yield Resource("AWS::Events::Rule", rule.name, region, rule.arn, rule.state, _tagged(backend, rule.arn))


def _scheduler(backend: Any, region: str) -> Iterator[Resource]:
    for group in backend.schedule_groups.values():
        if group.name != "default":
            yield Resource(
                "AWS::Scheduler::ScheduleGroup", group.name, region, group.arn, tags=_tagged(backend, group.arn)
            )
        for schedule in group.schedules.values():
            yield Resource("AWS::Scheduler::Schedule", f"{group.name}/{schedule.name}", region, schedule.arn)


def _logs(backend: Any, region: str) -> Iterator[Resource]:
    for name, group in backend.groups.items():
        retention = f"{group.retention_in_days} days" if group.retention_in_days else "kept for ever"
        yield Resource("AWS::Logs::LogGroup", name, region, group.arn, retention, _tagged(backend, group.arn))


def _ecr(backend: Any, region: str) -> Iterator[Resource]:
    for name, repository in backend.repositories.items():
        state = f"{len(repository.images)} images"
        yield Resource("AWS::ECR::Repository", name, region, repository.arn, state, _tagged(backend, repository.arn))


def _cloudwatch(backend: Any, region: str) -> Iterator[Resource]:
    for name, alarm in backend.alarms.items():
        yield Resource("AWS::CloudWatch::Alarm", name, region, alarm.alarm_arn, tags=_tagged(backend, alarm.alarm_arn))
    for name in backend.dashboards:
        yield Resource("AWS::CloudWatch::Dashboard", name, region)


def _ssm(backend: Any, region: str) -> Iterator[Resource]:
    for name in list(dict.keys(backend._parameters)):
        if not name.startswith("/aws/"):
            arn = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter/{name.lstrip('/')}"
            tags = dict(backend.list_tags_for_resource("Parameter", name))
            yield Resource("AWS::SSM::Parameter", name, region, arn, tags=tags)


def _iam(backend: Any, region: str) -> Iterator[Resource]:
    for role in backend.roles.values():
        yield Resource("AWS::IAM::Role", role.name, GLOBAL, role.arn, tags=plain_tags(role.tags))
    for profile in backend.instance_profiles.values():
        yield Resource("AWS::IAM::InstanceProfile", profile.name, GLOBAL, profile.arn)
    for user in backend.users.values():
        yield Resource("AWS::IAM::User", user.name, GLOBAL, user.arn)
    for policy in backend.managed_policies.values():
        if f":{ACCOUNT}:policy/" in policy.arn:
            yield Resource("AWS::IAM::ManagedPolicy", policy.name, GLOBAL, policy.arn)


def _ec2(backend: Any, region: str) -> Iterator[Resource]:
    def told(kind: str, resource_id: str, state: str | None = None) -> Resource:
        return Resource(f"AWS::EC2::{kind}", resource_id, region, None, state, dict(backend.tags.get(resource_id, {})))

    default_vpcs = {vpc.id for vpc in backend.vpcs.values() if str(vpc.is_default).lower() == "true"}
    machines = (each for reservation in backend.reservations.values() for each in reservation.instances)
    yield from (told("Instance", each.id, each._state.name) for each in machines)
    yield from (told("VPC", each.id) for each in backend.vpcs.values() if each.id not in default_vpcs)
    yield from (told(kind, each.id) for kind, each in _in_vpcs(backend) if each.vpc_id not in default_vpcs)
    yield from (told("InternetGateway", each.id) for each in backend.internet_gateways.values())
    yield from (told("Volume", each.id, each.status) for each in backend.volumes.values())
    yield from (told("LaunchTemplate", each.id) for each in backend.launch_templates.values())
    yield from (told("EIP", each.allocation_id or each.public_ip) for each in backend.addresses)


def _in_vpcs(backend: Any) -> Iterator[tuple[str, Any]]:
    """Security groups called `default` belong to their VPC, and main route tables go with it."""
    yield from (("Subnet", each) for by_zone in backend.subnets.values() for each in by_zone.values())
    yield from (("RouteTable", each) for each in backend.route_tables.values() if not _is_main(each))
    groups = (each for by_id in backend.groups.values() for each in by_id.values())
    yield from (("SecurityGroup", each) for each in groups if each.name != "default")
    yield from (("VPCEndpoint", each) for each in backend.vpc_end_points.values())
    yield from (("NetworkInterface", _Interface(each)) for each in backend.enis.values())


class _Interface:
    def __init__(self, interface: Any) -> None:
        self.id, self.vpc_id = interface.id, interface.subnet.vpc_id


def _is_main(table: Any) -> bool:
    return bool(table.main_association_id)


def _ecs(backend: Any, region: str) -> Iterator[Resource]:
    for name, cluster in backend.clusters.items():
        yield Resource("AWS::ECS::Cluster", name, region, cluster.arn, cluster.status, plain_tags(cluster.tags))
    for revisions in backend.task_definitions.values():
        for definition in revisions.values():
            yield Resource(
                "AWS::ECS::TaskDefinition", definition.arn.rpartition("/")[2], region, definition.arn, definition.status
            )
    for tasks in backend.tasks.values():
        for arn, task in tasks.items():
            yield Resource(
                "AWS::ECS::Task", arn.rpartition("/")[2], region, arn, task.last_status, plain_tags(task.tags)
            )
    for service in backend.services.values():
        yield Resource("AWS::ECS::Service", service.name, region, service.arn)


def _kms(backend: Any, region: str) -> Iterator[Resource]:
    """Of customers. AWS's own, which moto does not call so, can't be deleted; those that wait to be deleted are."""
    for key in backend.keys.values():
        is_own = not any(alias.startswith("alias/aws/") for alias in key.aliases)
        if is_own and key.key_state != "PendingDeletion":
            yield Resource("AWS::KMS::Key", key.id, region, key.arn, key.key_state)


def _budgets(backend: Any, region: str) -> Iterator[Resource]:
    for name in backend.budgets.get(ACCOUNT, {}):
        yield Resource("AWS::Budgets::Budget", name, GLOBAL)


LISTERS: Mapping[str, Lister] = {
    "cloudformation": _stacks, "s3": _s3, "sqs": _sqs, "sns": _sns, "lambda": _lambda, "apigateway": _apigateway,
    "events": _events, "scheduler": _scheduler, "logs": _logs, "ecr": _ecr, "cloudwatch": _cloudwatch, "ssm": _ssm,
    "iam": _iam, "ec2": _ec2, "ecs": _ecs, "kms": _kms, "budgets": _budgets,
}  # fmt: skip


def _tagged(backend: Any, arn: str) -> dict[str, str]:
    tagger = getattr(backend, "tagger", None)
    return dict(tagger.get_tag_dict_for_resource(arn)) if tagger else {}
