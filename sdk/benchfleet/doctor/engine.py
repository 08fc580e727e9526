"""The Docker engine and the runner's image."""

import os
import socket
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from benchfleet.api.refusals import plain
from benchfleet.doctor.check import Check, ok, warn
from runner_image.config import DEFAULT_IMAGE

PATIENCE_S = 5
ENGINE_REMEDY = "start Docker, or let tasks run as processes, as they do without it"
_UNIX = "unix://"


def engine() -> Any:
    """A client of the engine that the environment names. Raises whatever goes wrong."""
    import docker

    host = os.environ.get("DOCKER_HOST") or _UNIX + "/var/run/docker.sock"
    if host.startswith(_UNIX):  # docker's own words for a socket that refuses are long, and it leaves one open
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(PATIENCE_S)
            probe.connect(host.removeprefix(_UNIX))
    return docker.from_env(timeout=PATIENCE_S)


def docker_engine(connect: Callable[[], Any] = engine, *, image: str = DEFAULT_IMAGE) -> Iterator[Check]:
    """Docker is never needed: processes do, too. So nothing here is worse than a warning."""
    try:
        client = connect()
        version = client.version()["Version"]
    except Exception as error:
        yield warn("docker engine", f"does not answer: {_words(error)}", remedy=ENGINE_REMEDY)
        return
    yield ok("docker engine", f"version {version}")
    try:
        found = client.images.get(image)
    except Exception as error:
        why = "is not there" if _is_missing(error) else f"cannot be looked at: {_words(error)}"
        yield warn("runner image", f"image {image} {why}", remedy="make image")
    else:
        yield ok("runner image", f"{image}, {str(found.short_id).removeprefix('sha256:')}")
    finally:
        client.close()


def _is_missing(error: Exception) -> bool:
    from docker.errors import NotFound

    return isinstance(error, NotFound)


def _words(error: Exception) -> str:
    """Its first line, without the system's number, cut between words."""
    first = (plain(error).splitlines() or [""])[0]
    return textwrap.shorten(first, 160, placeholder=" …")
