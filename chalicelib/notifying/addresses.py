"""Which addresses a webhook may be sent to: those of the public internet, and no other. Pure.

A name is resolved once, and the connection goes to the address that was looked at: a name that has another address a moment
later (DNS rebinding) leads nowhere else.
"""

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind it
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")  # RFC 8215
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291: deprecated, and an IPv4 address in it


def is_public(address: str) -> bool:
    """Not private, loopback, link-local (where metadata is), shared, reserved or multicast; nor one that hides such a one."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _LOCAL_NAT64 or ip in _COMPATIBLE or ip.teredo:
            return False
        hidden = (
            ip.ipv4_mapped or ip.sixtofour or (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        )
        if hidden is not None:
            return is_public(str(hidden))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
