"""Whose failure an installation or a build is: the app's own, or that of a registry or machine that lacks something.

It is told by what the tools print; their exit codes are the same for both. What is not known is the app's own.
"""

import re

_NETWORK = (
    r"Could not resolve host|Temporary failure in name resolution|[Nn]etwork is unreachable|NewConnectionError"
    r"|ConnectTimeoutError|ProxyError|no such host|dial tcp|spurious network error|nxdomain"
    r"|\bE(?:NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH)\b"
)
_REGISTRY = (
    r"is not in this registry|code E404|code ETARGET|code EBADPLATFORM|No matching distribution"
    r"|no matching package named|failed to select a version for the requirement|Could not find (?:gem )?\S+ in "
)
_MACHINE = r"No space left on device|requires rustc|requires the Cargo feature"
_MISSING = re.compile("|".join((_NETWORK, _REGISTRY, _MACHINE)))


def is_missing(said: str) -> bool:
    """`said`: what a tool printed. True where it names something that is not here: a host, a package, a newer compiler."""
    return _MISSING.search(said) is not None
