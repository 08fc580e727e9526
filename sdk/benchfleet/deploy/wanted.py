"""The stacks that a deploy wants, with their parameters: what the user said, else what is there, else our defaults."""

from collections.abc import Mapping

from benchfleet.deploy import made
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.options import MAIN_TEMPLATE, NETWORK_TEMPLATE, DeployOptions
from benchfleet.deploy.project import APP, Project
from benchfleet.deploy.stacks import Stack
from benchfleet.exceptions import UsageError

_MOST_ZONES = 3


def main_name(stage: str) -> str:
    return f"{APP}-{stage}"


def main_stack(
    aws: Aws, project: Project, options: DeployOptions, *, account: str, there: Mapping[str, str], image: str | None
) -> Stack:
    """`there` are the parameters of the stack as it is. `image` None leaves what is there. Raises UsageError."""
    defaults = {
        "Stage": options.stage,
        "BucketName": f"{APP}-{options.stage}-{account}-{aws.region}",
        "Zones": str(zones(aws, aws.region)),
    }
    said = {
        **options.parameters,
        **({"BucketName": options.bucket} if options.bucket else {}),
        **({"RunnerImage": image} if image else {}),
    }
    _require_same_bucket(said, there)
    template = project.template(MAIN_TEMPLATE)
    known = parameters_of(project, MAIN_TEMPLATE)
    _require_known(options.parameters, known)
    chosen = {name: value for name, value in {**defaults, **there, **said}.items() if name in known}
    return Stack(main_name(options.stage), aws.region, template, chosen, {"benchfleet": options.stage})


def network_stack(
    aws: Aws, project: Project, options: DeployOptions, *, region: str, there: Mapping[str, str], main: made.Outputs
) -> Stack:
    """Of a further region. `main` are the outputs of the main stack."""
    known = parameters_of(project, NETWORK_TEMPLATE)
    given = {name: value for name, value in options.parameters.items() if name in known}
    handed = {name: main[name] for name in made.FOR_NETWORKS if name in main}
    chosen = {"Zones": str(zones(aws, region)), **there, **given, **handed, "Stage": options.stage}
    fitting = {name: value for name, value in chosen.items() if name in known}
    name = f"{main_name(options.stage)}-network"
    return Stack(name, region, project.template(NETWORK_TEMPLATE), fitting, {"benchfleet": options.stage})


def zones(aws: Aws, region: str) -> int:
    """In how many zones machines may be: all that the region has, up to three."""
    found = aws.client("ec2", region=region).describe_availability_zones(
        Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}, {"Name": "state", "Values": ["available"]}]
    )
    return min(_MOST_ZONES, len(found["AvailabilityZones"]))


def parameters_of(project: Project, template: str) -> frozenset[str]:
    import json

    return frozenset(json.loads(project.template(template)).get("Parameters", {}))


def _require_known(given: Mapping[str, str], known: frozenset[str]) -> None:
    for name in given:
        if name not in known:
            raise UsageError(f"the stack has no parameter {name}; it has: {', '.join(sorted(known))}")


def _require_same_bucket(said: Mapping[str, str], there: Mapping[str, str]) -> None:
    """CloudFormation would make a new bucket, and forget the old one with all results."""
    wanted, has = said.get("BucketName"), there.get("BucketName")
    if wanted and has and wanted != has:
        raise UsageError(
            f"the results are in the bucket {has}; another one cannot be chosen any more: leave out --bucket"
        )
