"""A whole runner, put together from its configuration: the only place that knows all the parts."""

import os
import platform
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchfleet_contract import limits
from benchfleet_contract.proxies import is_loopback

from runner_image.config import Config
from runner_image.control.loop import Claims, work
from runner_image.control.session import Claimed, Session
from runner_image.control.shutdown import Shutdown
from runner_image.control.slots import run_slots
from runner_image.delivery.store import open_store
from runner_image.executor.agent import Agent
from runner_image.executor.announced_session import AnnouncedSession
from runner_image.executor.backends import Backends, load
from runner_image.executor.in_runner import Announcement, announced
from runner_image.isolation.choose import isolation_for
from runner_image.logs import Log, to_file, to_stream
from runner_image.machine.cores import beside, fitting, locks_folder, reserved
from runner_image.machine.provenance import affinity, cloud_instance
from runner_image.machine.system import System
from runner_image.retries import Policy, Retrier
from runner_image.task.at_work import AtWork
from runner_image.task.task import Worker, run_task
from runner_image.task.tools import TaskEnd, Tools
from runner_image.task.work_dirs import remove_orphans
from runner_image.workloads.protocol import Workload


def run(config: Config, *, workload: Callable[[str], Workload]) -> dict[str, Any]:
    """Works until nothing is left to do. Returns the summary: `runner_id`, `tasks` (end → how many), `exit_code`."""
    runner_id = f"{config.name or socket.gethostname()}-{int(time.time())}-{os.getpid()}"
    log = _log(config).bind(runner_id=runner_id)
    config = _with_slots_that_fit(config, log=log)
    locks = locks_folder(Path(tempfile.gettempdir()))
    free_cores = reserved(config.slots, per_slot=config.cores_per_slot, allowed=affinity(), locks=locks)
    shutdown = Shutdown()
    with (
        free_cores as cores,
        _tools(config, workload=workload, log=log) as tools,
        _announced(config, tools, shutdown=shutdown, log=log) as agent,
    ):
        remove_orphans(config.work_root, log=log)
        runner = _Runner(config, tools=tools, shutdown=shutdown)
        log.info("started", version=own_version(), slots=config.slots, cores=cores, isolation=tools.isolation.name)
        if tools.cloud and tools.isolation.name == "process":
            log.warning(
                "metadata_in_reach", meaning="benchmarks reach this machine's metadata service and its credentials"
            )
        if not all(cores) and affinity():
            log.warning("not_pinned", meaning="other runners have this machine's cores: what runs here disturbs them")
        _step_aside([core for slot in cores for core in slot])
        workers = [Worker(_slot_id(runner_id, number), cores=own) for number, own in enumerate(cores, start=1)]
        loops = [runner.loop_of(worker, log=log.bind(runner_id=worker.runner_id)) for worker in workers]
        code = run_slots(loops, shutdown=runner.shutdown, log=log)
        code = agent.code or code if agent else code
    tasks = {end.value: runner.ends[end] for end in TaskEnd}
    log.info("ended", exit_code=code, **tasks)
    return {"runner_id": runner_id, "tasks": tasks, "exit_code": code}


def _with_slots_that_fit(config: Config, *, log: Log) -> Config:
    fitting_slots = fitting(config.slots, per_slot=config.cores_per_slot, allowed=affinity())
    if fitting_slots == config.slots:
        return config
    meaning = "this machine has no more cores: slots that share one would measure each other"
    log.warning("fewer_slots", asked=config.slots, slots=fitting_slots, meaning=meaning)
    return replace(config, slots=fitting_slots)


def _step_aside(measured: Collection[int]) -> None:
    """This thread, and those that it starts later: heartbeats and output are none of the benchmark's work."""
    if measured and (allowed := affinity()):
        os.sched_setaffinity(0, beside(allowed, measured))


@dataclass
class _Runner:
    config: Config
    tools: Tools
    shutdown: Shutdown
    ends: Counter[TaskEnd] = field(default_factory=Counter)

    def loop_of(self, worker: Worker, *, log: Log) -> Callable[[], None]:
        claims = self._claims(log)

        def process(claimed: Claimed) -> None:
            task = claimed.reply.task
            own_log = log.bind(task_id=task.id, attempt=task.attempt) if task else log
            own_log.info("claimed")
            with self.shutdown.task() as stop, self.tools.at_work.task():
                end = run_task(claimed, worker=worker, stop=stop, tools=self.tools, log=own_log)
            own_log.info("task_ended", end=end.value)
            self.ends[end] += 1

        return lambda: work(
            lambda: claims.next(worker.runner_id),
            process=process,
            shutdown=self.shutdown,
            stay=self.config.stay,
            log=log,
            rest=worker.health.rest,
        )

    def _claims(self, log: Log) -> Claims:
        retry = Retrier(
            Policy(patience_s=self.config.claim_patience_s),
            sleep=self.shutdown.sleep,
            clock=self.tools.clock,
            warn=lambda error, wait_s: log.warning("claim_failed", error=str(error), wait_s=round(wait_s, 1)),
        )
        place = (self.config.provider, self.config.instance_type)
        return Claims(self.tools.session, run_id=self.config.run_id, place=place, retry=retry)


@contextmanager
def _announced(config: Config, tools: Tools, *, shutdown: Shutdown, log: Log) -> Iterator[Agent | None]:
    session = tools.session
    if not isinstance(session, AnnouncedSession):
        yield None
        return
    file = load(config.executor_config) if config.executor_config else Backends()
    what = Announcement(
        file, config.slots, config.heartbeat_interval_s, config.provider, config.instance_type, config.executor_id
    )
    at_work = tools.at_work
    with announced(
        what, session, at_work=lambda: at_work.busy, shutdown=shutdown, environment=os.environ, log=log
    ) as agent:
        yield agent


@contextmanager
def _tools(config: Config, *, workload: Callable[[str], Workload], log: Log) -> Iterator[Tools]:
    system = System()
    kind = AnnouncedSession if config.announce else Session
    session = kind(config.orchestrator_url, api_key=config.api_key, version=own_version())
    away = not is_loopback(urlsplit(config.orchestrator_url).hostname or "")
    with closing(session), open_store(proxies=away) as store, isolation_for(config, log=log) as isolation:
        yield Tools(
            session=session,
            store=store,
            isolation=isolation,
            workload=workload,
            credentials=config.credentials,
            work_root=config.work_root,
            system=system,
            cloud=cloud_instance(system),
            versions={"benchfleet": own_version(), "runner_python": platform.python_version()},
            forced_workload="mock" if config.mock else None,
            debug=config.debug,
            at_work=AtWork(config.slots),
        )


def _log(config: Config) -> Log:
    log = Log(sinks=(to_stream(),), verbose=config.debug)
    return log.tee(to_file(config.log_file)) if config.log_file else log


def _slot_id(runner_id: str, number: int) -> str:
    suffix = f"-s{number}"
    return runner_id[: limits.MAX_RUNNER_ID_CHARS - len(suffix)] + suffix


def own_version() -> str:
    try:
        return version("benchfleet")
    except PackageNotFoundError:
        return "unknown"
