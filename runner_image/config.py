"""What a person may set for a runner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_IMAGE = "benchfleet-runner:latest"
CLAIM_PATIENCE_S = 600.0  # clouds boot machines before or after the run exists, and rarely need longer


@dataclass(frozen=True)
class Config:
    """`announce`: it is an executor, too, with the models of `executor_config`.

    `image` is what docker isolation runs; `own_image` the one that this runner itself is in.

    `container_network`: bridge, none or host, for docker isolation. `name` begins the runner's id.

    `isolation` None picks one. `stay` polls on when nothing is left to do. `environment` is for the workloads: it must
    not hold the key. `credentials` are given to the kinds of work that declare them by name, and to nothing else.
    """

    orchestrator_url: str
    provider: str
    instance_type: str
    work_root: Path
    api_key: str = field(repr=False)
    run_id: str | None = None
    slots: int = 1
    cores_per_slot: int = 1
    isolation: str | None = None
    image: str | None = None
    own_image: str | None = None
    container_network: str = "bridge"
    name: str | None = None
    mock: bool = False
    debug: bool = False
    stay: bool = False
    log_file: Path | None = None
    claim_patience_s: float = CLAIM_PATIENCE_S
    announce: bool = False
    executor_config: Path | None = None
    executor_id: str | None = None
    heartbeat_interval_s: float = 10.0
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
