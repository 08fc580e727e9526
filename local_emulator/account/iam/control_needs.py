"""Needs of Lambda, Scheduler, SNS, logs, metrics, STS, and what only lists or describes."""

from collections.abc import Iterable, Mapping

from local_emulator.account.iam.needs import Finder, Need, NeedsUnknown, World, only, pass_role
from local_emulator.account.iam.requests import ApiRequest


def aws_lambda(request: ApiRequest, world: World) -> Iterable[Need]:
    if request.operation not in ("Invoke", "InvokeAsync", "GetFunction", "GetFunctionConfiguration"):
        raise NeedsUnknown(request)
    name = str(request.parameters.get("FunctionName"))
    action = "InvokeFunction" if request.operation.startswith("Invoke") else request.operation
    return only(f"lambda:{action}", function_arn(name, region=request.region, account=world.account))


def function_arn(name: str, *, region: str, account: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:lambda:{region}:{account}:function:{name}"


def scheduler(request: ApiRequest, world: World) -> Iterable[Need]:
    operation, given = request.operation, request.parameters
    base = f"arn:aws:scheduler:{request.region}:{world.account}"
    group = given.get("GroupName") or given.get("groupName") or given.get("ScheduleGroup") or "default"
    if operation in ("CreateSchedule", "UpdateSchedule"):
        needs = only(f"scheduler:{operation}", f"{base}:schedule/{group}/{given.get('Name')}")
        role = (given.get("Target") or {}).get("RoleArn")
        return [*needs, pass_role(str(role), "scheduler.amazonaws.com")]
    if operation in ("GetSchedule", "DeleteSchedule"):
        return only(f"scheduler:{operation}", f"{base}:schedule/{group}/{given.get('Name')}")
    if operation in ("ListSchedules", "ListScheduleGroups"):
        return only(f"scheduler:{operation}")
    if operation == "GetScheduleGroup":
        return only(f"scheduler:{operation}", f"{base}:schedule-group/{given.get('Name')}")
    raise NeedsUnknown(request)


def sns(request: ApiRequest, world: World) -> Iterable[Need]:
    if request.operation not in ("Publish", "PublishBatch", "GetTopicAttributes"):
        raise NeedsUnknown(request)
    action = "Publish" if request.operation.startswith("Publish") else request.operation
    return only(f"sns:{action}", str(request.parameters.get("TopicArn") or request.parameters.get("TargetArn")))


def cloudwatch(request: ApiRequest, world: World) -> Iterable[Need]:
    if request.operation == "PutMetricData":
        namespace = str(request.parameters.get("Namespace"))
        return [Need("cloudwatch:PutMetricData", ("*",), {"cloudwatch:namespace": (namespace,)})]
    if request.operation in ("GetMetricData", "GetMetricStatistics", "ListMetrics"):
        return only(f"cloudwatch:{request.operation}")
    raise NeedsUnknown(request)


_LOG_GROUP = ("CreateLogGroup", "DescribeLogStreams", "FilterLogEvents", "PutRetentionPolicy", "StartQuery")
_LOG_STREAM = ("CreateLogStream",)
_LOG_EVENTS = ("PutLogEvents", "GetLogEvents")


def logs(request: ApiRequest, world: World) -> Iterable[Need]:
    """A group's ARN ends with `:*` where the reference gives it; a stream's with `:log-stream:NAME`."""
    operation, given = request.operation, request.parameters
    group = f"arn:aws:logs:{request.region}:{world.account}:log-group:{given.get('logGroupName')}"
    if operation in _LOG_GROUP or operation in _LOG_STREAM:
        return only(f"logs:{operation}", f"{group}:*" if operation != "CreateLogGroup" else group)
    if operation in _LOG_EVENTS:
        return only(f"logs:{operation}", f"{group}:log-stream:{given.get('logStreamName')}")
    if operation == "DescribeLogGroups":
        return only("logs:DescribeLogGroups", f"arn:aws:logs:{request.region}:{world.account}:log-group:*")
    raise NeedsUnknown(request)


def sts(request: ApiRequest, world: World) -> Iterable[Need]:
    if request.operation == "GetCallerIdentity":
        return ()  # no permission is needed, and none can be taken away
    if request.operation == "AssumeRole":
        return only("sts:AssumeRole", str(request.parameters.get("RoleArn")))
    raise NeedsUnknown(request)


def xray(request: ApiRequest, world: World) -> Iterable[Need]:
    return only(f"xray:{request.operation}")


def tag(request: ApiRequest, world: World) -> Iterable[Need]:
    return only(f"tag:{request.operation}")


def ecr(request: ApiRequest, world: World) -> Iterable[Need]:
    if request.operation == "GetAuthorizationToken":
        return only("ecr:GetAuthorizationToken")
    if not request.parameters.get("repositoryName"):
        raise NeedsUnknown(request)
    repository = f"arn:aws:ecr:{request.region}:{world.account}:repository/{request.parameters['repositoryName']}"
    return only(f"ecr:{request.operation}", repository)


def servicequotas(request: ApiRequest, world: World) -> Iterable[Need]:
    return only(f"servicequotas:{request.operation}")


FINDERS: Mapping[str, Finder] = {
    "lambda": aws_lambda, "scheduler": scheduler, "sns": sns, "cloudwatch": cloudwatch, "logs": logs, "sts": sts,
    "xray": xray, "tag": tag, "ecr": ecr, "servicequotas": servicequotas,
}  # fmt: skip
