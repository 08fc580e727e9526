"""What `benchfleet deploy` was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

NETWORK_TEMPLATE, MAIN_TEMPLATE = "network.json", "resources.json"
DEFAULT_BASE = "ruby:3.4.7"


@dataclass(frozen=True)
class DeployOptions:
    """`also_regions` are further regions for machines. `bucket` None: named by account and region, or what is there.

    `parameters` are the stack's, by name. `profile` is where address and key are saved.
    `system_packages` is what apt installs on `base`; None: the usual, "": nothing.
    """

    stage: str = "dev"
    also_regions: tuple[str, ...] = ()
    bucket: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    base: str = DEFAULT_BASE
    system_packages: str | None = None
    profile: str = "aws-dev"
    skip_image: bool = False
    skip_smoke: bool = False
    new_key: bool = False


@dataclass(frozen=True)
class Folders:
    """`cache` may be lost at any time; `state` holds keys between two moments; `profiles` is the file of profiles."""

    cache: Path
    state: Path
    profiles: Path
