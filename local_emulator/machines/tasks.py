"""The lives of ECS tasks: each pulls its image, runs its one container, and stops, in a thread of its own.

moto keeps what is known of a task; its state is set from here, under the endpoint's lock. STOPPED is said when nothing of
the task is left.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from local_emulator.machines import moto_side
from local_emulator.machines.agent import Agent, CannotStart
from local_emulator.machines.faults import Faults, Market
from local_emulator.machines.host import Host, Tree
from local_emulator.machines.pace import Pace

log = logging.getLogger(__name__)
DONE = ("EssentialContainerExited", "Essential container in task exited")
SPOT = ("SpotInterruption", "Your Spot Task was interrupted.")
FAILED = "TaskFailedToStart"
_OF_CONTAINER = {"PROVISIONING": "PENDING", "DEACTIVATING": "RUNNING", "DEPROVISIONING": "STOPPED"}
Stop = tuple[str, str]  # stopCode, stoppedReason


@dataclass
class Task:
    """`moto` is its object there; `container` the definition's, with overrides applied; `role` the execution role's ARN."""

    id: str
    moto: Any
    market: Market
    region: str
    container: Mapping[str, Any]
    role: str | None
    stop: Stop | None = None
    stopping: threading.Event = field(default_factory=threading.Event)
    tree: Tree | None = None


class Tasks:
    def __init__(
        self,
        host: Host,
        *,
        lock: AbstractContextManager[object],
        faults: Faults,
        pace: Pace,
        agent: Agent,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._host, self._lock, self._faults, self._pace, self._clock = host, lock, faults, pace, clock
        self._agent = agent
        self._known: dict[str, Task] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, found: Any, *, region: str, market: Market, container: Mapping[str, Any], role: str | None) -> None:
        """Under the lock."""
        task = Task(found.id, found, market, region, container, role)
        found.last_status, found.created_at = "PROVISIONING", self._clock().timestamp()
        self._known[found.id] = task
        thread = threading.Thread(target=self._live, args=(task,), name=f"task-{task.id}", daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def find(self, arn_or_id: str) -> Task | None:
        return self._known.get(arn_or_id.rpartition("/")[2])

    def end(self, task: Task, why: Stop) -> None:
        """Under the lock. The first reason counts, and none for one that has stopped."""
        if task.moto.last_status == "STOPPED":
            return
        if task.stop is None:
            task.stop = why
            self._set(task, "DEACTIVATING")
        task.moto.desired_status = "STOPPED"
        task.stopping.set()
        if task.tree:
            task.tree.ask_to_end()

    def interrupt(self, task: Task) -> None:
        """Under the lock: Fargate takes a spot task back. It sends SIGTERM, and SIGKILL two minutes later."""
        self.end(task, SPOT)

    def close(self) -> None:
        with self._lock:
            for task in self._known.values():
                self.end(task, ("UserInitiated", "the emulator ends"))
        for thread in self._threads:
            thread.join()

    def _live(self, task: Task) -> None:
        code: int | None = None
        try:
            self._start(task)
            code = task.tree.wait() if task.tree else None
        except CannotStart as error:
            with self._lock:
                self.end(task, (FAILED, str(error)))
        except Exception as error:
            log.exception("task %s cannot start", task.id)
            with self._lock:
                self.end(task, (FAILED, f"ResourceInitializationError: {error}"))
        self._stopped(task, code)

    def _start(self, task: Task) -> None:
        """Raises CannotStart."""
        with self._lock:
            if task.stop is None:
                self._set(task, "PENDING")
        if not self._faults.boots():
            task.stopping.wait()
        secrets = self._agent.prepare(task.container, role=task.role, task=task.id, region=task.region)
        given = {each["name"]: each["value"] for each in task.container.get("environment") or []}
        arguments = list(task.container.get("command") or [])
        host = f"ip-{_private_ip(task.moto).replace('.', '-')}.ec2.internal"
        tree = self._host.task(task.id, host=host, arguments=arguments, environment=given | secrets)
        with self._lock:  # whoever ends it finds its tree, or it finds that it has ended
            if task.stop:
                return
            tree.start(grace_s=self._pace.grace_s)
            task.tree = tree
            task.moto.started_at = self._clock().timestamp()
            self._set(task, "RUNNING")

    def _stopped(self, task: Task, code: int | None) -> None:
        with self._lock:
            self._set(task, "DEPROVISIONING")
        if task.tree:
            task.tree.end()
        with self._lock:
            stop_code, reason = task.stop or DONE
            found = task.moto
            found.desired_status, found.stop_code, found.stopped_reason = "STOPPED", stop_code, reason
            found.stopped_at = self._clock().timestamp()
            for container in found.containers:
                container.exitCode = code
                if stop_code == FAILED:
                    container.reason = reason
            moto_side.release_interfaces(found, region=task.region)
            self._set(task, "STOPPED")

    def _set(self, task: Task, status: str) -> None:
        task.moto.last_status = status
        for container in task.moto.containers:
            container.last_status = _OF_CONTAINER.get(status, status)


def _private_ip(found: Any) -> str:
    return next(iter(moto_side.attached(found, "privateIPv4Address")), "127.0.0.1")
