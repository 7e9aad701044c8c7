"""Every address of the service, read from the resolver, with something plausible in each gap."""

import re
from dataclasses import dataclass

from django.urls import URLPattern, get_resolver
from django.urls.resolvers import LocalePrefixPattern

GAPS = {  # the others are numbers
    "slug": "trust",
    "event_id": "no-such-event",
    "actor": "us",
    "name": "trust",
    "ending": "json",
    "number": "1",
    "reference": "D-0000-0000",
    "day": "2026-01-01",
    "token": "no-such-token",
    "message": "no-such-message",
    "app_label": "tracker",
    "url": "no/such/page",
    "rest": "1/2026-01-01/",
}
GAP = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>|\(\?P<([a-z_]+)>[^()]*(?:\([^()]*\)[^()]*)*\)")
REAL_NAMES = {
    "feed": {"name": "all", "ending": "atom"},
    "export": {"name": "events", "ending": "csv"},
    "edition_file": {"name": "SHA256SUMS"},
}


@dataclass(frozen=True)
class Address:
    path: str
    name: str  # with its namespace, as `admin:index`
    parts: frozenset  # the names of its gaps

    def __str__(self):
        return self.path

    @property
    def is_inside(self):
        return self.path.startswith("/admin/")

    @property
    def is_api(self):
        return self.path.startswith("/api/")


def every(**known):
    """All addresses of the English site; `known` fills gaps with what exists, as event_id='a-real-event'."""
    return [_filled(route, name, known) for route, name in _walk(get_resolver(), "", "")]


def _walk(resolver, prefix, space):
    for pattern in resolver.url_patterns:
        route = prefix if isinstance(pattern.pattern, LocalePrefixPattern) else prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, f"{space}{pattern.name or 'none'}"
        else:
            yield from _walk(pattern, route, f"{space}{pattern.namespace}:" if pattern.namespace else space)


def _filled(route, name, known):
    values = GAPS | REAL_NAMES.get(name.split(":")[-1], {}) | known
    parts = set()

    def fill(match):
        gap = match[1] or match[2]
        parts.add(gap)
        return values.get(gap, "1")

    path = GAP.sub(
        fill,
        re.sub(r"\(\?!.*?\)/\)", "", route)
        .replace("(?:/(?P<rest>.*))?$", "/")
        .replace("^", "")
        .replace("\\.", ".")
        .replace("\\Z", ""),
    )
    path = path.replace("/?$", "/").replace("$", "").replace(".*", "no/such/page")
    return Address(f"/{path}", name, frozenset(parts))
