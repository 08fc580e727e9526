"""Machines as the control plane asks for them, and the port behind which each cloud brings them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from benchfleet_contract.launches import FailureCode

MachineState = Literal["starting", "running", "ending", "ended"]
MAX_TOKEN_CHARS = 64


@dataclass(frozen=True)
class Order:
    """One machine. `token` (at most 64 characters) is the same for each try of one attempt: the cloud launches it once."""

    run_id: str
    name: str
    provider: str
    instance_type: str
    region: str
    market: str
    slots: int | Literal["core", "vcpu"]
    image: str | None
    disk_gb: int
    expires_ms: int
    token: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Machine:
    """A machine as the cloud shows it. `failure`: why it ended, where neither we nor its own script ended it."""

    resource_id: str
    region: str
    zone: str | None
    state: MachineState
    reason: str | None
    market: str
    failure: "LaunchFailed | None" = None


@dataclass(frozen=True)
class Tagged:
    """A machine found by its tags. It has not ended; what its tags do not say is None."""

    resource_id: str
    region: str
    run_id: str | None
    name: str | None
    expires_ms: int | None


@dataclass(frozen=True)
class TypeFacts:
    """What a cloud says of an instance type. `cores` are physical ones."""

    vcpus: int
    cores: int
    memory_bytes: int
    architecture: Literal["x86_64", "arm64"]


class LaunchFailed(Exception):
    """There is no machine. `words` say why, `remedy` what to do about it."""

    def __init__(self, code: FailureCode, words: str, remedy: str) -> None:
        super().__init__(words)
        self.code: FailureCode = code
        self.words = words
        self.remedy = remedy

    @property
    def try_elsewhere(self) -> bool:
        """May another zone or region have what this one has not?"""
        return self.code == "capacity"


class MachineProvider(Protocol):
    """One kind of machine of one cloud. What it launches carries the order's tags from its first moment on."""

    def launch(self, order: Order) -> Machine:
        """The same token twice: the same machine. Tries the region's zones in turn. Raises LaunchFailed."""

    def describe(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Machine]:
        """By resource id; what is gone is absent or `ended`. Raises LaunchFailed when the cloud does not tell."""

    def terminate(self, region: str, resource_ids: Sequence[str]) -> None:
        """Idempotent; what is gone is no error. Raises LaunchFailed when it may still run."""

    def tagged(self, region: str) -> list[Tagged]:
        """Every machine of this stage that has not ended. Raises LaunchFailed."""

    def facts(self, region: str, instance_types: Sequence[str]) -> Mapping[str, TypeFacts]:
        """By type; absent: the region has no such type. Raises LaunchFailed."""


@dataclass(frozen=True)
class Price:
    """USD an hour, of a machine with its disk and address. `at_most` is what it can rise to: that of a spot machine to the
    price on demand; None where nobody knows that one. `date` is the day of the type's price, ISO 8601.
    """

    hourly: Decimal
    at_most: Decimal | None
    date: str


class Prices(Protocol):
    """What machines cost."""

    def find(self, region: str, instance_type: str, market: str, *, disk_gb: int) -> Price | None:
        """None where it is not known."""
