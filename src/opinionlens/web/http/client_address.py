"""Client address of a request, as limits count it."""

from __future__ import annotations

import ipaddress

from starlette.requests import HTTPConnection

_IPV6_HOUSEHOLD = 64


def address_of(request: HTTPConnection) -> str:
    """Return the client's address for counting limits.

    The server has already resolved the headers of trusted proxies.
    """
    return counted_as(request.client.host if request.client else "")


def counted_as(address: str) -> str:
    """Return an IPv4 address itself, an IPv6 address's network.

    One household with IPv6 has 2^64 addresses, all in one network.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:  # a unix socket, or a test
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), _IPV6_HOUSEHOLD), strict=False))
