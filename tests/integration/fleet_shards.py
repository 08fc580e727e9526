"""A shard at work without a control plane: a fake of it in memory, which grants, keeps a budget and remembers the journal."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.leases import LeaseReply, LeaseRequest
from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import Load, Parameters, Price, ProviderSettings, Shard, Target, TestRequest

from runner_image.isolation.processes import ProcessIsolation
from runner_image.retries import Policy
from runner_image.stopping import Stop
from runner_image.workloads.llm.workload import Llm
from runner_image.workloads.protocol import Job, Progress
from runner_image.workloads.protocol import Outcome as Result


@dataclass
class FakeControlPlane:
    """FleetControl in memory. `budget_usd` is reserved and settled as the real one does; `stop_after` leases it stops."""

    shard: Shard
    kept: list[Outcome] = field(default_factory=list)
    asked: list[LeaseRequest] = field(default_factory=list)
    budget_usd: float | None = None
    stop_after: int | None = None
    grants: int = 1000
    spent_usd: float = 0.0
    executor: str | None = None
    _reserved_usd: float = 0.0
    _granted: int = 0
    _chunks: dict[tuple[int, int], int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> tuple[Mapping[str, Any], Sequence[Outcome]]:
        max_cost = self.shard.max_cost if self.budget_usd is None else self.budget_usd
        return self.shard.model_dump(mode="json") | {"max_cost": max_cost}, list(self.kept)

    def keep(self, number: int, outcomes: Sequence[Outcome]) -> None:
        """A chunk that is kept again only ever grows."""
        before = self._chunks.get((id(outcomes[0]), number), 0)
        self.kept += outcomes[before:]
        self._chunks[id(outcomes[0]), number] = len(outcomes)

    def select(self, model: str) -> str:
        if self.executor is None:
            raise LookupError(f"nobody serves {model}")
        return self.executor

    def lease(self, request: LeaseRequest) -> LeaseReply:
        with self._lock:
            self.asked.append(request)
            for settled in request.settled:
                self.spent_usd += settled.usd
                self._reserved_usd -= settled.reserved_usd or 0.0
            granted = min(request.want, self.grants)
            if self.stop_after is not None:
                granted = min(granted, self.stop_after - self._granted)
            return self._reply(request, granted)

    def _reply(self, request: LeaseRequest, granted: int) -> LeaseReply:
        name = f"l{len(self.asked)}"
        if self.budget_usd is not None and request.want:
            waits, amounts = self._reserved_usd > 1e-9, request.reserve_usd or [0.0] * request.want
            granted = self._paid(amounts[:granted])
            if granted == 0 and (not waits or amounts[0] > self.budget_usd):
                return LeaseReply(stop="budget")
        self._granted += granted
        if request.want and not granted and self.stop_after is not None:
            return LeaseReply(stop="stopped")
        return LeaseReply(granted=granted, lease_id=name, retry_after_ms=10)

    def _paid(self, amounts: list[float]) -> int:
        granted = 0
        for amount in amounts:
            if self.spent_usd + self._reserved_usd + amount > (self.budget_usd or 0.0) + 1e-12:
                break
            self._reserved_usd += amount
            granted += 1
        return granted


QUICK = Policy(patience_s=60, first_s=0.01, most_s=0.02)
PRICE = Price.model_validate({"input_mtok": "1000", "output_mtok": "2000"})  # USD 0.001 and 0.002 a token


def shard(url: str, prompts: Sequence[str], **changes: Any) -> Shard:
    """Tests `t1`, `t2`, … with these prompts."""
    settings = ProviderSettings(type="openai-compatible", base_url=f"{url}/v1", **changes.pop("provider", {}))
    tests = [
        TestRequest(key=f"t{number}", test_id=f"t{number}", prompt=prompt, parameters=Parameters(max_tokens=10))
        for number, prompt in enumerate(prompts, start=1)
    ]
    common: dict[str, Any] = {
        "number": 1,
        "repository_id": "repo",
        "repository_name": "Repo",
        "dataset_name": "data",
        "target": Target(spec="loop:m", provider="loop", model="m", name="loop_m"),
        "load": Load(concurrency=4),
        "timeout_s": 5.0,
        "max_retries": 2,
    }
    return Shard(**{**common, "provider": settings, "tests": tests, **changes})


def executed(
    control: FakeControlPlane,
    folder: Path,
    *,
    attempt: int = 1,
    environment: Mapping[str, str] | None = None,
    answers: Path | None = None,
) -> Result:
    """As a runner does it: prepare, run, collect."""
    workload, told = Llm(QUICK, answers), list[Progress]()
    job = Job("r.1", folder, {}, fleet=control, credentials=environment or {}, attempt=attempt)
    with ProcessIsolation({}).open(folder, stop=Stop()) as slot:
        prepared = workload.prepare(job, slot, told.append)
        code = workload.run(job, prepared, slot, told.append)
        return workload.collect(job, prepared, code)
