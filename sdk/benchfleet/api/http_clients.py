"""httpx clients as this package makes them: past proxies to this machine; an invalid proxy is an error that names it."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

import httpx
from benchfleet_contract.authorities import authorities
from benchfleet_contract.proxies import is_loopback, proxy_problem

from benchfleet.exceptions import UsageError

# This machine is called past any proxy: no transport but the usual one.
MOUNTS = {f"all://{name}": None for name in ("localhost", "127.0.0.1", "[::1]")}


def options_for(host: str, environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Arguments for a client that calls `host`. Raises UsageError that names a variable that cannot be used."""
    loopback = is_loopback(host)
    problem = proxy_problem(environment, loopback=loopback, socks=find_spec("socksio") is not None)
    if problem:
        raise UsageError(problem)
    if loopback:
        return {"trust_env": False, "verify": authorities({})}
    return {"mounts": MOUNTS, "verify": authorities(environment)}


def plain_client(host: str, *, timeout_s: float) -> httpx.Client:
    """A client without any key, such as for presigned URLs. Raises UsageError."""
    return httpx.Client(timeout=timeout_s, **options_for(host))
