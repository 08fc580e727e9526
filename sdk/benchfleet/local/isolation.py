"""Whether tasks of this machine get containers or processes, and why."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from benchfleet.exceptions import BenchfleetError

_PROBE_S = 5


@dataclass(frozen=True)
class Isolation:
    """`kind` is `docker` or `process`; `why` says how it came to that."""

    kind: str
    why: str


def missing(image: str) -> str | None:
    """What keeps this machine from running tasks in containers of `image`; None if nothing does."""
    try:
        from runner_image.isolation.containers import connect, has_image
    except ModuleNotFoundError:
        return "the Python package docker is not installed"
    engine = connect(_PROBE_S)
    if engine is None:
        return "no Docker engine answers"
    with closing(engine):
        return None if has_image(engine, image) else f"the engine has no image {image}"


def choose(
    wanted: str, *, image: str, processes_only: bool = False, lacks: Callable[[str], str | None] = missing
) -> Isolation:
    """`wanted` is docker, process, or best. Raises BenchfleetError if it wants what is not there.

    `processes_only`: the work cannot run in containers; a config that asks for them all the same was refused before.
    """
    if wanted == "process":
        return Isolation("process", "the config asks for it")
    if processes_only:
        return Isolation("process", "this kind of work runs in processes only")
    lack = lacks(image)
    if lack is None:
        return Isolation("docker", f"an engine has {image}")
    if wanted == "docker":
        raise BenchfleetError(f"the config asks for docker isolation, but {lack}: `make image` makes the image")
    return Isolation("process", lack)
