"""Everything that can be found out before anything is changed: who asks, where, and what would stand in the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet import exit_codes
from benchfleet.deploy import permissions
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.project import API_FUNCTION, APP
from benchfleet.deploy.refusals import code_of, explained, refusals
from benchfleet.exceptions import UsageError

_HOMES = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}  # each account has its home enabled
_UNRESERVED = 100  # concurrent executions that Lambda keeps for functions without a reservation
_VPC_QUOTA = "L-F678F1CE"


@dataclass(frozen=True)
class Caller:
    """Who the credentials are."""

    account: str
    arn: str


def who_asks(aws: Aws) -> Caller:
    """Raises DeployError with exit code 4 for credentials that are missing, expired or unknown."""
    with explained("asking who you are"):
        found = aws.client("sts", region=_home(aws)).get_caller_identity()
    return Caller(found["Account"], found["Arn"])


def require_regions(aws: Aws, regions: Sequence[str]) -> None:
    """Raises UsageError for a region that does not exist, DeployError for one that the account has not enabled."""
    with explained("asking for the account's regions"):
        found = aws.client("ec2", region=_home(aws)).describe_regions(AllRegions=True)["Regions"]
    known = {it["RegionName"]: it.get("OptInStatus", "opt-in-not-required") for it in found}
    for region in regions:
        if region not in known:
            raise UsageError(f"AWS has no region {region}; it has: {', '.join(sorted(known))}")
        if known[region] == "not-opted-in":
            raise DeployError(
                f"the account has not enabled the region {region}",
                remedy=f"enable it (`aws account enable-region --region-name {region}`; it takes minutes), or name another",
            )


def require_permissions(aws: Aws, caller: Caller, progress: Progress) -> None:
    """Asks IAM. Where IAM does not answer, AWS's refusals come later, one by one, and are as clear."""
    principal = _principal(aws, caller)
    if principal is None:
        return
    lacking = permissions.lacking(aws, principal)
    if lacking is None:
        progress.note("permissions could not be checked beforehand: this user or role may not ask IAM for them")
    elif lacking:
        raise DeployError(
            f"{caller.arn} lacks permissions that a deploy needs: {', '.join(lacking)}",
            remedy="add them to that user or role (docs/deploy.md has a policy), or use another profile",
            exit_code=exit_codes.AUTH,
        )


def require_bucket(aws: Aws, bucket: str, progress: Progress) -> None:
    """For a stack that is to be made. Raises DeployError if the name is somebody else's, or of our own bucket elsewhere.

    botocore follows S3's redirect to a bucket of another region, so that only the answer tells where it is.
    """
    from botocore.exceptions import ClientError

    try:
        where = aws.client("s3").head_bucket(Bucket=bucket).get("BucketRegion", aws.region)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchBucket"):
            return
        raise _bucket_taken(bucket, "by another account or in another region") from error
    if where != aws.region:
        raise _bucket_taken(bucket, f"by a bucket of this account in {where}")
    progress.note(f"bucket {bucket} is there from an earlier stack: the new stack takes it over, with its results")


def _bucket_taken(bucket: str, by_whom: str) -> DeployError:
    return DeployError(
        f"the bucket name {bucket} is taken, {by_whom}",
        remedy="choose another one with --bucket: bucket names are unique in the world",
        exit_code=exit_codes.INVALID_CONFIG,
    )


def require_one_home(aws: Aws, stage: str) -> None:
    """For a stack that is to be made: roles have the account's own names, so a stage is in one region. Raises UsageError."""
    from botocore.exceptions import ClientError

    try:
        aws.client("iam").get_role(RoleName=f"{APP}-{stage}-{API_FUNCTION}")
    except ClientError as error:
        if code_of(error) == "NoSuchEntity":
            return
        raise
    for region in _enabled(aws):
        if region != aws.region and _has_stack(aws, f"{APP}-{stage}", region):
            raise UsageError(
                f"stage {stage} is in {region} already: add --region {region}, or --also-region {aws.region} for machines "
                f"in {aws.region}"
            )


def require_quotas(aws: Aws, *, reserved: int, makes_network: bool) -> None:
    """`reserved` is the sum of the functions' reserved concurrency. Raises DeployError naming the quota and its value."""
    limit = _concurrency(aws) if reserved else None
    if limit is not None and limit < reserved + _UNRESERVED:
        raise DeployError(
            f"the account's quota of {limit} concurrent Lambda executions in {aws.region} is too small: the functions "
            f"reserve {reserved}, and Lambda keeps {_UNRESERVED} for others",
            remedy="ask for 1,000 under Service Quotas, AWS Lambda, Concurrent executions",
        )
    if makes_network:
        _require_room_for_a_vpc(aws)


def _require_room_for_a_vpc(aws: Aws) -> None:
    quota = _quota(aws, "vpc", _VPC_QUOTA)
    there = sum(len(page["Vpcs"]) for page in aws.pages("ec2", "describe_vpcs"))
    if quota is not None and there >= quota:
        raise DeployError(
            f"{aws.region} has {there} VPCs, and the account's quota there is {quota:.0f}",
            remedy="remove one that is not needed, or ask for more under Service Quotas, Amazon VPC, VPCs per Region",
        )


def _concurrency(aws: Aws) -> int | None:
    """None where it cannot be asked."""
    try:
        return int(aws.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"])
    except refusals():
        return None


def _quota(aws: Aws, service: str, code: str) -> float | None:
    """None where it cannot be asked: then CloudFormation says it."""
    try:
        found = aws.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)
    except refusals():
        return None
    return float(found["Quota"]["Value"])


def _enabled(aws: Aws) -> list[str]:
    return [it["RegionName"] for it in aws.client("ec2").describe_regions()["Regions"]]


def _has_stack(aws: Aws, name: str, region: str) -> bool:
    try:
        return bool(aws.client("cloudformation", region=region).describe_stacks(StackName=name)["Stacks"])
    except refusals():
        return False


def _principal(aws: Aws, caller: Caller) -> str | None:
    """The user or role whose policies count; None for the root user, who may do everything."""
    kind, _, name = caller.arn.rpartition(":")[2].partition("/")
    if kind != "assumed-role":
        return None if kind == "root" else caller.arn
    from botocore.exceptions import ClientError

    try:
        found: Any = aws.client("iam").get_role(RoleName=name.partition("/")[0])
    except ClientError:
        return None
    return str(found["Role"]["Arn"])


def _home(aws: Aws) -> str:
    return _HOMES.get(aws.partition, aws.region)
