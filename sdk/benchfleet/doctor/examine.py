"""All questions, in the order in which a person would mend what is wrong."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchfleet.api.session import read_base_url
from benchfleet.doctor import config_file, control_plane, engine, machine, software
from benchfleet.doctor.check import Check, fail, warn
from benchfleet.exceptions import BenchfleetError
from benchfleet.profiles.settings import Connection, NoUrl

Connect = Callable[[], Connection]


def examine(connect: Connect, *, results: Path, config: Path) -> Iterator[Check]:
    """Software, machine, then the control plane that `connect` names; it may raise BenchfleetError."""
    yield software.python()
    yield software.extras()
    yield from engine.docker_engine()
    yield software.ruby_bench()
    yield machine.disk(results)
    yield machine.load()
    yield from machine.clock_rates()
    yield machine.isolated_cores()
    yield config_file.config_file(config)
    yield from connected(connect)


def connected(connect: Connect) -> Iterator[Check]:
    try:
        found = connect()
        read_base_url(found.api_url)
    except NoUrl:
        yield warn("api", "none is named", remedy=control_plane.URL_REMEDY)
        return
    except BenchfleetError as error:
        yield fail("api", str(error), remedy=control_plane.URL_REMEDY)
        return
    ask = control_plane.asking(found.api_url, found.key)
    yield from control_plane.control_plane(found.api_url, found.key, ask=ask, now=lambda: datetime.now(UTC))
