"""The starter feeds of `seeds/feeds.opml`. What is there already, paused or edited by an analyst, stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from feeds import opml
from feeds.models import Feed

OPML = settings.BASE_DIR / "seeds" / "feeds.opml"


def seed() -> Iterator[tuple[str, int, int]]:
    """Add the feeds that are missing; yields what was added and how many there are now."""
    lines, _refused = opml.checked(opml.read(OPML.read_bytes()))
    added, _known = opml.add(lines)
    yield "feeds", added, Feed.objects.count()
