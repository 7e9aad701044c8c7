"""A permanent redirect is followed for good once it has held for some days; the former address is kept."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from feeds.fetching import Answer
from feeds.models import Feed, Poll

MOVES_AFTER = timedelta(days=3)  # until then it may be a publisher's mistake, or a hotel's login


def changes(feed: Feed, answer: Answer, now: datetime) -> dict[str, Any]:
    """What an answer that was redirected changes on its feed; {} when nothing."""
    if not answer.moved_to or answer.moved_to == feed.url or len(answer.moved_to) > 1000:
        return {"moved_to": "", "moved_since": None} if feed.moved_to else {}
    if answer.moved_to != feed.moved_to:
        return {"moved_to": answer.moved_to, "moved_since": now}
    if (
        feed.moved_since is None
        or now - feed.moved_since < MOVES_AFTER
        or Feed.objects.filter(url=answer.moved_to).exists()
    ):
        return {}
    text = _("Moved for good from %(old)s to %(new)s.") % {"old": feed.url, "new": answer.moved_to}
    Poll.objects.create(feed=feed, outcome=Poll.Outcome.MOVED, text=text)
    return {
        "url": answer.moved_to,
        "host": Feed.host_of(answer.moved_to),
        "former_url": feed.url,
        "moved_to": "",
        "moved_since": None,
    }
