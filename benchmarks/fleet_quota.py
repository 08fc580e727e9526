"""Sixteen runners share a provider's key of 100 requests a minute: what they use of it, and what that costs the control plane.

The service and the table are real, the clock is not: minutes pass in some seconds, the same each time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.fleets.leases import KeyLimits, LeaseReply, LeaseRequest

from benchmarks.fleet_runners import Runners
from benchmarks.metric import Metric
from benchmarks.subject import Subject, subject, units
from chalicelib.domain.ports import Holder
from chalicelib.services.fleets.shard_work import ShardWork
from chalicelib.settings import from_environment
from chalicelib.wiring import Services

RUNNERS, RPM, MINUTES = 16, 100, 5
OVER, USED = 1.02, 0.90


def metrics() -> list[dict[str, Any]]:
    with _control_plane() as plane:
        told = _measured(plane, max_cost=None)
        return [*told, *_measured(plane, max_cost=1_000.0)[2:]]


def _measured(plane: "_Plane", *, max_cost: float | None) -> list[dict[str, Any]]:
    usd, key = (0.001, "budgeted-1") if max_cost else (0.0, "loop-1")
    begun, asked = plane.begin(max_cost), Runners(plane.ask, KeyLimits(rpm=RPM), usd=usd, key=key)
    before, written = plane.paid(), plane.under.meter.total()
    asked.run(from_ms=begun, until_ms=begun + MINUTES * 60_000)
    paid, requests, sent = plane.paid() - before, plane.under.meter.total() - written, len(asked.sent_ms)
    used = asked.within(begun + 60_000, begun + MINUTES * 60_000) / (RPM * (MINUTES - 1))
    where = " of a fleet with a budget" if max_cost else ""
    how = f"{RUNNERS} runners, {RPM} requests a minute, {MINUTES} simulated minutes, {sent} requests"
    rows = [
        Metric("requests in the busiest minute, over the limit", asked.busiest_minute() / RPM, "ratio", OVER, how),
        Metric("share of the limit that is not used", round(1 - used, 4), "share", round(1 - USED, 4), how),
        Metric(f"requests to the control plane per LLM request{where}", round(asked.questions / sent, 3), "requests", 1, how),
        Metric(f"those that only tell what became of leases{where}", round(asked.settling / sent, 3), "requests", None, how),
        Metric(f"write units per lease{where}", round(paid / asked.questions, 3), "WCU", None, how),
        Metric(f"DynamoDB requests per lease{where}", round(requests / asked.questions, 3), "requests", None, how),
    ]  # fmt: skip
    return [row.as_dict() for row in rows]


@dataclass
class _Plane:
    """A control plane whose leases are asked for in this process, at the time that the simulation says."""

    under: Subject
    now_ms: int = 0
    run_id: str = ""

    def begin(self, max_cost: float | None) -> float:
        """A run of which every runner has one shard. Returns the time of the server."""
        case = {"id": "t", "prompt": "p", "config": {"max_tokens": 8}}
        manifest = {
            "fleet_id": "quota", "providers": ["loop:m"], "settings": {"max_cost": max_cost},
            "repositories": [{"id": f"r{n}", "name": "R", "dataset_path": "d.json"} for n in range(RUNNERS)],
        }  # fmt: skip
        body = {
            "manifest": manifest, "datasets": {"d.json": {"name": "d", "version": "1", "test_cases": [case]}},
            "providers": {"loop": {"type": "openai-compatible", "base_url": "http://127.0.0.1:1/v1"}},
        }  # fmt: skip
        self.run_id = self.under.http.post("/fleets/runs", json=body).raise_for_status().json()["run_id"]
        for number in range(RUNNERS):
            claim = {"provider": "local", "instance_type": "fleet", "runner_id": f"q{number}"}
            self.under.http.post(f"/runs/{self.run_id}/tasks/claim", json=claim).raise_for_status()
        services = Services(from_environment(), clock=lambda: self.now_ms)
        self._work: ShardWork = services.fleets.work
        self.now_ms = Services(from_environment()).clock()
        return float(self.now_ms)

    def ask(self, runner: int, request: LeaseRequest, now_ms: float) -> LeaseReply:
        self.now_ms = int(now_ms)
        return self._work.lease(self.run_id, runner + 1, Holder(attempt=1), request)

    def paid(self) -> int:
        return units(self.under.written()) + self.under.meter.refused_units


@contextmanager
def _control_plane() -> Iterator[_Plane]:
    with subject() as under:
        yield _Plane(under)
