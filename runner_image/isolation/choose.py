"""Builds the isolation that a configuration asks for, or that fits this machine."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psutil

from runner_image.config import DEFAULT_IMAGE, Config
from runner_image.isolation.processes import ProcessIsolation
from runner_image.isolation.protocol import Isolation, choose, inside_container, isolation_failed
from runner_image.logs import Log

PROBE_TIMEOUT_S = 5


@contextmanager
def isolation_for(config: Config, *, log: Log) -> Iterator[Isolation]:
    """Raises TaskError when docker is asked for and no engine answers, or the engine lacks the network for it."""
    kind = choose(config.isolation, contained=inside_container(), engine_ready=lambda: _engine_ready(config, log=log))
    if kind == "process":
        yield ProcessIsolation(config.environment, image=config.own_image)
        return
    from runner_image.isolation.container_network import ContainerNetwork, need_bridge, to_shut
    from runner_image.isolation.containers import connect
    from runner_image.isolation.docker_isolation import DockerIsolation, Limits

    engine = connect()
    if engine is None:
        raise isolation_failed("No Docker engine answers")
    with closing(engine):
        network = ContainerNetwork(config.container_network)
        if network is ContainerNetwork.BRIDGE:
            need_bridge(engine)
        limits = Limits(psutil.virtual_memory().total // config.slots, network, to_shut(config.orchestrator_url))
        labels = {"benchfleet.run": config.run_id or ""}
        chosen = config.image is not None
        yield DockerIsolation(engine, config.image or DEFAULT_IMAGE, limits=limits, labels=labels, chosen=chosen)


def _engine_ready(config: Config, *, log: Log) -> bool:
    """Whether an engine answers and has the image, or was told which one to pull."""
    from runner_image.isolation.containers import connect, has_image

    engine = connect(PROBE_TIMEOUT_S)
    if engine is None:
        return False
    with closing(engine):
        ready = config.image is not None or has_image(engine, DEFAULT_IMAGE)
    if not ready:
        log.info("engine_without_image", image=DEFAULT_IMAGE)
    return ready
