"""Proxies that the environment names: what stays on this machine never goes to one."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_PLAIN = frozenset({"http", "https"})
_SOCKS = frozenset({"socks5", "socks5h"})


def is_loopback(host: str) -> bool:
    """Is it this machine, by name or address?"""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def proxy_problem(environment: Mapping[str, str], *, loopback: bool, socks: bool) -> str | None:
    """What is wrong with the first variable that cannot be meant, without its value: that may hold a password.

    `loopback`: only this machine is called, so that a proxy of a kind that cannot be used here is no matter.
    """
    for name, value in environment.items():
        if name.lower() not in _VARIABLES or not value.strip():
            continue
        scheme = urlsplit(value.strip()).scheme.lower() if "://" in value else "http"
        if scheme in _SOCKS:
            if not socks and not loopback:
                return f"{name} names a SOCKS proxy, which needs `pip install 'httpx[socks]'`; or unset {name}"
        elif scheme not in _PLAIN:
            return f"{name} names a proxy of the scheme {scheme[:20]!r}, must be http, https or socks5; or unset {name}"
    return None
