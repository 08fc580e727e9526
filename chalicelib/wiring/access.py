"""Who may do what: the digests of the keys, from the parameter store."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chalicelib.wiring.clients import client

if TYPE_CHECKING:
    from chalicelib.services.keyring import Keyring

KEYS_CACHED_S = 60


@dataclass(frozen=True, eq=False, repr=False)
class Access:
    """`parameter` names the parameter that holds the digests."""

    parameter: str

    @cached_property
    def keyring(self) -> "Keyring":
        from chalicelib.services.keyring import Keyring

        return Keyring(self._digests)

    @cached_property
    def _parameters(self) -> Any:
        """A provider of our own, not the module's: what it has cached must not outlive these services."""
        from aws_lambda_powertools.utilities.parameters import SSMProvider

        return SSMProvider(boto3_client=client("ssm"))

    def _digests(self) -> str:
        return str(self._parameters.get(self.parameter, max_age=KEYS_CACHED_S, decrypt=True))
