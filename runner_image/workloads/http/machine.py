"""What `http.json` says of the machine and of the tools that measured."""

import os
import platform
from pathlib import Path

import psutil
from benchfleet_contract.http_results import Environment, Tool

from runner_image.cpu_model import cpu_model
from runner_image.isolation.protocol import Slot
from runner_image.workloads.http.load.commands import SlotCommands
from runner_image.workloads.http.load.cores import Cores, shared_out
from runner_image.workloads.http.load.driver import Driver, FixedRate, Missing
from runner_image.workloads.http.load.h2load import H2load
from runner_image.workloads.http.load.own import OpenLoop
from runner_image.workloads.http.load.wrk import Wrk


def cores_of(slot: Slot) -> Cores:
    """The slot's cores, else all that this process may use."""
    return shared_out(slot.cores or sorted(os.sched_getaffinity(0)))


def environment_of(cores: Cores) -> Environment:
    return Environment(
        cpu_model=cpu_model(_cpuinfo()),
        logical_cores=os.cpu_count(),
        memory_bytes=psutil.virtual_memory().total,
        kernel=platform.release(),
        server_cores=list(cores.server),
        generator_cores=list(cores.generator),
        disjoint=cores.disjoint,
    )


def tool_of(tool: Driver | FixedRate) -> Tool:
    found = tool.probe()
    if isinstance(found, Missing):
        return Tool(name=tool.name, version=None, missing=found.remedy)
    return Tool(name=tool.name, version=found.version)


def tools_of(commands: SlotCommands) -> list[Tool]:
    """Those for saturation, then the generator for fixed rates."""
    return [tool_of(tool) for tool in (Wrk(commands), H2load(commands), OpenLoop(commands))]


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        return ""
