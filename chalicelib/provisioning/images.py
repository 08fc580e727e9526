"""The machine image of an instance: Amazon Linux 2023, which brings the AWS CLI and a package of Docker.

AWS publishes its newest id as a public parameter of each region:
https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli
"""

from benchfleet_contract.places import Architecture

from chalicelib.provisioning.clients import Clients

PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
ROOT_DEVICE = "/dev/xvda"


class Images:
    """Ids are kept for the life of this process: an older image does as well, until AWS withdraws it."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: dict[tuple[str, Architecture], str] = {}

    def newest(self, region: str, architecture: Architecture) -> str:
        """The image's id. Raises what botocore raises."""
        key = (region, architecture)
        if key not in self._known:
            name = PARAMETER.format(architecture=architecture)
            answer = self._clients("ssm", region).get_parameter(Name=name)
            self._known[key] = answer["Parameter"]["Value"]
        return self._known[key]

    def forget(self, region: str, architecture: Architecture) -> None:
        self._known.pop((region, architecture), None)
