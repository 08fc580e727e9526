"""benchfleet: benchmarks on many machines. `Client` and `AsyncClient` talk to a control plane; see docs/sdk.md.

Names are imported when they are first used (PEP 562), so that `import benchfleet` costs nothing.
"""

TYPE_CHECKING = False  # type checkers take it for true; `typing` would be the heaviest import of this file
if TYPE_CHECKING:
    from benchfleet.api.downloading import DownloadProgress
    from benchfleet.api.waiting import WaitProgress
    from benchfleet.async_client import AsyncClient
    from benchfleet.client import Client
    from benchfleet.exceptions import (
        ApiError,
        ArchiveError,
        AuthError,
        BenchfleetError,
        ConfigError,
        Conflict,
        DiskError,
        InvalidRequest,
        NotFound,
        RunFailed,
        RunUnknown,
        ServerError,
        TimedOut,
        Unreachable,
        UsageError,
    )
    from benchfleet.version import __version__

_HOMES = {
    "AsyncClient": "async_client",
    "Client": "client",
    "DownloadProgress": "api.downloading",
    "WaitProgress": "api.waiting",
    "__version__": "version",
}

__all__ = [
    "ApiError",
    "ArchiveError",
    "AsyncClient",
    "AuthError",
    "BenchfleetError",
    "Client",
    "ConfigError",
    "Conflict",
    "DiskError",
    "DownloadProgress",
    "InvalidRequest",
    "NotFound",
    "RunFailed",
    "RunUnknown",
    "ServerError",
    "TimedOut",
    "Unreachable",
    "UsageError",
    "WaitProgress",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'benchfleet' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"benchfleet.{_HOMES.get(name, 'exceptions')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
