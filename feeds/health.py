"""A feed's rhythm and troubles, in words. Pure.

The law: no feed dies silently. Amber after the first error, red after three days or ten weighted errors,
one alert per failure, and only a document that was really read makes a feed well again: a 304 does not, as it
may come from a cache before a broken server.

When a feed is called again. Pure.

The interval follows the feed's own rhythm by how much of a document was known already (Media Cloud's rule), a
server's wishes can only lengthen it, and errors stretch it in a straight line up to one day, never further:
active feeds do answer 404 and come back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

WEIGHTS = {
    "gone": 1.0,
    "blocked": 1.0,
    "not_a_feed": 1.0,
    "redirects": 1.0,
    "tls": 1.0,
    "too_large": 1.0,
    "encoding": 1.0,
    "protocol": 1.0,
    "crashed": 1.0,
    "flood": 1.0,
    "http_4xx": 0.5,
    "rate_limited": 0.5,
    "http_5xx": 0.5,
    "connect": 0.5,
    "timeout": 0.5,
    "dns": 0.25,
}
NAMES = {
    "gone": gettext_noop("gone for good"),
    "blocked": gettext_noop("address not allowed"),
    "not_a_feed": gettext_noop("not a feed"),
    "redirects": gettext_noop("endless or unsafe redirects"),
    "tls": gettext_noop("secure connection failed"),
    "too_large": gettext_noop("too large"),
    "encoding": gettext_noop("damaged compression"),
    "protocol": gettext_noop("broken answer"),
    "crashed": gettext_noop("polls do not come to an end"),
    "flood": gettext_noop("a flood of items"),
    "http_4xx": gettext_noop("refused"),
    "rate_limited": gettext_noop("asked to slow down"),
    "http_5xx": gettext_noop("publisher's server in trouble"),
    "connect": gettext_noop("no connection"),
    "timeout": gettext_noop("too slow"),
    "dns": gettext_noop("name not found"),
}
RED_AFTER = timedelta(days=3)
RED_WEIGHT = 10.0
DOUBTED_AFTER = timedelta(days=7)  # without a whole document, though it is asked for every day
BARREN_READS = 10
UNKNOWN_GAP = timedelta(days=4)
SHORTEST_SILENCE, LONGEST_SILENCE = timedelta(days=3), timedelta(days=180)
SHORTEST_LONELINESS, LONGEST_LONELINESS = timedelta(days=2), timedelta(days=60)
GOING_ON = timedelta(days=1)  # what brought something new since then goes on


@dataclass(frozen=True, slots=True)
class Condition:
    """Health as stored on a feed."""

    state: str
    trouble: str = ""
    text: str = ""
    weight: float = 0.0
    failing_since: datetime | None = None
    alert: bool = False  # raise one now


def after_document(flood: str, *, now: datetime) -> Condition:
    """A document was really read: whatever was wrong is over, unless `flood` says that it brings too much."""
    if flood:
        return Condition("amber", "flood", flood, WEIGHTS["flood"], now, alert=True)
    return Condition("green")


def after_unchanged(before: Condition) -> Condition:
    """A 304 or an identical body: keeps a failure as it is, but proves a new feed alive."""
    return before if before.trouble else Condition("green")


def after_error(before: Condition, kind: str, text: str, *, now: datetime, alerted: bool) -> Condition:
    """The condition after an error of class `kind`."""
    since = before.failing_since or now
    weight = before.weight + WEIGHTS.get(kind, 1.0)
    if kind == "gone":
        return Condition("stopped", kind, text, weight, since, alert=not alerted)
    red = now - since >= RED_AFTER or weight >= RED_WEIGHT
    return Condition("red" if red else "amber", kind, text, weight, since, alert=red and not alerted)


def name_of(kind: str) -> str:
    """The class of an error in the reader's language."""
    return _(NAMES[kind]) if kind in NAMES else kind


def sentence(feed, *, now: datetime) -> str:
    """One sentence on a feed's health, in the reader's language."""
    if feed.paused:
        return _("Paused by an editor.")
    if feed.state == "new":
        return _("Not polled yet.")
    if feed.trouble:
        return _("%(trouble)s, for %(since)s: %(text)s") % {
            "trouble": name_of(feed.trouble).capitalize(),
            "since": ago(feed.failing_since, now),
            "text": feed.trouble_text,
        }
    if feed.newest_at is None:
        return _("Answers, but has not listed a single item yet.")
    if question := doubt(feed, now=now):
        return question
    return _("Well; last polled %(since)s ago.") % {"since": ago(feed.last_polled_at, now)}


def doubt(feed, *, now: datetime) -> str:
    """What makes an answer doubtful that is no error, in words; "" when nothing does."""
    if feed.whole_at and feed.last_polled_at and feed.last_polled_at - feed.whole_at >= DOUBTED_AFTER:
        said = _("Says that nothing has changed even when asked for the whole document, for %(since)s.")
        return said % {"since": ago(feed.whole_at, now)}
    beside = feed.busy_beside() if feed.lonely_after and now > feed.lonely_after else ""
    if not beside and not is_quiet(feed, now=now):
        return ""
    if feed.barren_reads >= BARREN_READS:
        said = _("Its document changes, but has listed nothing new for %(since)s. Is it still this feed?")
    elif beside:
        said = _(
            "Answers, but has brought nothing new for %(since)s, while other feeds of %(place)s go on. Has it moved?"
        )
    else:
        said = _("Answers, but has brought nothing new for %(since)s; it is not usually so quiet.")
    return said % {"since": ago(feed.newest_at, now), "place": beside}


def is_doubtful(feed, *, now: datetime) -> bool:
    """Whether a feed's answers, though no errors, want an editor's eye."""
    return bool(doubt(feed, now=now))


def is_quiet(feed, *, now: datetime) -> bool:
    """Whether a feed that answers has been silent far longer than its own habit."""
    return feed.quiet_after is not None and now > feed.quiet_after


def quiet_after(newest_at: datetime, usual_gap: timedelta | None) -> datetime:
    """When silence becomes strange: after five usual gaps, at least three days, at most half a year."""
    gap = usual_gap or UNKNOWN_GAP
    return newest_at + min(LONGEST_SILENCE, max(SHORTEST_SILENCE, 5 * gap))


def lonely_after(newest_at: datetime, usual_gap: timedelta | None) -> datetime:
    """When silence becomes strange beside neighbours that go on: after three usual gaps, at least two days."""
    gap = usual_gap or UNKNOWN_GAP
    return newest_at + min(LONGEST_LONELINESS, max(SHORTEST_LONELINESS, 3 * gap))


def typical_gap(moments: list[datetime]) -> timedelta | None:
    """The median time between successive deliveries, from at least five of them."""
    ordered = sorted(set(moments))
    gaps = sorted(later - earlier for earlier, later in pairwise(ordered))
    return gaps[len(gaps) // 2] if len(gaps) >= 4 else None


def ago(moment: datetime | None, now: datetime) -> str:
    """The time since a moment, in its one fitting unit."""
    if moment is None:
        return _("an unknown time")
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 3600:
        return _("%(count)d min") % {"count": max(1, seconds // 60)}
    if seconds < 2 * 86400:
        return _("%(count)d h") % {"count": seconds // 3600}
    return _("%(count)d days") % {"count": seconds // 86400}


FIRST = 1800  # seconds, of a feed whose rhythm is not known yet
SHORTEST = 600
LONGEST = 6 * 3600
DAY = 24 * 3600
HEARD = 3600  # a max-age or ttl can ask for an hour at most
KNOWN_MUCH, KNOWN_LITTLE = 0.67, 0.33
IN_A_ROW = 2
JITTER = 0.1
FLOOD = 2000  # new items of one feed within a day; the busiest recorded ones bring some hundreds


@dataclass(frozen=True, slots=True)
class Pace:
    interval: int  # seconds
    fresh_polls: int  # polls in a row with much (+) or little (-) new


def pace_after_document(pace: Pace, *, entries: int, new: int) -> Pace:
    """The pace after a document was read: slower when most was known, faster when most was new."""
    if not entries:
        return pace_after_unchanged(pace)
    known = 1 - new / entries
    if known < KNOWN_LITTLE:
        return _towards(pace, +1)
    if known > KNOWN_MUCH and new == 0:
        return _towards(pace, -1)
    return Pace(pace.interval, 0)


def pace_after_unchanged(pace: Pace) -> Pace:
    """The pace after 304 or an identical body."""
    return _towards(pace, -1)


def wait(pace: Pace, *, chance: float, asked: tuple[int | None, ...] = ()) -> float:
    """Seconds to the next poll. `chance` in 0..1 spreads feeds by 10 %; `asked`: ttl, max-age."""
    wished = max((min(seconds, HEARD) for seconds in asked if seconds), default=0)
    return min(DAY, max(pace.interval, wished) * (1 + JITTER * (2 * chance - 1)))


def wait_after_error(interval: int, weight: float, *, chance: float, retry_after: int | None = None) -> float:
    """Seconds to the next try: linear in the errors' weight, at least what is asked, a day at most."""
    seconds = interval * (1 + weight) * (1 + JITTER * chance)
    return float(min(DAY, max(seconds, SHORTEST / 2, (retry_after or 0) * (1 + JITTER * chance))))


def could_flood(new: int) -> bool:
    """Whether polls that bring so much, at the shortest interval, come to a flood within a day."""
    return new * (DAY // SHORTEST) > FLOOD


def _towards(pace: Pace, sign: int) -> Pace:
    same_way = pace.fresh_polls * sign > 0
    row = pace.fresh_polls + sign if same_way else sign
    if abs(row) < IN_A_ROW:
        return Pace(pace.interval, row)
    interval = pace.interval // 2 if sign > 0 else pace.interval * 5 // 4
    return Pace(max(SHORTEST, min(LONGEST, interval)), max(-100, min(100, row)))
