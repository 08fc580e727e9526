"""The object store, as presigned URLs show it. No message of ours holds a URL: it carries a signature.

StoreError
├── StoreUnreachable  no usable answer: refused, timed out, dropped
├── StoreBusy         429 or 5xx
└── more              what only one direction knows (see upload.py)
"""

import httpx
from benchfleet_contract.authorities import authorities

from runner_image.retries import Passing

OPEN_S, READ_S = 10.0, 120.0


class StoreError(Exception):
    """The store did not do what was asked."""


class StoreUnreachable(StoreError, Passing):
    """No usable answer."""


class StoreBusy(StoreError, Passing):
    """The store asks for patience."""


def open_store(*, proxies: bool = True) -> httpx.Client:
    """The client for the store: no key in its headers, no redirects. `proxies`: those that the environment names."""
    verify = authorities() if proxies else authorities({})
    return httpx.Client(timeout=httpx.Timeout(READ_S, connect=OPEN_S), trust_env=proxies, verify=verify)


def require_time_for_us(status: int, *, what: str) -> None:
    """Raises StoreBusy for a status that says to come again later."""
    if status == 429 or status >= 500:
        raise StoreBusy(f"{what}: {status}")
