"""Isolation `docker`: what the containers of a task may see, use and reach.

Nothing of the host is visible inside but the work dir; what they can reach over the network is `container_network.py`'s
affair.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import docker
from docker.models.containers import Container

from runner_image.image.task_images import TaskImages
from runner_image.isolation.accounts import Accounts
from runner_image.isolation.container_network import METADATA, ContainerNetwork, shut
from runner_image.isolation.containers import HOLD, Box, engine_faults
from runner_image.isolation.docker_slot import WORK, DockerSlot
from runner_image.isolation.protocol import NOTHING, OfficialImage, Used
from runner_image.stopping import Stop

LABEL = "benchfleet"
NOBODY = 65534  # who runs inside when the runner itself is root
MAX_PROCESSES = 4096
OTHER_IMAGE = (
    "start the runner with --image NAME to measure what is in an image of your own, or with --isolation process"
)


@dataclass(frozen=True)
class Limits:
    """Of one container. `memory_bytes` None means no limit; `shut` are the addresses that it may not reach on a bridge."""

    memory_bytes: int | None = None
    network: ContainerNetwork = ContainerNetwork.BRIDGE
    shut: tuple[str, ...] = METADATA


class DockerIsolation:
    """Runs a task's commands in containers of the task's image, of `image`, or of the kind's official one.

    `chosen`: a person named `image`; then it goes before official ones.
    """

    name: Literal["docker", "process"] = "docker"

    def __init__(
        self,
        engine: docker.DockerClient,
        image: str,
        *,
        limits: Limits,
        labels: Mapping[str, str],
        chosen: bool = False,
    ) -> None:
        self._engine, self._limits = engine, limits
        self._image, self._chosen = image, chosen
        self._images = TaskImages(engine)
        self.image: str | None = image
        self._labels = {LABEL: "task", **labels}
        self._accounts = Accounts()

    def used(self) -> Used:
        return self._accounts.used()

    @contextmanager
    def open(
        self,
        work_dir: Path,
        *,
        stop: Stop,
        cores: tuple[int, ...] = (),
        image: str | None = None,
        official: OfficialImage | None = None,
        credentials: Mapping[str, str] = NOTHING,
    ) -> Iterator[DockerSlot]:
        with engine_faults():
            name, image_id = self._ready(image, official, check=stop.check)
        plan = _Plan(name, image_id, work_dir, cores, user=_own(work_dir))

        def make(*, beside: str | None = None) -> Box:
            return self._box(plan, beside=beside)

        with DockerSlot(make, work_dir=work_dir, stop=stop, cores=cores, image=name, credentials=credentials) as slot:
            yield slot

    def _ready(
        self, image: str | None, official: OfficialImage | None, *, check: Callable[[], None]
    ) -> tuple[str, str]:
        """Name and id of the image for a task, which the engine has afterwards."""
        if image or official is None or self._chosen or official.is_in(self._images.facts(self._image)):
            name = image or self._image
            return name, self._images.need(name, check=check)
        found = self._images.with_packages(official.name, official.packages, check=check, remedy=OTHER_IMAGE)
        return official.name, found

    def _box(self, plan: "_Plan", *, beside: str | None) -> Box:
        """A container whose network is shut before anything runs in it; `beside`: the id of one that shares its network."""
        box = Box(self._create(plan, beside=beside), self._engine.api, closing=self._accounts.close)
        self._accounts.open(box)
        try:
            if beside is None and self._limits.network is ContainerNetwork.BRIDGE:
                shut(
                    self._engine,
                    box.container,
                    image=plan.image,
                    name=plan.name,
                    addresses=self._limits.shut,
                    labels=self._labels,
                )
        except BaseException:
            box.close()
            raise
        return box

    def _create(self, plan: "_Plan", *, beside: str | None) -> Container:
        own_network = beside is None or self._limits.network is ContainerNetwork.HOST
        return self._engine.containers.create(
            plan.image,
            entrypoint=HOLD,
            command=[],
            stdin_open=True,
            network_mode=self._limits.network.value if own_network else f"container:{beside}",
            user=plan.user,
            working_dir=WORK,
            environment={"HOME": f"{WORK}/.home"},
            volumes={str(plan.work_dir): {"bind": WORK, "mode": "rw"}},
            cpuset_cpus=",".join(map(str, plan.cores)) or None,
            mem_limit=self._limits.memory_bytes,
            pids_limit=MAX_PROCESSES,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            labels=self._labels,
            auto_remove=True,
        )


@dataclass(frozen=True)
class _Plan:
    """Of one task's containers. `image` is an id."""

    name: str
    image: str
    work_dir: Path
    cores: tuple[int, ...]
    user: str


def _own(work_dir: Path) -> str:
    """Makes the work dir writable for the user inside, who is never root; returns `uid:gid`."""
    (work_dir / ".home").mkdir(exist_ok=True)
    if os.getuid() != 0:
        return f"{os.getuid()}:{os.getgid()}"
    for path in (work_dir, *work_dir.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return f"{NOBODY}:{NOBODY}"
