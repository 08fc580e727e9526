"""Fleets of prompts and models: manifests read from files, runs started, followed and collected.

Names are imported when they are first used (PEP 562): a process that only waits for a run starts at once.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from benchfleet.exceptions import RunFailed
    from benchfleet.fleet.client import AsyncFleetBenchmark, FleetBenchmark
    from benchfleet.fleet.errors import ManifestError, ProviderConfigError, ResultsNotReady, RunNotFound, WaitTimeout
    from benchfleet.fleet.handle import Handle

_HOMES = {
    "AsyncFleetBenchmark": "fleet.client",
    "FleetBenchmark": "fleet.client",
    "Handle": "fleet.handle",
    "RunFailed": "exceptions",
}

__all__ = [
    "AsyncFleetBenchmark",
    "FleetBenchmark",
    "Handle",
    "ManifestError",
    "ProviderConfigError",
    "ResultsNotReady",
    "RunFailed",
    "RunNotFound",
    "WaitTimeout",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'benchfleet.fleet' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"benchfleet.{_HOMES.get(name, 'fleet.errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
