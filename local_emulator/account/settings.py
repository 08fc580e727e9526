"""What an emulated account is told, and what it tells once it is ready."""

import json
from dataclasses import asdict, dataclass

from local_emulator.config import LOOPBACK


@dataclass(frozen=True)
class AccountConfig:
    """`host` and `port` are those of deployed REST APIs, `aws_host` and `aws_port` those of AWS. Port 0: a free one.

    Every `*_s` is seconds. `rate_s` replaces the rate of every rule (None keeps what was deployed). `enforce`: may a
    role do only what its policies allow. `twin_mappings`: take a second event source mapping of one source and one
    function, which AWS refuses. `at_once` requests of one function are handled side by side, each in a process.
    """

    host: str = LOOPBACK
    port: int = 0
    aws_host: str = LOOPBACK
    aws_port: int = 0
    enforce: bool = True
    twin_mappings: bool = False
    at_once: int = 1
    rate_s: float | None = None
    poll_every_s: float = 0.25
    rules_every_s: float = 0.5
    redeliver_after_s: int = 2
    stop_within_s: float = 5.0
    machine_minute_s: float = 60.0
    machine_grace_s: float = 10.0


@dataclass(frozen=True)
class AccountReady:
    """The document of `--ready-file`. `api_url_template` has `{rest_api_id}` and `{stage}` to fill in."""

    aws_endpoint_url: str
    api_url: str
    api_url_template: str
    region: str
    account: str
    registry: str
    token: str
    pid: int
    aws_access_key_id: str
    aws_secret_access_key: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"

    def rows(self) -> list[tuple[str, str]]:
        """What a person is told."""
        return [
            ("aws endpoint", self.aws_endpoint_url),
            ("aws access key", self.aws_access_key_id),
            ("aws secret key", self.aws_secret_access_key),
            ("region", self.region),
            ("deployed apis", self.api_url_template),
            ("image registry", self.registry),
            ("account token", self.token),
        ]
