"""A stand-alone executor, put together: discovery, agent and health endpoint, until a signal or the control plane ends it.

The first SIGTERM or SIGINT drains and removes the executor, in bounded time; the second ends the process at once.
"""

import json
import os
import queue
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any, NoReturn
from uuid import uuid4

import httpx
from benchfleet_contract.authorities import authorities

from runner_image.control.session import Session
from runner_image.executor.agent import REMOVE_WITHIN_S, Agent
from runner_image.executor.backends import Backends, load
from runner_image.executor.bounds import in_bounds
from runner_image.executor.control import SessionControl
from runner_image.executor.healthz import healthz
from runner_image.executor.identity import Identity, Work
from runner_image.executor.own_id import cache_folder, own_id
from runner_image.executor.rediscovery import Rediscovery
from runner_image.executor.settings import MAX_CONCURRENT, Settings
from runner_image.logs import Log, at_least, to_stream

FIRST_LOOK_S = 10.0  # how long a slow backend may keep the others' models from being announced
SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run(settings: Settings, *, version: str = "", environment: Mapping[str, str] = os.environ) -> int:
    """The exit code: 0 ended by a signal, 75 taken over, 77 refused. Raises BackendsError; OSError if its port is in use."""
    log = Log(sinks=(at_least(settings.log_level, to_stream()),), verbose=settings.log_level == "debug")
    file = load(settings.config_file) if settings.config_file else Backends()
    with _signalled() as ends, ExitStack() as open_now:
        session = open_now.enter_context(
            closing(Session(settings.validator_url, api_key=settings.api_key, version=version))
        )
        http = open_now.enter_context(httpx.Client(trust_env=False, verify=authorities({})))
        name = settings.executor_id or file.executor.id or open_now.enter_context(own_id(cache_folder()))
        executor = _Executor(
            settings, file, name, session=session, http=http, log=log, ends=ends, environment=environment
        )
        executor.url = open_now.enter_context(healthz(executor.facts, host=settings.host, port=settings.port))
        return executor.work()


class _Executor:
    def __init__(
        self, settings: Settings, file: Backends, name: str, *, session: Session, http: httpx.Client, log: Log,
        ends: "queue.SimpleQueue[int]", environment: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._settings, self._log, self._ends = settings, log, ends
        self.url = ""
        self.rediscovery = Rediscovery(
            file,
            http=http,
            environment=environment,
            every_s=settings.discovery_interval_s,
            log=log,
            changed=self._offer,
        )
        capacity = file.capacity(MAX_CONCURRENT, asked=settings.max_concurrent)
        identity = Identity(
            name, uuid4().hex, settings.heartbeat_interval_s, capacity, file.executor.labels, settings.endpoint
        )
        work = Work(
            progress=lambda: self.rediscovery.looks,
            on_rediscover=self.rediscovery.soon,
            on_announced=self._announced,
        )
        self.agent = Agent(
            SessionControl(session), identity, self.rediscovery.models, work=work, log=log, ended=ends.put
        )

    def work(self) -> int:
        self.rediscovery.start(first_within_s=FIRST_LOOK_S)
        if self._settings.announce:
            self.agent.start()
        else:
            self._log.warning("not_announced", meaning="ANNOUNCE_MODELS=false: the control plane is not told")
        code = self._ends.get()
        if code >= 0:
            return code
        in_bounds(self.agent.leave, within_s=self._settings.drain_timeout_s + REMOVE_WITHIN_S)
        self.rediscovery.close()
        return 0

    def facts(self) -> dict[str, Any]:
        """For /healthz: `ok` while its discovery runs, whatever the control plane says."""
        idle_s = time.monotonic() - self.rediscovery.looked_at
        stuck = idle_s > max(self._settings.stuck_after_s, 2 * self._settings.discovery_interval_s)
        return {"status": "stuck" if stuck else "ok", "announced": self.agent.ticket is not None, **self.agent.facts}

    def _offer(self, models: Any) -> None:
        self.agent.offer(models)

    def _announced(self, executor_id: str, generation: int, models: int) -> None:
        told = {"executor_id": executor_id, "generation": generation, "models": models, "healthz": self.url}
        words = f"announced executor {executor_id} generation {generation} models {models} healthz {self.url}"
        with suppress(OSError, ValueError):  # whoever started us reads on, or not
            print(json.dumps(told) if self._settings.as_json else words, flush=True)


@contextmanager
def _signalled() -> Iterator["queue.SimpleQueue[int]"]:
    """A queue of reasons to end: the exit code of the agent, or minus the number of a signal."""
    ends: queue.SimpleQueue[int] = queue.SimpleQueue()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def first(number: int, _frame: Any) -> None:
        for one in SIGNALS:
            signal.signal(one, _at_once)
        ends.put(-number)

    for number in SIGNALS:
        signal.signal(number, first)
    try:
        yield ends
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _at_once(number: int, _frame: Any) -> NoReturn:
    os._exit(128 + number)
