"""Launches: the machines that the control plane asked a cloud for, one EC2 instance or ECS task each."""

import hashlib
from typing import Literal

from pydantic import Field

from benchfleet_contract.document import Document

FailureCode = Literal[
    "quota", "capacity", "unsupported", "interrupted", "not_ready", "image", "permission", "credentials", "network", "cost",
    "invalid", "unknown",
]  # fmt: skip
LaunchState = Literal["wanted", "starting", "running", "ending", "ended", "failed"]
LaunchPhase = Literal["boot", "docker", "key", "image", "runner", "ended", "failed", "draining"]
Market = Literal["on-demand", "spot"]

MAX_LAUNCHES = 1_000  # of a run, and in one answer
MAX_REPORT_CHARS = 512  # of a report's message


class LaunchFailure(Document):
    """Why there is no such machine, or none any more. `code` is for programs; `remedy` says what to do about it."""

    code: FailureCode
    message: str
    remedy: str


class LaunchView(Document):
    """One machine. Every runner on it has an id that begins with `name` and a dash.

    `phase` and `message` are its own last report. Times are ISO 8601, UTC; `called_home_at` is when it was first heard of.
    `hourly_usd` is None where the price is not known; `cost_usd` is what it has cost up to now, or until it ended, by a price of
    the day `price_date`.
    """

    name: str
    provider: str
    provisioner: str
    instance_type: str
    region: str | None
    zone: str | None
    market: Market
    state: LaunchState
    resource_id: str | None
    phase: LaunchPhase | None
    message: str | None
    launched_at: str | None
    called_home_at: str | None
    ended_at: str | None
    expires_at: str | None
    hourly_usd: float | None
    cost_usd: float | None
    price_date: str | None = None
    failure: LaunchFailure | None


class LaunchList(Document):
    """Reply of `GET /runs/{id}/launches`, by name; empty for a run that is not provisioned."""

    run_id: str
    launches: list[LaunchView]
    truncated: bool = False


class LaunchReport(Document):
    """Body of `POST /runs/{id}/launches/{name}`: how far a machine is. Sent by its own user-data, with the runners' key."""

    phase: LaunchPhase
    message: str | None = Field(default=None, max_length=MAX_REPORT_CHARS)


def launch_name(run_id: str, number: int) -> str:
    """`bf-<8 hex of the run's id>-<n>`: a DNS label, and the same for the same launch."""
    return f"bf-{hashlib.sha256(run_id.encode()).hexdigest()[:8]}-{number}"
