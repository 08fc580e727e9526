"""Parameters of the account's parameter store that a deploy writes."""

from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.refusals import code_of


class Parameters:
    """Those of one stage, which they are tagged with."""

    def __init__(self, aws: Aws, stage: str) -> None:
        self._ssm = aws.client("ssm")
        self._stage = stage

    def get(self, name: str) -> str | None:
        """The plain value; None if there is no such parameter."""
        from botocore.exceptions import ClientError

        try:
            return str(self._ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except ClientError as error:
            if code_of(error) == "ParameterNotFound":
                return None
            raise

    def put(self, name: str, value: str, *, secret: bool) -> None:
        """Tags are given with a new one; AWS does not take them with Overwrite."""
        kind: dict[str, Any] = {"Type": "SecureString"} if secret else {"Type": "String", "Tier": "Intelligent-Tiering"}
        new = self.get(name) is None
        more: dict[str, Any] = {"Tags": [{"Key": "benchfleet", "Value": self._stage}]} if new else {"Overwrite": True}
        self._ssm.put_parameter(Name=name, Value=value, **kind, **more)
