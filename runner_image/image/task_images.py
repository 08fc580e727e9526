"""Images that tasks run in, on one Docker engine: found, pulled, or built once on an official one and then found again."""

import hashlib
import io
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound
from docker.utils import parse_repository_tag
from requests import RequestException

from runner_image.errors import TaskError

_REPOSITORY = "benchfleet-task"
_DOCKERFILE = """FROM {base}
RUN set -eu; if [ -n "{packages}" ]; then apt-get update; \
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends {packages}; rm -rf /var/lib/apt/lists/*; fi
LABEL benchfleet.base="{name}"
"""
_FAULTS = (DockerException, RequestException)  # docker-py passes on what breaks its connection
Check = Callable[[], None]


class TaskImages:
    """Safe for threads. `check` is called while the engine works; what it raises ends the waiting."""

    def __init__(self, engine: docker.DockerClient) -> None:
        self._engine = engine
        self._building = threading.Lock()

    def need(self, name: str, *, check: Check, remedy: str = "") -> str:
        """The id of this image, pulled where the engine lacks it. Raises TaskError `image_unavailable`."""
        try:
            found = self._find(name)
            if found is None:
                self._pull(name, check=check, remedy=remedy)
                found = self._find(name)
        except _FAULTS as error:
            raise _unavailable(name, f"the engine says: {error}", remedy) from None
        if found is None:
            raise _unavailable(name, "it is not there after it was pulled", remedy)
        return str(found.id)

    def facts(self, name: str) -> Mapping[str, str]:
        """Variables and labels of an image; empty where the engine lacks it."""
        found = self._find(name)
        if found is None:
            return {}
        config = found.attrs.get("Config") or {}
        variables = dict(line.partition("=")[::2] for line in config.get("Env") or [])
        return {**variables, **(config.get("Labels") or {})}

    def with_packages(self, name: str, packages: tuple[str, ...], *, check: Check, remedy: str = "") -> str:
        """The id of an image on `name` that has these Debian packages: built once for each id of the base."""
        base = self.need(name, check=check, remedy=remedy)
        text = _DOCKERFILE.format(base=base, packages=" ".join(packages), name=name)
        built = f"{_REPOSITORY}:{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        with self._building:
            if self._find(built) is None:
                self._build(text, tag=built, name=name, check=check, remedy=remedy)
        return self.need(built, check=check)

    def _find(self, name: str) -> Any:
        try:
            return self._engine.images.get(name)
        except ImageNotFound:
            return None

    def _pull(self, name: str, *, check: Check, remedy: str) -> None:
        repository, tag = parse_repository_tag(name)
        try:
            _follow(self._engine.api.pull(repository, tag=tag or "latest", stream=True, decode=True), check)
        except (*_FAULTS, _Failed) as error:
            raise _unavailable(name, f"it cannot be pulled: {error}", remedy) from None

    def _build(self, text: str, *, tag: str, name: str, check: Check, remedy: str) -> None:
        """With the host's network, because an engine need not have a bridge."""
        file = io.BytesIO(text.encode())
        build = self._engine.api.build
        try:
            _follow(build(fileobj=file, tag=tag, rm=True, forcerm=True, network_mode="host", decode=True), check)
        except (*_FAULTS, _Failed) as error:
            raise _unavailable(name, f"what tasks need could not be installed on it: {error}", remedy) from None


class _Failed(Exception):
    """The engine said so."""


def _follow(events: Iterable[Mapping[str, Any]], check: Check) -> None:
    for event in events:
        check()
        if "error" in event:
            raise _Failed(str(event["error"]).strip())


def _unavailable(name: str, why: str, remedy: str) -> TaskError:
    usual = f"`docker pull {name}` on this machine shows why; `docker load` loads it from a file"
    words = f"{usual}; or {remedy}" if remedy else usual
    return TaskError(f"The image {name!r} cannot be used: {why}. {words}", error_type="image_unavailable")
