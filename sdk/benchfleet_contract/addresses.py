"""Addresses that people give: what no client could call is told before one tries."""

import ipaddress
from urllib.parse import urlsplit


def address_problem(url: str) -> str | None:
    """Why nothing can be called at `url`, as the end of a sentence that begins with its name; None if something can.

    The words hold nothing of the URL: it may hold a password. The scheme is not looked at.
    """
    if not url.isprintable() or " " in url:
        return "holds a blank or another character that no URL has"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
        if host and "[" in parts.netloc:
            ipaddress.ip_address(host)
    except ValueError:
        return "has a host or a port that cannot be"
    if not host:
        return "names no host"
    return None if _can_be(host) else "has a host that cannot be"


def _can_be(host: str) -> bool:
    """Has every label 1 to 63 characters, and does it say what its `xn--` claims?"""
    try:
        host.encode("idna").decode("idna")
    except UnicodeError:
        return False
    return True
