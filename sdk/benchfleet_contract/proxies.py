"""Proxies that the environment names: what stays on this machine never goes to one."""

import ipaddress
import re
from collections.abc import Mapping

from benchfleet_contract.addresses import address_problem

_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")
_EXCEPTIONS = "no_proxy"
_PLAIN = frozenset({"http", "https"})
_SOCKS = frozenset({"socks5", "socks5h"})
_SCHEME = re.compile(r"\s*([^:/]*)://")
_NAME = re.compile(r"[!-9;-Z\\^-~]+(:\d{1,5})?")  # ASCII without blanks or brackets, with a port or without


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

    `loopback`: only this machine is called, so that a proxy which cannot be used here is no matter. A scheme that none
    has is told all the same. `socks`: is there what SOCKS proxies need?
    """
    for name, value in environment.items():
        if name != name.lower() and name.lower() in environment:
            continue  # where both are set, clients read the lower one
        if name.lower() in _VARIABLES and value.strip():
            problem = _of_scheme(value, loopback=loopback, socks=socks) or (None if loopback else _of_address(value))
        elif name.lower() == _EXCEPTIONS and not loopback:
            problem = _of_exceptions(value)
        else:
            problem = None
        if problem:
            return f"{name} {problem}; or unset {name}"
    return None


def _of_scheme(value: str, *, loopback: bool, socks: bool) -> str | None:
    found = _SCHEME.match(value)
    scheme = found[1].lower() if found else "http"
    if scheme in _SOCKS:
        return None if socks or loopback else "names a SOCKS proxy, which needs `pip install 'httpx[socks]'`"
    known = scheme in _PLAIN
    return None if known else f"names a proxy of the scheme {scheme[:20]!r}, must be http, https or socks5"


def _of_address(value: str) -> str | None:
    problem = address_problem(value if "://" in value else f"http://{value}")
    if problem is None and re.match(r"\w+:/(?!/)", value):
        problem = "names no host"
    return problem and f"{problem}, must look like http://proxy.example.com:3128"


def _of_exceptions(value: str) -> str | None:
    """Addresses in brackets and blocks of IPv6 addresses, for two, are more than HTTP clients in Python can read."""
    entries = [entry.strip() for entry in value.split(",")]
    if "*" in entries or all(_readable(entry) for entry in entries if entry):
        return None
    return "holds an entry that cannot be read, must be names, domains and addresses such as localhost,.example.com,::1"


def _readable(entry: str) -> bool:
    if "://" in entry:
        return entry.isascii() and address_problem(entry) is None
    try:
        return bool(ipaddress.ip_address(entry))
    except ValueError:
        return bool(_NAME.fullmatch(entry))
