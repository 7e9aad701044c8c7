"""How much a day's score still changes after the day: as known then beside as known now (METHOD.md, 14)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext

from scorecard import sentences

PROVISIONAL_DAYS = 30
WORTH_DRAWING = 0.5  # points


def mean_revision(
    then: Sequence[float], now: Sequence[float], first: datetime.date, opened: datetime.date
) -> tuple[float, int] | None:
    """Mean of |now - then| over the days since the record was opened that are old enough to be settled.

    Both series begin on `first`. None while there is no such day: days before the opening are a
    reconstruction and would count as never revised.
    """
    start = max(0, (opened - first).days)
    stop = len(now) - PROVISIONAL_DAYS
    if stop <= start:
        return None
    apart = [abs(now[place] - then[place]) for place in range(start, stop)]
    return sum(apart) / len(apart), len(apart)


def sentence(revision: tuple[float, int] | None, opened: datetime.date | None) -> str:
    """What a reader must know about the newest days of a line."""
    text = gettext("The last 30 days are provisional: acts that are reported late still change them.")
    if opened is None:
        return text
    if revision is None:
        return (
            text
            + " "
            + gettext(
                "By how much cannot be told yet: the record was opened on %(day)s, and everything before "
                "that day is a reconstruction."
            )
            % {"day": sentences.day(opened)}
        )
    points, days = revision
    return (
        text
        + " "
        + gettext(
            "Over %(days)d days since the record was opened, a day's balance has moved by %(points)s points "
            "on average between what was known on the day and what is known now."
        )
        % {"days": days, "points": sentences.tenths(points).lstrip("+")}
    )
