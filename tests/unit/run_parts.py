"""Doubles of what `benchfleet run` is made with: a control plane in a few answers, runners, and a clock moved by hand."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from benchfleet.config import RunConfig, load
from benchfleet.exceptions import NotFound
from benchfleet.local.aside import ALL_CORES, Aside
from benchfleet.local.quiet import Noise
from benchfleet.local.state import ProviderState, RunnerState
from benchfleet.profiles.settings import Connection
from benchfleet.running.driver import RunDriver
from benchfleet.running.options import RunOptions
from benchfleet.running.provisioning import Plan
from benchfleet.running.session import Tools
from benchfleet.running.state import ConfigState, Phase, RunState
from benchfleet.watch.poller import Snapshot
from benchfleet.watch.polling import Clocks
from benchfleet_contract.identity import RIGHTS, Role, WhoAmI
from benchfleet_contract.launches import LaunchList, LaunchView
from benchfleet_contract.runners import RunnerList, RunnerSeen
from benchfleet_contract.runs import CreatedRun, RunDetail, RunListItem
from benchfleet_contract.tasks import Task

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
CONFIG = {
    "workload": "mock",
    "per_instance_type": {"tasks": 2},
    "local": [{"instance_type": "box", "alias": "b"}],
    "aws": [{"instance_type": "c8g.medium"}],
}


def state(run_id: str = "7") -> RunState:
    return RunState(
        created_at=START,
        updated_at=START,
        run_id=run_id,
        config=ConfigState(path="c.json", sha256="0"),
        api_url="http://x",
        dashboard_url="http://x/?run_id=7",
        results_dir="results/7",
        phase=Phase.CREATING,
    )


def group(name: str = "local/box", subject: str | None = None, **counts: int) -> dict[str, Any]:
    provider, _, kind = name.partition("/")
    key = {"provider": provider, "instance_type": kind, "subject": subject}
    return {**key, "total": sum(counts.values()), **counts}


def detail(
    status: str = "running", archive: str = "none", *, groups: Sequence[dict[str, Any]] = (), run_id: str = "7"
) -> RunDetail:
    names = ("total", "pending", "claimed", "running", "completed", "failed", "cancelled")
    return RunDetail.model_validate(
        {
            "run_id": run_id,
            "status": status,
            "ruby_version": None,
            "per_instance_type": {"tasks": 1},
            "tasks": {name: sum(found.get(name, 0) for found in groups) for name in names},
            "gzip_url": None,
            "created_at": "2026-01-01T12:00:00Z",
            "completed_at": None,
            "deadline_at": "2026-01-02T12:00:00Z",
            "reason": None,
            "workload": "mock",
            "workload_options": {},
            "metadata": {},
            "archive": {"state": archive},
            "groups": list(groups),
        }
    )


def task(number: int, status: str = "running", *, place: str = "local/box", **more: Any) -> Task:
    provider, _, kind = place.partition("/")
    nothing = dict.fromkeys(Task.model_fields)
    known = {"id": f"7.{number}", "provider": provider, "instance_type": kind, "run_number": number, "status": status}
    return Task.model_validate({**nothing, **known, "attempt": 1, "max_attempts": 1, **more})


def runner(place: str = "local/box", *, live: bool = True, seen_at: str = "2026-01-01T12:00:00Z") -> RunnerSeen:
    provider, _, kind = place.partition("/")
    return RunnerSeen(
        runner_id="r", provider=provider, instance_type=kind, seen_at=seen_at, live=live, task_ids=[]
    )  # fmt: skip


@dataclass
class HandClock:
    """Time passes only by sleeping."""

    now_s: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def clocks(self) -> Clocks:
        return Clocks(
            clock=lambda: self.now_s,
            sleep=self.sleep,
            now=lambda: START + timedelta(seconds=self.now_s),
            random=lambda: 1.0,
        )


@dataclass
class Screen:
    """Remembers what was shown."""

    notes: list[str] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def show(self, snapshot: Snapshot, reasons: Sequence[str]) -> None:
        self.snapshots.append(snapshot)
        self.reasons += reasons


Answer = RunDetail | BaseException


@dataclass
class FakeClient:
    """`story`: what looks at the run are answered with, once it exists; the last answer stays."""

    story: list[Answer]
    known: list[Task] = field(default_factory=list)
    seen: list[RunnerSeen] | None = None
    machines: list[LaunchView] = field(default_factory=list)
    earlier: list[RunListItem] = field(default_factory=list)
    created: list[Mapping[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    exists: bool = False
    refuses: BaseException | None = None
    breaks: BaseException | None = None
    judges_key: BaseException | None = None
    role: Role = "admin"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def create_run(self, config: Mapping[str, Any]) -> CreatedRun:
        if self.refuses:
            raise self.refuses
        self.created.append(config)
        self.exists = True
        return CreatedRun(run_id=config["run_id"], tasks_created=4, tasks=[], warnings=[])

    def runs(self) -> Iterator[RunListItem]:
        yield from self.earlier

    def whoami(self) -> WhoAmI:
        if self.judges_key:
            raise self.judges_key
        return WhoAmI(role=self.role, key_id=None, may=list(RIGHTS[self.role]))

    def run(self, run_id: str) -> RunDetail:
        if not self.exists:
            raise NotFound("Run not found", status=404)
        answer = self.story.pop(0) if len(self.story) > 1 else self.story[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def tasks(self, run_id: str, **wanted: str | None) -> Iterator[Task]:
        self.asked.append(" ".join(["tasks", *(str(value) for value in wanted.values() if value)]))
        for found in self.known:
            if all(value in (None, getattr(found, name)) for name, value in wanted.items()):
                yield found

    def runners(self, run_id: str) -> RunnerList:
        self.asked.append("runners")
        if self.seen is None:
            raise NotFound("no such route", status=404)
        return RunnerList(run_id=run_id, runners=self.seen)

    def launches(self, run_id: str) -> LaunchList:
        self.asked.append("launches")
        return LaunchList(run_id=run_id, launches=self.machines)

    def stop_run(self, run_id: str) -> None:
        self.stopped.append(run_id)

    def download(self, run_id: str, to: Path) -> Path:
        if self.breaks:
            raise self.breaks
        with tarfile.open(to, "w:gz") as tar:
            member = tarfile.TarInfo("manifest.json")
            member.size = 2
            tar.addfile(member, io.BytesIO(b"{}"))
        return to


@dataclass
class FakeHandle:
    """Runners that do nothing. `log` is told each call."""

    log: list[str]

    def said(self) -> str:
        return "local: 1 runner"

    def check(self, waiting: frozenset[str]) -> list[str]:
        return []

    def stop(self) -> None:
        self.log.append("stop")

    def leave(self) -> None:
        self.log.append("leave")

    def state(self) -> ProviderState:
        return ProviderState(
            runners=[RunnerState(pid=1, started="never", log="log", instance_type="box", isolation="process")]
        )


@dataclass
class FakeProvisioner:
    log: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    fails: BaseException | None = None

    def start(self, plan: Plan, *, before: ProviderState | None) -> FakeHandle:
        if self.fails:
            raise self.fails
        self.plans.append(plan)
        self.log.append("start" if before is None else "start again")
        return FakeHandle(self.log)


@dataclass
class Stage:
    """A folder with a config, and everything that a driver needs. `key` is what the usual connection brings."""

    folder: Path
    client: FakeClient
    provisioner: FakeProvisioner = field(default_factory=FakeProvisioner)
    screen: Screen = field(default_factory=Screen)
    clock: HandClock = field(default_factory=HandClock)
    choose: Callable[[str], str] | None = None
    agrees: Callable[[], bool] | None = None
    key: str = "the-secret-key"
    load: Callable[[Path], RunConfig] = load
    connection: Callable[[str | None], Connection] | None = None
    ticks: Callable[[], None] = lambda: None
    noise: Callable[[], Noise] = lambda: Noise(0.0, 2)

    def __post_init__(self) -> None:
        self.write(CONFIG)

    def write(self, config: dict[str, Any]) -> str:
        """Returns its SHA-256."""
        text = json.dumps(config)
        (self.folder / "config.json").write_text(text)
        return hashlib.sha256(text.encode()).hexdigest()

    def driver(self, **more: Any) -> RunDriver:
        return RunDriver(self.options(**more), self.tools())

    def options(self, **more: Any) -> RunOptions:
        options = {
            "config": None if more.get("resume") else self.folder / "config.json",
            "results": self.folder / "results",
            "state_dir": self.folder / "state",
            "providers": () if more.get("resume") else ("local",),
            **more,
        }
        return RunOptions(**options)

    def tools(self) -> Tools:
        return Tools(
            load=self.load,
            connection=self.connection or (lambda url: Connection(url or "http://plane", self.key, None)),
            client=lambda url, key: self.client,
            provisioners={"local": self.provisioner},
            display=self.screen,
            choose=self.choose,
            agrees=self.agrees,
            clocks=replace(self.clock.clocks(), now=self.now),
            noise=self.noise,
            aside=lambda: Aside(look=lambda: ALL_CORES),
        )

    def now(self) -> datetime:
        """`ticks` is called whenever somebody wants to know the time."""
        self.ticks()
        return self.clock.clocks().now()

    def state_text(self, run_id: str = "7") -> str:
        return (self.folder / "state" / "runs" / f"{run_id}.json").read_text()
