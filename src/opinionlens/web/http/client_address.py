"""Where a request comes from, as far as limits go."""

from __future__ import annotations

import ipaddress

from starlette.requests import HTTPConnection

_IPV6_HOUSEHOLD = 64


def address_of(request: HTTPConnection) -> str:
    """Return the address that a limit counts by; the server has already asked the trusted proxies for it."""
    return counted_as(request.client.host if request.client else "")


def counted_as(address: str) -> str:
    """Return the address, or for IPv6 the network of which one household has 2^64 addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a unix socket, or a test
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_HOUSEHOLD), strict=False))
