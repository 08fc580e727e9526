"""What AWS refuses, in our vocabulary: one table from its error codes to a code of ours, words and a remedy.

The codes are those of https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (EC2),
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html (ECS) and
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/CommonErrors.html (signatures). Pure.

`network` and `unknown` are also said where the same request may succeed soon, or has: it is repeated with its token.
"""

import re
from dataclasses import dataclass

from benchfleet_contract.launches import FailureCode

from chalicelib.domain.launches import LaunchFailed


@dataclass(frozen=True)
class Rule:
    code: FailureCode
    words: str
    remedy: str


# SpotMaxPriceTooLow is of this kind: we name no price, so the market has none below that of on-demand.
_NO_CAPACITY = Rule("capacity", "there is no capacity", "wait, name more regions, another type or the other market")
_ADDRESSES = Rule(
    "capacity", "the subnet has no free address", "end machines that are not needed, or name more regions"
)
_QUOTA = Rule(
    "quota",
    "the account's quota of running vCPUs is used up",
    "ask for more in Service Quotas (EC2, Running On-Demand instances), or bring fewer machines at a time",
)
_SPOT_QUOTA = Rule(
    "quota",
    "the account's quota of spot machines is used up",
    "ask for more in Service Quotas (EC2, All Spot Instance Requests), or take `market: on-demand`",
)
_FARGATE_QUOTA = Rule(
    "quota",
    "the account's quota of Fargate vCPUs is used up",
    "ask for more in Service Quotas (AWS Fargate), or bring fewer machines at a time",
)
_DISK_QUOTA = Rule(
    "quota", "the account's quota of disks is used up", "delete volumes, or ask for more in Service Quotas"
)
_UNSUPPORTED = Rule("unsupported", "AWS does not offer this here", "name another region or instance type")
_AMI = Rule(
    "image", "the machine image cannot be used", "try again; if it stays so, look whether the region is enabled"
)
_PERMISSION = Rule(
    "permission", "the role of the control plane may not do this", "run `benchfleet deploy`: it renews the policies"
)
_BLOCKED = Rule("permission", "AWS has blocked this account", "ask AWS Support")
_OPT_IN = Rule(
    "permission", "the account has not enabled this region or service", "enable it in the account's settings"
)
_EXPIRED = Rule("credentials", "the credentials have expired", "log in to AWS again")
_WRONG_KEY = Rule(
    "credentials", "AWS does not know these credentials", "check AWS_PROFILE and the access key; log in again"
)
_SIGNATURE = Rule(
    "credentials", "AWS refuses the signature: a wrong secret key, or a wrong clock", "set the clock, then log in again"
)
_BUSY = Rule("network", "AWS takes no more requests now", "nothing: it is tried again")
_BROKEN = Rule("unknown", "AWS has a fault of its own", "nothing: it is tried again")
_UNSEEN = Rule("unknown", "a machine of this order is there, but not to be seen yet", "nothing: it is tried again")
_VERIFYING = Rule("not_ready", "AWS still checks this new account", "wait for its mail, at most four hours")
_GONE = Rule("invalid", "what the stage has deployed is not there any more", "run `benchfleet deploy` again")
_INVALID = Rule("invalid", "AWS refuses the request", "change what it names")

TABLE: dict[str, Rule] = {
    **dict.fromkeys(
        ("InsufficientInstanceCapacity", "InsufficientHostCapacity", "InsufficientCapacity", "UnfulfillableCapacity",
         "InsufficientReservedInstanceCapacity", "InsufficientVolumeCapacity", "SpotMaxPriceTooLow"),
        _NO_CAPACITY,
    ),
    **dict.fromkeys(("InsufficientFreeAddressesInSubnet", "InsufficientAddressCapacity"), _ADDRESSES),
    **dict.fromkeys(("VcpuLimitExceeded", "InstanceLimitExceeded"), _QUOTA),
    "MaxSpotInstanceCountExceeded": _SPOT_QUOTA,
    **dict.fromkeys(("VolumeLimitExceeded", "MaxIOPSLimitExceeded"), _DISK_QUOTA),
    **dict.fromkeys(("Unsupported", "UnsupportedOperation", "InvalidInstanceType", "UnsupportedFeatureException"), _UNSUPPORTED),
    **dict.fromkeys(("PlatformUnknownException", "PlatformTaskDefinitionIncompatibilityException"), _UNSUPPORTED),
    **dict.fromkeys(("InvalidAMIID.NotFound", "InvalidAMIID.Unavailable", "InvalidAMIID.Malformed", "ParameterNotFound"), _AMI),
    **dict.fromkeys(("UnauthorizedOperation", "AccessDenied", "AccessDeniedException"), _PERMISSION),
    **dict.fromkeys(("Blocked", "BlockedException"), _BLOCKED),
    "OptInRequired": _OPT_IN,
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException"), _EXPIRED),
    **dict.fromkeys(
        ("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException", "MissingAuthenticationToken",
         "MissingAuthenticationTokenException", "InvalidAccessKeyId"),
        _WRONG_KEY,
    ),
    **dict.fromkeys(
        ("RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", "IncompleteSignature"),
        _SIGNATURE,
    ),
    **dict.fromkeys(
        ("RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"), _BUSY
    ),
    **dict.fromkeys(
        ("InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "ServerException", "InternalServerError"),
        _BROKEN,
    ),
    "PendingVerification": _VERIFYING,
    **dict.fromkeys(("IdempotentParameterMismatch", "ConflictException"), _UNSEEN),
    **dict.fromkeys(
        ("InvalidSubnetID.NotFound", "InvalidSubnet", "InvalidGroup.NotFound", "InvalidSecurityGroupID.NotFound",
         "ClusterNotFoundException"),
        _GONE,
    ),
}  # fmt: skip

# Where one code stands for many things, its message tells. The first that fits counts.
_BY_MESSAGE: tuple[tuple[re.Pattern[str], Rule], ...] = (
    (re.compile(r"limit on the number of|vCPU limit", re.I), _FARGATE_QUOTA),
    (re.compile(r"^Capacity is unavailable", re.I), _NO_CAPACITY),
    (re.compile(r"instance profile", re.I), _GONE),
    (re.compile(r"for InstanceType|architecture .* does not match", re.I), _UNSUPPORTED),
    (re.compile(r"TaskDefinition (?:not found|is inactive)", re.I), _GONE),
    (re.compile(r"not able to assume|iam:PassRole", re.I), _PERMISSION),
)
_VAGUE = frozenset(
    {
        "InvalidParameterValue",
        "InvalidParameterCombination",
        "InvalidParameterException",
        "ClientException",
        "ThrottlingException",
    }
)
_ENCODED = re.compile(r"\s*Encoded authorization failure message:.*", re.S)
_NEEDS = re.compile(r"not authorized to perform: (?P<action>[\w:]+)(?: on resource: (?P<resource>\S+))?")
MAX_WORDS = 500


def failure(code: str, message: str, *, where: str) -> LaunchFailed:
    """`code` and `message` as AWS answered; `where` says what was asked for, such as "c8g.large in eu-west-1a"."""
    rule = _rule(code, message)
    said = _ENCODED.sub("", message).strip()
    words = f"{where}: {rule.words} ({code}: {said})" if said else f"{where}: {rule.words} ({code})"
    remedy = rule.remedy
    if rule is _PERMISSION and (needs := _NEEDS.search(message)):
        on = f" on {needs['resource']}" if needs["resource"] else ""
        remedy = f"allow {needs['action']}{on}; {remedy}"
    return LaunchFailed(rule.code, words[:MAX_WORDS], remedy)


def _rule(code: str, message: str) -> Rule:
    if code in _VAGUE:
        for pattern, rule in _BY_MESSAGE:
            if pattern.search(message):
                return rule
    if code in TABLE:
        return TABLE[code]
    known = code.startswith(("Invalid", "Missing", "Unknown")) or code in _VAGUE
    return _INVALID if known else Rule("unknown", "AWS refuses the request", "look its code up in AWS's documents")
