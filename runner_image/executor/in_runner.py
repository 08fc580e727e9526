"""A runner as an executor: one agent for all its slots, which share its session with the control plane."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx
from benchfleet_contract.authorities import authorities
from benchfleet_contract.registry.executors import Load

from runner_image.control.shutdown import Shutdown
from runner_image.executor.agent import REMOVE_WITHIN_S, Agent
from runner_image.executor.announced_session import AnnouncedSession
from runner_image.executor.backends import Backends
from runner_image.executor.bounds import in_bounds
from runner_image.executor.control import SessionControl
from runner_image.executor.identity import Identity, Work
from runner_image.executor.own_id import cache_folder, own_id
from runner_image.executor.rediscovery import Rediscovery
from runner_image.executor.settings import DISCOVERY_INTERVAL_S
from runner_image.logs import Log

FIRST_LOOK_S = 10.0
LEAVE_S = 10.0 + REMOVE_WITHIN_S


@dataclass(frozen=True)
class Announcement:
    """What a runner announces: its models, as much work at a time as it has slots, and which tasks it asks for."""

    file: Backends
    slots: int
    interval_s: float
    provider: str
    instance_type: str
    executor_id: str | None = None

    @property
    def labels(self) -> dict[str, str]:
        """Those of the file win."""
        return {"provider": self.provider, "instance_type": self.instance_type, **self.file.executor.labels}


@contextmanager
def announced(
    what: Announcement,
    session: AnnouncedSession,
    *,
    at_work: Callable[[], int],
    shutdown: Shutdown,
    environment: Mapping[str, str],
    log: Log,
) -> Iterator[Agent]:
    """Announced inside the block; its `code` is set where another process took over, which abandons all tasks."""
    with ExitStack() as held, httpx.Client(trust_env=False, verify=authorities({})) as http:
        looking = Rediscovery(
            what.file, http=http, environment=environment, every_s=DISCOVERY_INTERVAL_S, log=log,
            changed=lambda models: agent.offer(models),
        )  # fmt: skip
        work = Work(
            load=lambda: Load(active=at_work()),
            progress=lambda: session.moves,
            on_drain=shutdown.drain,
            on_rediscover=looking.soon,
        )
        name = what.executor_id or what.file.executor.id or held.enter_context(own_id(cache_folder()))
        capacity = what.file.capacity(what.slots, asked=what.slots)
        identity = Identity(name, uuid4().hex, what.interval_s, capacity, what.labels)
        agent = Agent(
            SessionControl(session), identity, looking.models, work=work, log=log, ended=lambda _: shutdown.abandon()
        )
        session.speak_for(agent, at_work=at_work)
        shutdown.when_draining(agent.draining)
        looking.start(first_within_s=FIRST_LOOK_S)
        agent.start()
        try:
            yield agent
        finally:
            looking.close()
            in_bounds(agent.leave, within_s=LEAVE_S)
