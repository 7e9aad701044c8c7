"""What the record covers and what it does not: coded to which day, how many events and sources, what waits; and what
people stated beside the log and took back, in the reader's words.

"No event" and "we did not look" must never look alike, so these facts stand on the front page.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext, pgettext

from scorecard import footing, querystring, reliability, sentences, vocabulary
from scorecard.pages.reading import Reading
from tracker.codebook import current
from tracker.codebook.schema import THIRD, UNKNOWN
from tracker.models import CoverageDay

Day = datetime.date


def facts(read: Reading) -> list[tuple[str, str]]:
    """Name and value of each fact about what a page rests on, for a definition list."""
    records, coded_to, as_of = read.counted, read.coded_to, read.clock.as_of
    week = CoverageDay.objects.filter(day__lte=as_of, day__gt=as_of - datetime.timedelta(days=7))
    seen = week.order_by("-day").first()  # the newest day on which we looked
    sources = [source for record in records for source in record["sources"]]
    taken_back = statements_taken_back(read.clock.known_at)
    found = [
        (gettext("Coded to"), _coded(coded_to, as_of)),
        *[(gettext("Of that statement"), said) for said in taken_back[-3:]],
        (gettext("On record"), sentences.coverage(coded_to if records else None, len(records), len(sources))),
    ]
    if sources:
        found.append((gettext("Languages of the sources"), _languages(sources)))
        if current().outlets:
            found.append((gettext("Sides of the sources"), _sides(sources)))
    found += _looked(seen)
    if records:
        sure = Counter(record["certainty"] for record in records)
        found.append((gettext("Not confirmed"), _unsure(sure, len(records))))
        found.append((gettext("Reviewed by analysts"), reviewed_share(read)))
    return found


def reviewed_share(read: Reading) -> str:
    """How many events a person has confirmed or coded, and how much of the weight of the balances that is."""
    ids = reliability.confirmed_ids(read.records, read.clock.known_at)
    whole, confirmed = reliability.weighed(read.report, ids)
    words = {
        "count": number_format(len(ids)),
        "events": number_format(len(read.records)),
        "share": sentences.percent(confirmed / whole) if whole else "–",
    }
    if not ids:
        return gettext("none of %(events)s events yet; language models compiled and coded the record") % words
    return (
        gettext("%(count)s of %(events)s events, which carry %(share)s of the weight of the balances") % words
    )


def _looked(seen: CoverageDay | None) -> list[tuple[str, str]]:
    """Feeds alive and what waits for an analyst."""
    if seen is None or not seen.feeds_total:
        return [(gettext("Feeds"), gettext("none polled by this copy in the week before"))]
    alive = gettext("%(alive)d of %(total)d at the worst moment of %(day)s") % {
        "alive": seen.feeds_alive,
        "total": seen.feeds_total,
        "day": sentences.day(seen.day),
    }
    if not seen.waiting:
        waits = gettext("nothing")
    else:
        waits = ngettext("%(count)d proposal", "%(count)d proposals", seen.waiting) % {"count": seen.waiting}
        if seen.oldest_unreviewed:
            waits += gettext(", the oldest since %(day)s") % {"day": sentences.day(seen.oldest_unreviewed)}
    return [(gettext("Feeds alive"), alive), (gettext("Waiting for an analyst"), waits)]


def _coded(coded_to: datetime.date, as_of: datetime.date) -> str:
    behind = (as_of - coded_to).days
    if behind <= 0:
        return sentences.day(coded_to)
    words = ngettext("%(day)s, %(behind)s day ago", "%(day)s, %(behind)s days ago", behind)
    return words % {"day": sentences.day(coded_to), "behind": number_format(behind)}


def _languages(sources: Sequence[Mapping[str, Any]]) -> str:
    counted = Counter(source["lang"].split("-")[0] for source in sources)
    offered = [language for language in querystring.LANGUAGES if language != "other"]
    named = [(querystring.filter_word("language", language), counted[language]) for language in offered]
    return _shares(
        [*named, (gettext("others"), len(sources) - sum(number for _name, number in named))], sources
    )


def _sides(sources: Sequence[Mapping[str, Any]]) -> str:
    book = current()
    counted = Counter(book.side_of(source["url"]) for source in sources)
    shown = [slug for slug in book.actor_slugs if counted[slug] or slug in (book.compared or ())]
    named = [(vocabulary.actor(slug), counted[slug]) for slug in shown]
    ends = ((gettext("elsewhere"), counted[THIRD]), (gettext("not established"), counted[UNKNOWN]))
    return _shares([*named, *ends], sources)


def _shares(named: Sequence[tuple[str, int]], sources: Sequence[Any]) -> str:
    """Each name with its share of the sources."""
    return pgettext("joint of shares", ", ").join(
        [
            gettext("%(name)s %(share)s") % {"name": name, "share": sentences.percent(number / len(sources))}
            for name, number in named
        ]
    )


def _unsure(sure: Mapping[str, int], events: int) -> str:
    return gettext("%(reported)d reported by one outlet, %(rumoured)d rumoured, of %(events)d") % {
        "reported": sure.get("reported", 0),
        "rumoured": sure.get("rumoured", 0),
        "events": events,
    }


def settings_of_ask(slug: str, ask: str, known_at: Day | None, shown: bool) -> list[str]:
    """How an ask was set by hand and what became of that, one sentence for each time; empty where the setting that is
    `shown` beside it is all there is."""
    found: list[str] = []
    back: dict[int | None, bool] = {}  # whether a line takes back, or puts back
    for place, line in enumerate(footing.asked(known_at), start=1):
        turned = line.get("withdraws")
        back[place] = bool(turned) and not back[turned]
        if (line["rec"], line["ask"]) == (slug, ask):
            found.append(_turned(line, back[place]) if turned else _set(line))
    return [] if shown and len(found) == 1 else found


def _set(line: Mapping[str, Any]) -> str:
    words = _parts(line) | {"rung": vocabulary.rung(line["rung"]), "from": _day(line["from"])}
    if not line["to"]:
        return gettext("Set by hand to “%(rung)s” from %(from)s on; %(who)s on %(day)s: %(why)s") % words
    words["to"] = _day(line["to"])
    return (
        gettext("Set by hand to “%(rung)s” from %(from)s until before %(to)s; %(who)s on %(day)s: %(why)s")
        % words
    )


def _turned(line: Mapping[str, Any], back: bool) -> str:
    if back:
        return gettext("Taken back; %(who)s on %(day)s: %(why)s") % _parts(line)
    return gettext("Put back; %(who)s on %(day)s: %(why)s") % _parts(line)


def _parts(line: Mapping[str, Any]) -> dict[str, str]:
    return {"who": line["name"], "day": _day(line["recorded_at"]), "why": line["reason"]}


def _day(iso: str) -> str:
    return sentences.day(Day.fromisoformat(iso))


def statements_taken_back(known_at: Day | None) -> list[str]:
    """Which statements that coding is complete were taken back, or put back; empty while none was."""
    rows = footing.stated(known_at)
    found: list[str] = []
    back: dict[int | None, bool] = {}
    for place, row in enumerate(rows, start=1):
        back[place] = bool(row.withdraws) and not back[row.withdraws]
        if row.withdraws is None or row.recorded_at is None:
            continue
        first = row
        while first.withdraws:
            first = rows[first.withdraws - 1]
        words = {"day": sentences.day(first.day or row.recorded_at), "why": row.note}
        words["on"] = sentences.day(row.recorded_at)
        said = gettext("“Complete to %(day)s” was put back on %(on)s: %(why)s")
        if back[place]:
            said = gettext("“Complete to %(day)s” was taken back on %(on)s: %(why)s")
        found.append(said % words)
    return found
