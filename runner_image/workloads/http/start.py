"""One start of one server: its app, build, start, gate, load, end. The kind `http` and the direct command call it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from benchfleet_contract.http_results import Failure, HttpResult
from benchfleet_contract.workloads.http import HttpOptions

from runner_image.errors import TaskError
from runner_image.isolation.protocol import Slot
from runner_image.workloads.http.asking import asked_of, left_out
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.life.build import build
from runner_image.workloads.http.life.failures import ServerFailed
from runner_image.workloads.http.life.server import Server
from runner_image.workloads.http.load.commands import SlotCommands
from runner_image.workloads.http.load.cores import Cores, unpinned
from runner_image.workloads.http.load.driver import Driver
from runner_image.workloads.http.load.own import OpenLoop
from runner_image.workloads.http.loading import driver_of, loaders_of, require, watch_of
from runner_image.workloads.http.machine import cores_of, environment_of, tool_of
from runner_image.workloads.http.measure import Loaders, Watch, measure
from runner_image.workloads.http.oddities import leaks, oddities
from runner_image.workloads.http.pinned import PinnedSlot
from runner_image.workloads.http.plan import Plan
from runner_image.workloads.http.profiling.passing import Pass
from runner_image.workloads.http.resources.memory import pss_bytes
from runner_image.workloads.http.serving import server_of
from runner_image.workloads.http.source import Placed, placed
from runner_image.workloads.http.streams import measure as streams
from runner_image.workloads.http.versions import framework_version, runtime_version
from runner_image.workloads.protocol import WorkloadError

Only = Literal["all", "streams", "profiles"]


@dataclass
class Start:
    """`subject` stands in the result beside the framework's name. `on_step` gets what is being done, and the share (0-1).

    `only`: `streams` leaves workloads out, `profiles` leaves everything out but the pass with a profiler.
    """

    slot: Slot
    options: HttpOptions
    work_dir: Path
    subject: str | None = None
    repeat: int = 1
    only: Only = "all"
    registry: Registry = field(default_factory=Registry.load)
    on_step: Callable[[str, float], None] = lambda _what, _share: None

    def measured(self) -> HttpResult:
        """A server that could not be measured is a result with `failure`. Raises Stopped, and WorkloadError for options."""
        self._asked = () if self.only == "streams" else asked_of(self.options)
        began, name = time.monotonic(), self.options.framework or self.subject or "app"
        self.result = HttpResult(
            framework=name,
            subject=self.subject or name,
            suite=",".join(self.options.workloads or self.options.effective().suites),
            repeat=self.repeat,
            quick=self.options.quick,
            profiled=self.only == "profiles",
            started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            settings=self.options.effective().model_dump(mode="json", exclude={"app", "framework"}),
            requested=[one.name for one in self._asked],
        )
        self._note(*left_out(self.options))
        try:
            self._measure()
        except (WorkloadError, TaskError) as error:
            self._set(failure=_failure(error))
        self._set(duration_s=time.monotonic() - began)
        return self.result

    def _set(self, **values: object) -> None:
        self.result = self.result.model_copy(update=values)

    def _measure(self) -> None:
        cores = cores_of(self.slot)
        slot = PinnedSlot(self.slot, cores.server if cores.disjoint else ())
        if cores.disjoint and not slot.pinned:
            cores = unpinned(cores)
        self._set(environment=environment_of(cores))
        self._note(*([cores.note] if cores.note else []))
        commands = SlotCommands(self.slot, self.work_dir / "load")
        saturation, latency = driver_of(commands, self.options.driver), OpenLoop(commands)
        tools = [tool_of(saturation), tool_of(latency)]
        self._set(tools=tools)
        require(tools[0])
        self._step("installing")
        found = placed(self.options, self.registry, self.work_dir)
        self._tell(found)
        self._step("building")
        built = build(slot, found.framework, found.app, timeout_s=self.options.build_timeout_s)
        self._set(build_s=built.build_s)
        if self.only != "profiles":
            self._serve(found, slot, saturation, None if tools[1].missing else latency, cores)
        if self.options.profiler != "none" and self.repeat == 1:
            self._profile(Pass(slot, self.options, found, saturation, self.work_dir, cores.generator, self._step))

    def _serve(
        self, found: Placed, slot: PinnedSlot, saturation: Driver, latency: OpenLoop | None, cores: Cores
    ) -> None:
        self._step("starting")
        server = server_of(slot, found, self.options, self.work_dir)
        try:
            with server:
                self._set(
                    command=server.command, startup_s=server.startup_s, idle_memory_bytes=pss_bytes(server.pids())
                )
                watch = watch_of(server, cores, pinned=slot.pinned)
                if self.only == "all":
                    self._load(server, loaders_of(server, found, cores, saturation, latency, watch))
                self._stream(server, found, cores, watch)
        finally:
            self._note(*oddities(server, found.framework), *leaks(self.result))

    def _stream(self, server: Server, found: Placed, cores: Cores, watch: Callable[[], Watch]) -> None:
        commands = SlotCommands(self.slot, self.work_dir / "load")
        loading = streams.measure(
            server, streams.plans(self.options, server.port), commands, capabilities=found.framework.capabilities or None,
            watch=watch, cores=cores.generator, tries=self.options.effective().tries, on_step=self._step,
        )  # fmt: skip
        for one in loading:
            self._set(streams=[*(self.result.streams or ()), one])

    def _profile(self, profiling: Pass) -> None:
        for one in profiling.profiles(self._asked):
            self._set(profiles=[*self.result.profiles, one])

    def _step(self, what: str) -> None:
        self.on_step(what, 0.0)

    def _note(self, *words: str) -> None:
        reasons = [*self.result.validity.reasons, *words]
        self._set(validity=self.result.validity.model_copy(update={"reasons": reasons}))

    def _tell(self, found: Placed) -> None:
        framework = found.framework
        subject = self.subject or framework.name
        self._set(
            framework=framework.name, subject=subject, language=framework.language, engine=framework.engine,
            runtime=runtime_version(self.slot, framework, found.app.folder, found.app.programs),
            version=framework_version(framework, found.app.folder), app=found.identity,
        )  # fmt: skip

    def _load(self, server: Server, loaders: Loaders) -> None:
        """What is known so far is kept if the task is stopped."""
        count = len(self._asked)

        def told(name: str) -> None:
            self.on_step(name, len(self.result.workloads) / count)

        for one in measure(server, self._asked, Plan.of(self.options), loaders, on_workload=told):
            self._set(workloads=[*self.result.workloads, one])


def _failure(error: TaskError) -> Failure:
    if isinstance(error, ServerFailed):
        return Failure(kind=error.kind, message=error.message, remedy=error.remedy, tails=dict(error.tails))
    return Failure(kind=error.error_type, message=str(error))
