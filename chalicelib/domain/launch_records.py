"""One launch as the control plane remembers it, and how it changes.

    wanted ──► starting ──► running ──► ending ──► ended | failed
       └──► failed | ended

An attempt is noted (`aimed`) before the cloud is asked, with all that the question holds. So it can be asked again with the
same token after a crash, and the cloud gives the same machine.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Self

from benchfleet_contract.launches import FailureCode, LaunchPhase, LaunchReport, LaunchState, Market

from chalicelib.domain.fleets import Means
from chalicelib.domain.launches import Machine, Order, Price
from chalicelib.domain.leases import iso
from chalicelib.domain.records import Demand, Run

LIVE: frozenset[LaunchState] = frozenset({"starting", "running"})
OPEN: frozenset[LaunchState] = frozenset({"wanted", "starting", "running", "ending"})
NOTED_EVERY_MS = 60_000  # how often it is worth a write that a machine is still there
_STEPS: Mapping[LaunchPhase, tuple[FailureCode, str]] = {
    "boot": ("not_ready", "`benchfleet logs` has what the machine wrote"),
    "docker": ("network", "machines need a way out to the internet for their packages"),
    "key": ("permission", "the machine's role must be allowed to read the runner key's parameter"),
    "image": ("image", "push the image to where `image` says, in the machine's architecture; `benchfleet deploy` does"),
}
_OTHERWISE: tuple[FailureCode, str] = ("not_ready", "`benchfleet logs` has what the runner wrote")


@dataclass(frozen=True)
class Failure:
    """Why there is no such machine, or none any more."""

    code: FailureCode
    words: str
    remedy: str


@dataclass(frozen=True)
class Launch:
    """`slot` is its place among the machines of its type, `turn` how many had that place before. Times are milliseconds."""

    run_id: str
    number: int
    name: str
    provider: str
    provisioner: str
    instance_type: str
    market: Market
    slot: int
    turn: int
    wanted_ms: int
    state: LaunchState = "wanted"
    attempt: int = 0  # at being launched; each has a region of its own
    aimed: bool = False  # was it asked for, and nobody knows the answer?
    tries: int = 0  # of this attempt that came to no answer
    not_before_ms: int = 0
    region: str | None = None
    zone: str | None = None
    resource_id: str | None = None
    launched_ms: int | None = None
    called_home_ms: int | None = None
    seen_ms: int | None = None  # when a runner on it, or it itself, was last heard of
    ended_ms: int | None = None
    expires_ms: int | None = None
    phase: LaunchPhase | None = None
    message: str | None = None
    hourly: Decimal | None = None  # USD
    hourly_at_most: Decimal | None = None  # USD, by which `max_cost` is kept
    price_date: str | None = None  # the day of that price
    failure: Failure | None = None

    @property
    def demand(self) -> Demand:
        return Demand(self.provider, self.instance_type)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_live(self) -> bool:
        """Is there a machine that is to work?"""
        return self.state in LIVE

    def evolve(self, **changes: Any) -> Self:
        return replace(self, **changes)

    def aim(self, *, region: str, expires_ms: int, price: Price | None) -> Self:
        """The next attempt, as it is about to be made."""
        return self.evolve(
            attempt=self.attempt + 1, aimed=True, tries=0, region=region, expires_ms=expires_ms,
            hourly=price.hourly if price else None, hourly_at_most=price.at_most if price else None,
            price_date=price.date if price else None,
        )  # fmt: skip

    def launched(self, machine: Machine, *, now_ms: int) -> Self:
        return self.evolve(
            state="starting", aimed=False, resource_id=machine.resource_id, zone=machine.zone, launched_ms=now_ms,
            failure=None, tries=0,
        )  # fmt: skip

    def heard_of(self, seen_ms: int) -> Self:
        """The same where that is no news, or hardly any."""
        if self.seen_ms is not None and seen_ms < self.seen_ms + NOTED_EVERY_MS:
            return self
        return self.evolve(seen_ms=seen_ms, called_home_ms=self.called_home_ms or seen_ms)

    def reported(self, report: LaunchReport, *, now_ms: int) -> Self:
        """What the machine says of itself. One that could not get ready says at which step.

        One that we end finds that it is shut down, and calls that a failure: it is none.
        """
        failure = self.failure
        if report.phase == "failed" and self.is_open and self.state != "ending" and failure is None:
            code, remedy = _STEPS.get(self.phase or "boot", _OTHERWISE)
            failure = Failure(code, report.message or f"the machine failed in phase {self.phase}", remedy)
        return self.evolve(
            phase=report.phase, message=report.message, seen_ms=now_ms, failure=failure,
            called_home_ms=self.called_home_ms or now_ms,
        )  # fmt: skip

    def end(self, failure: Failure | None = None) -> Self:
        """Its machine is about to be ended."""
        return self.evolve(state="ending", failure=self.failure or failure)

    def over(self, *, now_ms: int, failure: Failure | None = None) -> Self:
        """There is no machine any more."""
        failure = self.failure or failure
        state: LaunchState = "failed" if failure and self.resource_id is not None else "ended"
        return self.evolve(state=state, aimed=False, ended_ms=now_ms, failure=failure if state == "failed" else None)

    def give_up(self, failure: Failure, *, now_ms: int) -> Self:
        """There never was a machine, and there will be none."""
        return self.evolve(state="failed", aimed=False, ended_ms=now_ms, failure=failure)


def token_of(run: Run, launch: Launch) -> str:
    """The same for each try of one attempt. Runs of one id, one after the other, have different ones."""
    parts = (run.run_id, str(run.created_ms), launch.name, launch.region or "", str(launch.attempt))
    return hashlib.sha256("/".join(parts).encode()).hexdigest()[:48]


def order_of(run: Run, launch: Launch, means: Means, *, stage: str) -> Order:
    """What the cloud is asked for in the attempt that was aimed."""
    tags = {
        "benchfleet": stage, "benchfleet:run": run.run_id, "benchfleet:launch": launch.name,
        "benchfleet:expires": iso(launch.expires_ms) or "",
    }  # fmt: skip
    return Order(
        run_id=run.run_id, name=launch.name, provider=launch.provider, instance_type=launch.instance_type,
        region=launch.region or "", market=launch.market, slots=means.slots, image=means.image, disk_gb=means.disk_gb,
        expires_ms=launch.expires_ms or 0, token=token_of(run, launch), tags=tags,
    )  # fmt: skip
