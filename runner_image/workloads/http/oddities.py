"""What is odd about a server that was measured all the same: told beside its numbers, held against none of them."""

from collections.abc import Iterator

from benchfleet_contract.http_results import HttpResult

from runner_image.workloads.http.frameworks.record import Framework
from runner_image.workloads.http.life.server import Server

MIB = 1024**2
GREW_TIMES, GREW_BYTES = 2.0, 64 * MIB


def oddities(server: Server, framework: Framework) -> Iterator[str]:
    """Of a server that has ended."""
    if server.stubborn:
        yield f"not all of it ended within {framework.grace_s:g} s of SIG{framework.stop_signal}: the rest was killed"
    if server.cut_bytes:
        yield f"it flooded its log: {server.cut_bytes // MIB} MiB were dropped"


def leaks(result: HttpResult) -> Iterator[str]:
    """Memory that only ever grew, to more than twice that of the idle server and by 64 MiB or more: caches may do so, too."""
    idle = result.idle_memory_bytes
    peaks = [
        one.resources.memory_peak_bytes
        for one in result.workloads
        if one.resources and one.resources.memory_peak_bytes is not None
    ]
    if idle is None or not peaks or peaks != sorted(peaks):
        return
    if peaks[-1] > GREW_TIMES * idle and peaks[-1] - idle >= GREW_BYTES:
        yield f"its memory grew from {idle // MIB} to {peaks[-1] // MIB} MiB and never fell: it may leak"
