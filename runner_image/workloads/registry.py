"""Names of workloads. Each look-up makes a new one: slots share nothing."""

from collections.abc import Callable

from runner_image.workloads.command import Command
from runner_image.workloads.mock import Mock
from runner_image.workloads.protocol import Workload
from runner_image.workloads.pyperformance.workload import Pyperformance
from runner_image.workloads.ruby_bench.workload import RubyBench


def _llm() -> Workload:
    """Imported when it is asked for: the clients of providers are of no use to other work."""
    from runner_image.workloads.llm.workload import Llm

    return Llm()


def _http() -> Workload:
    """Imported when it is asked for: it brings clients and tools of load."""
    from runner_image.workloads.http.workload import Http

    return Http()


_MAKERS: dict[str, Callable[[], Workload]] = {
    RubyBench.name: RubyBench,
    Pyperformance.name: Pyperformance,
    Command.name: Command,
    Mock.name: Mock,
    "llm": _llm,
    "http": _http,
}
NAMES = tuple(_MAKERS)


def workload(name: str) -> Workload:
    """The workload of that name. Raises KeyError if there is none."""
    return _MAKERS[name]()
