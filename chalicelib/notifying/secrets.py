"""Signing secrets of webhooks in the parameter store. The answer to `domain/schedule_ports.Secrets`."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.notifying.signing import new_secret

_GONE = "ParameterNotFound"


class ParameterSecrets:
    """`below` is the folder of all of them, ending in a slash. `client` is called on first use."""

    def __init__(self, client: Callable[[], Any], below: str) -> None:
        self._client = client
        self.below = below

    def make(self, name: str) -> str:
        """A new secret under this name. Made again, it is another one: nobody was shown the first."""
        secret = new_secret()
        self._client().put_parameter(Name=name, Value=secret, Type="SecureString", Overwrite=True)
        return secret

    def read(self, name: str) -> str | None:
        """None where there is none, or where it is none of ours."""
        if not name.startswith(self.below):
            return None
        try:
            return str(self._client().get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except ClientError as error:
            if error.response["Error"]["Code"] == _GONE:
                return None
            raise

    def delete(self, name: str) -> None:
        try:
            self._client().delete_parameter(Name=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != _GONE:
                raise
