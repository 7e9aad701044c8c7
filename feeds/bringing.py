"""Which feed brought what, for lists that know articles and events but no feeds.

The admin narrows by it, by the setting BROUGHT_BY.
"""

from __future__ import annotations

from typing import Any

from feeds.models import Delivery, Feed


def feeds() -> list[tuple[str, str]]:
    """Every feed by its name: `[(key, name)]`."""
    return sorted(((str(feed.pk), str(feed)) for feed in Feed.objects.all()), key=lambda one: one[1].lower())


def articles(key: str) -> Any:
    """The articles that a feed delivered, as a subquery of their keys."""
    return Delivery.objects.filter(feed_id=int(key)).order_by().values("article")
