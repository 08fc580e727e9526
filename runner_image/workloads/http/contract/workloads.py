"""All workloads by name, and the suites that group them."""

from collections.abc import Callable
from functools import cache

from runner_image.workloads.http.contract import bases
from runner_image.workloads.http.contract.workload import Exchange, HttpWorkload

__all__ = ["CAPABILITIES", "QUICK", "SUITES", "Exchange", "HttpWorkload", "UnknownSuite", "every", "workloads"]

_FAMILIES: dict[str, Callable[[bool], list[HttpWorkload]]] = {
    "json-bodies": bases.json_bodies,
    "path-params": bases.path_params,
    "query-params": bases.query_params,
    "forms": bases.forms,
    "multipart": bases.multipart,
}
QUICK = ("json-small", "path-simple", "query-few")
RAW = tuple(_FAMILIES)
VALIDATED = tuple(f"validated-{family}" for family in RAW)
STREAMS = ("websocket", "sse")
CAPABILITIES = frozenset((*RAW, *VALIDATED, *STREAMS))  # what an app can declare
SUITES = ("all", "quick", "raw", "validated", *RAW, *VALIDATED)


class UnknownSuite(ValueError):
    """Neither a suite nor a workload has this name."""

    def __init__(self, name: str) -> None:
        names = ", ".join((*SUITES, *(workload.name for workload in every())))
        super().__init__(f"There is no suite or workload {name!r}: take one of {names}")


@cache
def every() -> tuple[HttpWorkload, ...]:
    """All 36: first the raw ones, then their validated twins."""
    return tuple(one for validated in (False, True) for family in _FAMILIES.values() for one in family(validated))


def workloads(suite: str) -> tuple[HttpWorkload, ...]:
    """The workloads of a suite, or of a list of suites and workloads with commas; each once. Raises UnknownSuite.

    A family (`json-bodies`) holds its raw workloads and their twins; `validated-json-bodies` the twins only.
    """
    chosen = [one for name in suite.split(",") for one in _named(name.strip())]
    return tuple(dict.fromkeys(chosen))


def _named(name: str) -> list[HttpWorkload]:
    found = [one for one in every() if name in _names(one)]
    if not found:
        raise UnknownSuite(name)
    return found


def _names(one: HttpWorkload) -> set[str]:
    names = {one.name, one.suite, one.suite.removeprefix("validated-"), "all"}
    names.add("validated" if one.validated else "raw")
    return names | ({"quick"} if one.name in QUICK else set())
