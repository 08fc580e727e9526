"""What loads and watches one running server: the tools that were asked for, and when their numbers cannot be believed."""

from collections.abc import Callable
from functools import partial

from benchfleet_contract.http_results import Tool

from runner_image.workloads.http.life.server import Server
from runner_image.workloads.http.load import checks
from runner_image.workloads.http.load.commands import SlotCommands
from runner_image.workloads.http.load.cores import Cores
from runner_image.workloads.http.load.driver import Driver, ToolFailed
from runner_image.workloads.http.load.h2load import H2load
from runner_image.workloads.http.load.own import OpenLoop
from runner_image.workloads.http.load.wrk import Wrk
from runner_image.workloads.http.machine import tool_of
from runner_image.workloads.http.measure import Loaders
from runner_image.workloads.http.resources.held_back import HeldBack, Watching
from runner_image.workloads.http.resources.sampler import EVERY_S, Sampler
from runner_image.workloads.http.serving import gate_of
from runner_image.workloads.http.source import Placed

SELDOM_S = (
    1.0  # a look takes milliseconds: four a second would be in the 99th percentile of a core that the load has, too
)


def watch_of(server: Server, cores: Cores, *, pinned: bool) -> Callable[[], Watching]:
    """Looks seldom where no core is left for it."""
    every_s = SELDOM_S if cores.note else EVERY_S

    def watch() -> Watching:
        held = HeldBack(server.pids, cores.server if pinned or not cores.disjoint else (), alone=pinned)
        return Watching(Sampler(server.pids, every_s=every_s), held)

    return watch


def loaders_of(
    server: Server,
    found: Placed,
    cores: Cores,
    saturation: Driver,
    latency: OpenLoop | None,
    watch: Callable[[], Watching],
) -> Loaders:
    return Loaders(
        saturation=saturation,
        latency=latency,
        verify=gate_of(server, found),
        watch=watch,
        check_saturation=partial(
            checks.of_saturation,
            generator_cores=len(cores.generator),
            server_cores=len(cores.server) if cores.disjoint else 0,
        ),
        cores=cores.generator,
    )


def driver_of(commands: SlotCommands, wanted: str) -> Driver:
    """`auto`: wrk, and h2load where wrk is missing."""
    wrk, h2load = Wrk(commands), H2load(commands)
    if wanted == "auto":
        return h2load if tool_of(wrk).missing and not tool_of(h2load).missing else wrk
    return h2load if wanted == "h2load" else wrk


def require(tool: Tool) -> None:
    """Raises ToolFailed where it is missing."""
    if tool.missing:
        raise ToolFailed(f"{tool.name} is not here: {tool.missing}")
