"""Who calls: the address written down by the outermost proxy that we trust.

The law: what stands further left in X-Forwarded-For was written by strangers and counts for nothing; with
TRUSTED_PROXIES=0 the whole line does. Limits hold for a network that one subscriber has: an IPv4 address, or the
first 64 bits of an IPv6 one.
"""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The caller's network as an address; empty when nothing tells (a socket of this machine)."""
    nearest = request.META.get("REMOTE_ADDR") or ""
    hops = settings.TRUSTED_PROXIES
    written = [each.strip() for each in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    # Fewer entries than proxies: the call went past them, and only the line itself can be believed.
    found = written[-hops] if hops and len(written) >= hops else nearest
    return _network(found) or _network(nearest)


def is_here(request: HttpRequest) -> bool:
    """Whether this machine itself calls: a check, a proxy that nobody told us of, a developer."""
    found = address(request)
    return not found or ipaddress.ip_address(found).is_loopback


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    if found.is_loopback:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False).network_address)
