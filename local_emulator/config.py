"""What an emulator is told, and what it tells once it is ready."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

REGION = "us-east-1"
LOOPBACK = "127.0.0.1"
ACCOUNT = "123456789012"  # moto's own; ARNs carry it


@dataclass(frozen=True)
class EmulatorConfig:
    """`host` is the API's address, `aws_host` that of the emulated AWS. Ports: 0 chooses a free one.

    Every `*_s` is seconds; the short ones exist so that tests need not wait.

    `sweep_every_s` replaces the rate of the app's own schedules (None keeps what the app says). `redeliver_after_s`
    is how long a message stays invisible after its handler failed; `redrive_after` how often it is received before
    it goes to the dead letter queue. `requests_at_once` are in the app, `requests_waiting` wait for that; more get a 429.

    `machine_regions` have places for machines, the first by default. `machine_minute_s` is how long a minute of the cloud
    takes there (a shutdown's delay, a spot notice), `machine_grace_s` the time from SIGTERM to SIGKILL when one ends.
    `machine_control` opens the doors by which tests make faults.
    """

    host: str = LOOPBACK
    port: int = 0
    aws_host: str = LOOPBACK
    aws_port: int = 0
    state_dir: Path | None = None
    public_read: bool = True
    name: str = "benchfleet-local"
    sweep_every_s: float | None = None
    stream_every_s: float = 0.25
    queue_every_s: float = 0.25
    schedules_every_s: float = 1.0
    redeliver_after_s: int = 2
    redrive_after: int = 5
    snapshot_every_s: float = 5.0
    stop_within_s: float = 5.0
    requests_at_once: int = 32
    requests_waiting: int = 512
    machine_regions: tuple[str, ...] = (REGION,)
    machine_minute_s: float = 60.0
    machine_grace_s: float = 10.0
    machine_control: bool = False


@dataclass(frozen=True)
class Keys:
    """API keys, one a role; only their digests are stored in the emulated AWS."""

    admin: str
    runner: str
    reader: str


@dataclass(frozen=True)
class Ready:
    """The document of `--ready-file`. The AWS credentials are in it so that `aws --endpoint-url` works, too."""

    api_url: str
    aws_endpoint_url: str
    region: str
    table: str
    bucket: str
    keys: Keys
    pid: int
    finalize_queue: str
    aws_access_key_id: str
    aws_secret_access_key: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"
