"""Measures one running server: the gate, then load, for each workload. The kind `http` and the direct command call it.

What fails costs its workload only; a server that died costs those that follow, too. Numbers so far are kept.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, Protocol, TypeVar

from benchfleet_contract.http_results import AtRate, Level, Resources, WorkloadResult

from runner_image.workloads.http import shapes
from runner_image.workloads.http.load import checks
from runner_image.workloads.http.load.driver import Driver, FixedRate, Latency, Request, Saturation, Target, ToolFailed
from runner_image.workloads.http.plan import PRIMER_CONNECTIONS, Plan
from runner_image.workloads.protocol import WorkloadError

MOST_WRONG = 0.001  # of all answers: with more of them a cell is invalid
SKIPPED = "the server had ended before its turn"
Rung = TypeVar("Rung", Level, AtRate)


class Asked(Protocol):
    """One workload of the contract. `target`: path and query as they go over the wire."""

    @property
    def name(self) -> str: ...
    @property
    def suite(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def target(self) -> str: ...
    @property
    def headers(self) -> tuple[tuple[str, str], ...]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def expected_status(self) -> int: ...
    @property
    def declared_bytes(self) -> int | None: ...


@dataclass(frozen=True)
class Gate:
    """What verification found. `body`: of the right answer, which every answer under load must have."""

    status: Literal["pass", "unsupported", "fail"]
    reasons: tuple[str, ...] = ()
    body: bytes | None = None


class Served(Protocol):
    """A server that runs. `alive` raises WorkloadError with the ends of its logs where it does not any more."""

    @property
    def port(self) -> int: ...

    def alive(self) -> None: ...


class Watch(Protocol):
    """Samples the server's process tree between the two calls."""

    def start(self) -> None: ...

    def stop(self) -> Resources: ...


@dataclass(frozen=True)
class Loaders:
    """`check_*` say why a cell cannot be believed; nothing where it can. `cores` are the generator's."""

    saturation: Driver
    latency: FixedRate | None
    verify: Callable[[Asked], Gate]
    watch: Callable[[], Watch]
    check_saturation: Callable[[Saturation, Resources], Sequence[str]] = checks.of_saturation
    check_latency: Callable[[Latency, Resources], Sequence[str]] = checks.of_latency
    cores: tuple[int, ...] = ()


def measure(
    server: Served, workloads: Sequence[Asked], plan: Plan, loaders: Loaders, *, on_workload: Callable[[str], None]
) -> Iterator[WorkloadResult]:
    """One result for each workload, as soon as it is known. Raises Stopped when the task was stopped.

    `on_workload` is told which one is under way, and what of it is measured again.
    """
    died = ""
    for asked in workloads:
        if died:
            yield shapes.without(asked, "failed", [died])
            continue
        on_workload(asked.name)
        found = _Cell(server, asked, plan, loaders, on_workload).measured()
        yield found
        died = _ended(server)


def _ended(server: Served) -> str:
    try:
        server.alive()
    except WorkloadError as error:
        return f"{SKIPPED}: {error}"
    return ""


@dataclass
class _Cell:
    """One workload of one server."""

    server: Served
    asked: Asked
    plan: Plan
    loaders: Loaders
    on_step: Callable[[str], None]
    levels: list[Level] = field(default_factory=list)
    rates: list[AtRate] = field(default_factory=list)
    used: dict[int, Resources] = field(default_factory=dict)  # by connections

    def measured(self) -> WorkloadResult:
        gate = self.loaders.verify(self.asked)
        if gate.status != "pass":
            status: Literal["unsupported", "failed"] = "unsupported" if gate.status == "unsupported" else "failed"
            return shapes.without(self.asked, status, list(gate.reasons))
        try:
            self._load(request_of(self.asked, gate))
            self.server.alive()
        except (WorkloadError, ToolFailed) as error:
            return shapes.cell(self.asked, self.levels, self.rates, self.used, failed=str(error))
        return shapes.cell(self.asked, self.levels, self.rates, self.used)

    def _load(self, request: Request) -> None:
        self._warm(request)
        for connections in self.plan.concurrencies:
            level = self._tried(partial(self._saturated, request, connections), f"{connections} connections")
            self.levels.append(level)
        best = shapes.best(self.levels)
        if best is None or self.loaders.latency is None:
            return
        for fraction in self.plan.fractions:
            rung = partial(self._at_rate, self.loaders.latency, request, fraction, best.rps)
            self.rates.append(self._tried(rung, f"{fraction:.0%} of the saturation rate"))

    def _tried(self, rung: Callable[[], Rung], what: str) -> Rung:
        """Measured again while it is disturbed, some times; the last try counts, with what disturbed the others."""
        earlier: list[str] = []
        while True:
            found = rung()
            self.server.alive()
            if not found.validity.disturbed or len(earlier) + 1 >= self.plan.tries:
                return found.model_copy(update={"earlier": earlier or None})
            earlier.append("; ".join(found.validity.reasons))
            self.on_step(f"{self.asked.name} at {what} again: {earlier[-1]}")

    def _warm(self, request: Request) -> None:
        """Nothing of it is kept."""
        steps = ((self.plan.primer_s, PRIMER_CONNECTIONS), (self.plan.warmup_s, self.plan.top))
        for duration_s, connections in steps:
            if duration_s > 0:
                self._closed_loop(request, connections, duration_s)

    def _closed_loop(self, request: Request, connections: int, duration_s: float) -> Saturation:
        return self.loaders.saturation.saturate(
            Target(self.server.port),
            request,
            connections=connections,
            duration_s=duration_s,
            keep_alive=self.plan.keep_alive,
            cores=self.loaders.cores,
        )

    def _saturated(self, request: Request, connections: int) -> Level:
        with self._watched() as told:
            found = self._closed_loop(request, connections, self.plan.duration_s)
        used = told()
        self.used[connections] = used
        return shapes.level(found, used, [*wrong(found.ok, found.requests, found.errors), *self._doubts(found, used)])

    def _doubts(self, found: Saturation, used: Resources) -> Sequence[str]:
        return self.loaders.check_saturation(found, used)

    def _at_rate(self, tool: FixedRate, request: Request, fraction: float, saturation: float) -> AtRate:
        with self._watched() as told:
            found = tool.open_loop(
                Target(self.server.port),
                request,
                rate=max(1.0, fraction * saturation),
                duration_s=self.plan.rate_duration_s,
                connections=self.plan.top,
                keep_alive=self.plan.keep_alive,
                seed=self.plan.seed,
                cores=self.loaders.cores,
            )
        used = told()
        unsent = max(0, found.intended - found.sent)
        doubts = [*wrong(found.ok, found.completed, found.errors, unsent=unsent), *found.invalid]
        return shapes.at_rate(found, fraction, used, [*doubts, *self.loaders.check_latency(found, used)])

    @contextmanager
    def _watched(self) -> Iterator[Callable[[], Resources]]:
        watch, found = self.loaders.watch(), list[Resources]()
        watch.start()
        try:
            yield lambda: found[0]
        finally:
            found.append(watch.stop())


def wrong(right: int, answers: int, errors: "shapes.Counts", *, unsent: int = 0) -> list[str]:
    """Why this cell may not win: no right answer, or too many that are wrong or missing.

    `unsent`: requests that were due and never found a free connection.
    """
    failed = answers - right + sum(errors.values()) + unsent
    if right == 0:
        return ["no right answer at all"]
    share = failed / (right + failed)
    return [f"{share:.2%} of the answers were wrong or missing"] if share > MOST_WRONG else []


def request_of(asked: Asked, gate: Gate) -> Request:
    """What is sent again and again, and what is right for an answer."""
    return Request(
        method=asked.method,
        path=asked.target,
        headers=asked.headers,
        body=asked.body,
        expected_status=asked.expected_status,
        response_bytes=None if gate.body is None else len(gate.body),
        response_body=gate.body,
    )
