"""Where machines can be put, from the parameter store."""

from dataclasses import dataclass, field

from benchfleet_contract.places import Places
from botocore.exceptions import ClientError

from chalicelib.domain.launches import LaunchFailed
from chalicelib.domain.ports import Clock
from chalicelib.provisioning.asking import asking, code_of
from chalicelib.provisioning.places import read_places
from chalicelib.wiring.clients import client

CACHED_MS = 60_000


@dataclass
class PlacesReader:
    """`parameter` names what a deployment writes. Read again after a minute, so that a new deployment is seen."""

    parameter: str
    clock: Clock
    _read: tuple[int, Places] | None = field(default=None, init=False)

    def __call__(self) -> Places:
        """Raises LaunchFailed."""
        now_ms = self.clock()
        if self._read is None or self._read[0] < now_ms - CACHED_MS:
            self._read = now_ms, read_places(self._text())
        return self._read[1]

    def _text(self) -> str:
        with asking("reading where this deployment puts machines"):
            try:
                return str(client("ssm").get_parameter(Name=self.parameter)["Parameter"]["Value"])
            except ClientError as error:
                if code_of(error) != "ParameterNotFound":
                    raise
        words = f"this control plane has no place for machines: there is no parameter {self.parameter}"
        raise LaunchFailed("invalid", words, "`benchfleet deploy` makes one")
