"""What stays on this machine goes past any proxy: an emulator of ours is not to be seen from outside."""

from collections.abc import Mapping

NAMES = ("localhost", "127.0.0.1")
# For httpx: no transport but the usual one.
MOUNTS = {f"all://{name}": None for name in (*NAMES, "[::1]")}


def past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """For a program that talks to this machine. The same where the environment names no proxy."""
    if not any(name.lower().endswith("_proxy") for name in environment):
        return dict(environment)
    known = environment.get("no_proxy") or environment.get("NO_PROXY")
    value = ",".join([*([known] if known else []), *NAMES])
    return {**environment, "no_proxy": value, "NO_PROXY": value}
