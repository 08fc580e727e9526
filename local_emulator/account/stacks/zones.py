"""`Fn::GetAZs` as AWS resolves it: the zones that EC2 tells of the region. moto knows four of us-east-1 for every region.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
"""

from typing import Any

from moto.ec2.models import ec2_backends

GET_ZONES = "Fn::GetAZs"
_HERE = ("", {"Ref": "AWS::Region"})


def with_zones(template: Any, *, account: str, region: str) -> Any:
    """The template with each `Fn::GetAZs` replaced by names. An empty region is the stack's own."""
    if isinstance(template, list):
        return [with_zones(each, account=account, region=region) for each in template]
    if not isinstance(template, dict):
        return template
    if GET_ZONES in template:
        asked = template[GET_ZONES]
        return _names(account, region if asked in _HERE else str(asked))
    return {name: with_zones(each, account=account, region=region) for name, each in template.items()}


def _names(account: str, region: str) -> list[str]:
    zones = ec2_backends[account][region].describe_availability_zones()
    return sorted(zone.name for zone in zones if zone.zone_type == "availability-zone")
