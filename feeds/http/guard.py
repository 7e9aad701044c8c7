"""Which address this service may call. Feeds, full texts and webhooks all go through here.

The law: an address is judged by its number, after the name was looked up, at the moment of connecting and
again at every redirect. Python's own idea of a global address is not enough: on 3.11 `is_global` is True for
NAT64, 6to4 and multicast forms that lead to private hosts, so the list of ranges is ours.
"""

import ipaddress
import logging
import socket
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.resolver import ThreadedResolver

log = logging.getLogger(__name__)
REFUSED_RANGES = tuple(
    ipaddress.ip_network(text)
    for text in (
        # IPv4: this network, private, shared, loopback, link-local (cloud metadata), documentation,
        # 6to4 relays, benchmarks, multicast, reserved.
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
        # IPv6: unspecified, loopback and IPv4-compatible, IPv4-translated, NAT64, discard, Teredo and ORCHID,
        # documentation, 6to4, segment routing, unique local, link-local, site-local, multicast.
        *(
            "::/96",
            "::ffff:0:0:0/96",
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "100::/64",
            "100:0:0:1::/64",
            "2001::/23",
        ),
        *("2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10"),
        "ff00::/8",
    )
)
PORTS = frozenset({80, 443, 8080, 8443})


class GuardError(OSError):
    """The address may not be called; the message says which one and why."""


def is_public(address: str) -> bool:
    """Whether a numeric IP address belongs to the open internet. Raises ValueError for anything else."""
    number = ipaddress.ip_address(address.split("%")[0])
    if number.version == 6 and number.ipv4_mapped:
        number = number.ipv4_mapped
    return not any(number in network for network in REFUSED_RANGES if network.version == number.version)


def check_url(url: str, *, allow_private: bool = False) -> str:
    """Return the URL when its form may be called, before any name is looked up; GuardError otherwise."""
    if any(ord(character) <= 32 or ord(character) == 127 for character in url) or "\\" in url:
        raise GuardError(f"The address contains spaces or control characters: {url[:200]!r}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise GuardError(f"The address cannot be read ({error}): {url[:200]}") from error
    if parts.scheme not in ("http", "https"):
        raise GuardError(
            f"Only http and https addresses are called, not {parts.scheme or 'a bare'!s}: {url[:200]}"
        )
    if parts.username is not None or parts.password is not None:
        raise GuardError("The address carries a user name or password; remove it.")
    if not parts.hostname:
        raise GuardError(f"The address names no host: {url[:200]}")
    if allow_private:
        return url
    if port is not None and port not in PORTS:
        raise GuardError(f"Port {port} is not one that web pages use ({', '.join(map(str, sorted(PORTS)))}).")
    _check_literal(parts.hostname)
    return url


def connector(
    *, allow_private: bool = False, limit: int = 16, limit_per_host: int = 0
) -> aiohttp.TCPConnector:
    """An aiohttp connector that opens no socket to an address which may not be called."""
    if allow_private:
        return aiohttp.TCPConnector(limit=limit, limit_per_host=limit_per_host)
    return aiohttp.TCPConnector(
        limit=limit,
        limit_per_host=limit_per_host,
        resolver=GuardedResolver(),
        # The last line of defence: it sees the very address about to be called, literals included.
        socket_factory=guarded_socket,
    )


class GuardedResolver(AbstractResolver):
    """Looks names up and refuses a name as soon as one of its addresses is not public.

    A name with one public and one private address is how DNS rebinding starts.
    """

    def __init__(self, resolver: AbstractResolver | None = None):
        self._resolver = resolver or ThreadedResolver()

    async def resolve(self, host, port=0, family=socket.AF_UNSPEC):
        answers = await self._resolver.resolve(host, port, family)
        for answer in answers:
            refuse_private(answer["host"], name=host)
        return answers

    async def close(self):
        await self._resolver.close()


def guarded_socket(address_info) -> socket.socket:
    """The `socket_factory` of aiohttp: a non-blocking socket, or GuardError before any packet is sent."""
    family, kind, protocol, _, address = address_info
    refuse_private(address[0], name="The address")
    opened = socket.socket(family, kind, protocol)
    opened.setblocking(False)
    return opened


def refuse_private(address: str, *, name: str = "") -> None:
    """Raise GuardError unless the numeric address is public. What a name leads to is for the operator's log alone: told
    to whoever typed it, our answers would be a map of the network behind us."""
    if is_public(address):
        return
    if name and name != address:
        log.warning("%s leads to %s and is not called", name, address)
        raise GuardError(nowhere(name))
    raise GuardError(
        f"{address} is a private or reserved address and is not called. "
        "Set FETCH_ALLOW_PRIVATE=1 only on a machine where that is meant."
    )


def nowhere(host: str) -> str:
    """What is said of a name that nobody knows and of one that leads inside alike."""
    return f"{host} leads to no address of the open internet. Is it spelt right, is there a network?"


def refusal_in(error: BaseException | None) -> GuardError | None:
    """The GuardError inside an error of the HTTP client, which wraps what its connector raises."""
    seen = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, GuardError):
            return error
        seen.add(id(error))
        error = getattr(error, "os_error", None) or error.__cause__ or error.__context__
    return None


def _check_literal(host: str) -> None:
    try:
        refuse_private(host)
    except ValueError:
        # A name, or one of the old spellings of a number (0x7f.1, 2130706433): the resolver and the socket
        # see what it stands for.
        return
