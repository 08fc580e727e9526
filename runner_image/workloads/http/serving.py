"""A server of one start and its gate: for the measurement and for the pass with a profiler alike."""

from collections.abc import Callable
from pathlib import Path

from benchfleet_contract.workloads.http import HttpOptions

from runner_image.isolation.protocol import Slot
from runner_image.workloads.http.contract.gate import verify
from runner_image.workloads.http.contract.workload import HttpWorkload
from runner_image.workloads.http.contract.workloads import CAPABILITIES
from runner_image.workloads.http.life.server import Server
from runner_image.workloads.http.measure import Asked, Gate
from runner_image.workloads.http.source import Placed


def server_of(slot: Slot, found: Placed, options: HttpOptions, logs: Path) -> Server:
    limit = options.memory_limit_mb
    return Server(
        slot, found.framework, found.app, logs=logs, ready_s=options.ready_s,
        memory_bytes=limit * 1024**2 if limit else None,
    )  # fmt: skip


def gate_of(server: Server, found: Placed) -> Callable[[Asked], Gate]:
    """Asks the server about one workload. What its app declares it must answer."""

    def gate(asked: Asked) -> Gate:
        assert isinstance(asked, HttpWorkload)  # of the contract, or a fixture
        declared = found.framework.capabilities if asked.suite in CAPABILITIES else None
        verdict = verify(server.base_url, asked, capabilities=declared or None)
        return Gate(verdict.status, verdict.reasons, verdict.body)

    return gate
