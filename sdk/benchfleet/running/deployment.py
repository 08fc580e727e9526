"""Which deployment on AWS a connection leads to, as far as address and profile tell."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchfleet.profiles.settings import Connection

_PROFILE = "aws-"  # `benchfleet deploy` names its profiles so, followed by the stage
_HOST = re.compile(r"[a-z0-9]+\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?")


@dataclass(frozen=True)
class Deployment:
    stage: str
    region: str

    @property
    def options(self) -> str:
        """For a command line."""
        return f"--stage {self.stage} --region {self.region}"


def deployment_of(connection: Connection) -> Deployment | None:
    """None where it is not AWS's own address, or the profile has a name of the user's: nothing is guessed then."""
    host = _HOST.fullmatch(urlsplit(connection.api_url).hostname or "")
    profile = connection.profile or ""
    if host is None or not profile.startswith(_PROFILE) or profile == _PROFILE:
        return None
    return Deployment(profile.removeprefix(_PROFILE), host["region"])
