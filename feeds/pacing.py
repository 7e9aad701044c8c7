"""When a feed is called again. Pure.

The interval follows the feed's own rhythm by how much of a document was known already (Media Cloud's rule), a
server's wishes can only lengthen it, and errors stretch it in a straight line up to one day, never further:
active feeds do answer 404 and come back.
"""

from dataclasses import dataclass

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


def after_document(pace: Pace, *, entries: int, new: int) -> Pace:
    """The pace after a document was read: slower when most was known, faster when most was new."""
    if not entries:
        return after_unchanged(pace)
    known = 1 - new / entries
    if known < KNOWN_LITTLE:
        return _towards(pace, +1)
    if known > KNOWN_MUCH and new == 0:
        return _towards(pace, -1)
    return Pace(pace.interval, 0)


def after_unchanged(pace: Pace) -> Pace:
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
