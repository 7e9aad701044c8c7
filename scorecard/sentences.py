"""Figures -> true sentences, in the reader's language. Every sentence is computed; none is written by hand.

The words go through gettext; the figures arrive as plain numbers and dates, shaped as `standings.report`
gives them. A sentence never says more than its figures: rounding is done once, by `signed`, and what rounds to
nothing is called nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext, pgettext

from scorecard import vocabulary
from scorecard.method.readings import Change, Measure
from tracker.record import Record

LABELS = (
    "advancing", "leaning advancing", "undermined", "leaning undermined", "contested", "unclear",
    "too little evidence", "withheld",
)  # fmt: skip


def signed(value: float) -> str:
    """A whole number with its sign, a true minus, and no sign on zero."""
    whole = round(value)
    return f"+{whole}" if whole > 0 else f"−{-whole}" if whole < 0 else "0"


def tenths(value: float) -> str:
    """A signed number with one decimal, for the effects of single acts."""
    rounded = round(value, 1)
    text = number_format(abs(rounded), 1)
    return f"+{text}" if rounded > 0 else f"−{text}" if rounded < 0 else text


def day(date: datetime.date) -> str:
    return date_format(date, pgettext("format of a day", "j F Y"))


def short_day(date: datetime.date) -> str:
    return date_format(date, pgettext("format of a day, short", "j M Y"))


def month(date: datetime.date) -> str:
    return date_format(date, pgettext("format of a month", "F Y"))


def tick(date: datetime.date) -> str:
    """A date on a chart's axis: the year in January, the month otherwise."""
    if date.month == 1:
        return date_format(date, pgettext("format of a year on an axis", "Y"))
    return date_format(date, pgettext("format of a month on an axis", "M"))


def when(date: datetime.date, precision: str) -> str:
    """The date of an event, no finer than it is known."""
    if precision == "year":
        return date_format(date, pgettext("format of a year", "Y"))
    if precision == "quarter":
        quarter = (date.month + 2) // 3
        return gettext("quarter %(quarter)d of %(year)d") % {"quarter": quarter, "year": date.year}
    return month(date) if precision == "month" else day(date)


def when_of(record: Record) -> str:
    """The date of a record's act, no finer than it is known."""
    return when(datetime.date.fromisoformat(record["date"]), record["date_precision"])


def listed(items: Sequence[str]) -> str:
    """a; a and b; a, b and c, with the joints of the language."""
    if len(items) < 2:
        return "".join(items)
    comma, conjunction = pgettext("joint of a list", ", "), pgettext("last joint of a list", " and ")
    return comma.join(items[:-1]) + conjunction + items[-1]


def capital(text: str) -> str:
    """The words as a sentence begins with them."""
    return text[:1].upper() + text[1:]


def enumerated(items: Sequence[str]) -> str:
    """a, b, c, with the comma of the language and no conjunction."""
    return pgettext("joint of a list", ", ").join(items)


def headline(labels: Iterable[str], on: datetime.date | None = None) -> str:
    """How the recommendations stand, in one sentence; `on`: the last coded day, where a later one is asked for."""
    counted = dict.fromkeys(LABELS, 0)
    for label in labels:
        counted[label] += 1
    tell = _stand if on is None else _stood
    parts = [tell(label, count) for label, count in counted.items() if count]
    total = sum(counted.values())
    words = {"count": vocabulary.count_word(total), "parts": listed(parts)}
    if on is not None:
        return ngettext(
            "On %(day)s, the last coded day, of the %(count)s recommendation, %(parts)s.",
            "On %(day)s, the last coded day, of the %(count)s recommendations, %(parts)s.",
            total,
        ) % (words | {"day": day(on)})
    text = ngettext(
        "Of the %(count)s recommendation, %(parts)s.", "Of the %(count)s recommendations, %(parts)s.", total
    )
    return text % words


def _stand(label: str, count: int) -> str:
    word = {"count": vocabulary.count_word(count)}
    if label == "advancing":
        return ngettext("%(count)s is advancing", "%(count)s are advancing", count) % word
    if label == "undermined":
        return ngettext("%(count)s is undermined", "%(count)s are undermined", count) % word
    if label == "leaning advancing":
        return ngettext("%(count)s is leaning advancing", "%(count)s are leaning advancing", count) % word
    if label == "leaning undermined":
        return ngettext("%(count)s is leaning undermined", "%(count)s are leaning undermined", count) % word
    if label == "contested":
        return ngettext("%(count)s is contested", "%(count)s are contested", count) % word
    if label == "unclear":
        return ngettext("%(count)s is unclear", "%(count)s are unclear", count) % word
    if label == "withheld":
        return ngettext("%(count)s has no label yet", "%(count)s have no label yet", count) % word
    return ngettext("%(count)s has too little evidence", "%(count)s have too little evidence", count) % word


def _stood(label: str, count: int) -> str:
    """The same of a day that was over."""
    word = {"count": vocabulary.count_word(count)}
    if label == "advancing":
        return ngettext("%(count)s was advancing", "%(count)s were advancing", count) % word
    if label == "undermined":
        return ngettext("%(count)s was undermined", "%(count)s were undermined", count) % word
    if label == "leaning advancing":
        return ngettext("%(count)s was leaning advancing", "%(count)s were leaning advancing", count) % word
    if label == "leaning undermined":
        return ngettext("%(count)s was leaning undermined", "%(count)s were leaning undermined", count) % word
    if label == "contested":
        return ngettext("%(count)s was contested", "%(count)s were contested", count) % word
    if label == "unclear":
        return ngettext("%(count)s was unclear", "%(count)s were unclear", count) % word
    if label == "withheld":
        return ngettext("%(count)s had no label yet", "%(count)s had no label yet", count) % word
    return ngettext("%(count)s had too little evidence", "%(count)s had too little evidence", count) % word


def finding(
    slug: str,
    label: str,
    since: datetime.date | None,
    change: Change,
    on: datetime.date | None = None,
    firm: bool = True,
) -> str:
    """The title of a recommendation's page: its label, since when, and what the 90 days before did to it.

    `on`: the last coded day, where a later one is asked for; `firm`: whether the label would survive other choices.
    """
    words = {"name": vocabulary.short_name(slug), "since": month(since) if since else ""}
    if on is not None:
        words["name"] = gettext("%(name)s on %(day)s, the last coded day") % (words | {"day": day(on)})
    if since is None:
        stands = {
            "advancing": gettext("%(name)s: advancing"),
            "undermined": gettext("%(name)s: undermined"),
            "leaning advancing": gettext("%(name)s: leaning advancing"),
            "leaning undermined": gettext("%(name)s: leaning undermined"),
            "contested": gettext("%(name)s: contested"),
            "unclear": gettext("%(name)s: unclear"),
            "withheld": gettext("%(name)s: label withheld, as coders agree too little"),
        }
    else:
        stands = {
            "advancing": gettext("%(name)s: advancing since %(since)s"),
            "undermined": gettext("%(name)s: undermined since %(since)s"),
            "leaning advancing": gettext("%(name)s: leaning advancing since %(since)s"),
            "leaning undermined": gettext("%(name)s: leaning undermined since %(since)s"),
            "contested": gettext("%(name)s: contested since %(since)s"),
            "unclear": gettext("%(name)s: unclear since %(since)s"),
        }
    first = stands.get(label, gettext("%(name)s: too little evidence to say")) % words
    stand = first if firm else gettext("%(label)s (not firm)") % {"label": first}
    return gettext("%(stand)s; %(lately)s") % {"stand": stand, "lately": lately(change, on)}


def lately(change: Change, on: datetime.date | None = None) -> str:
    """The 90 days before in a few words (METHOD.md, section 6)."""
    word, few = str(change["word"]), change["acts"] < 2
    if on is not None:
        return _lately_then(word, few)
    if word.startswith("rising"):
        return gettext("rising over 90 days, on few acts") if few else gettext("rising over 90 days")
    if word.startswith("falling"):
        return gettext("falling over 90 days, on few acts") if few else gettext("falling over 90 days")
    if word.startswith("drifting"):
        return gettext("drifting as old acts fade")
    return gettext("steady over 90 days")


def _lately_then(word: str, few: bool) -> str:
    """The same of the 90 days before a day that the sentence has named."""
    if word.startswith("rising"):
        return (
            gettext("rising in the 90 days before, on few acts")
            if few
            else gettext("rising in the 90 days before")
        )
    if word.startswith("falling"):
        return (
            gettext("falling in the 90 days before, on few acts")
            if few
            else gettext("falling in the 90 days before")
        )
    if word.startswith("drifting"):
        return gettext("drifting then as old acts faded")
    return gettext("steady in the 90 days before")


def moved(change: Change, length: int, on: datetime.date | None = None) -> str:
    """The change over `length` days, split into its three causes; `on`: the last coded day, if it is not today."""
    figures = {
        "days": length,
        "change": signed(change["to"] - change["from"]),
        "from": signed(float(change["from"])),
        "to": signed(float(change["to"])),
        "new": tenths(float(change["new"])),
        "ended": tenths(float(change["ended"])),
        "faded": tenths(float(change["faded"])),
    }
    if on is not None:
        return gettext(
            "Over the %(days)d days to %(day)s, the last coded day, the score went from %(from)s to %(to)s: new acts "
            "%(new)s, acts that ended %(ended)s, fading %(faded)s."
        ) % (figures | {"day": day(on)})
    return (
        gettext(
            "Over %(days)d days the score went from %(from)s to %(to)s: new acts %(new)s, acts that ended "
            "%(ended)s, fading %(faded)s."
        )
        % figures
    )


def band(low: float, high: float) -> str:
    return gettext("%(low)s to %(high)s") % {"low": signed(low), "high": signed(high)}


def score_alternative(name: str, score: float, low: float, high: float, label: str) -> str:
    """The text alternative of a score bar."""
    return gettext("%(name)s: %(score)s on a scale from −100 to +100, band %(band)s, %(label)s") % {
        "name": name,
        "score": signed(score),
        "band": band(low, high),
        "label": vocabulary.label(label),
    }


def shares_alternative(undermining: float, open_share: float, advancing: float) -> str:
    figures = {"undermining": round(undermining), "open": round(open_share), "advancing": round(advancing)}
    return gettext("undermining %(undermining)d %%, open %(open)d %%, advancing %(advancing)d %%") % figures


def series_alternative(name: str, first: datetime.date, last: datetime.date, scores: Sequence[float]) -> str:
    """The text alternative of a line: first, last, lowest, highest."""
    return gettext(
        "%(name)s: %(first)s on %(first_day)s, %(last)s on %(last_day)s; lowest %(low)s, highest %(high)s"
    ) % {
        "name": name,
        "first": signed(scores[0]),
        "last": signed(scores[-1]),
        "low": signed(min(scores)),
        "high": signed(max(scores)),
        "first_day": day(first),
        "last_day": day(last),
    }


def silence(coded_to: datetime.date | None, as_of: datetime.date, partly: bool = False) -> str:
    """What must stand above any score that only fades; empty while coding is at most 30 days behind.

    `partly`: some later acts are on record, though coding is not complete.
    """
    if coded_to is None:
        return gettext("Nothing has been coded yet; every score below is the starting line, not a finding.")
    if (as_of - coded_to).days <= 30:
        return ""
    if partly:
        return gettext(
            "Coding is complete to %(day)s only. Of later acts some are on record; the rest of what moves a "
            "score after that day is fading, and fading is not news."
        ) % {"day": day(coded_to)}
    return gettext(
        "No coding since %(day)s. What moves a score after that day is fading, and fading is not news."
    ) % {"day": day(coded_to)}


def stopped(
    coded_to: datetime.date,
    as_of: datetime.date,
    *,
    today: bool,
    later: int = 0,
    changed: tuple[int, float, float] | None = None,
) -> str:
    """What stands once on every page that is read on the last coded day: how long before `as_of` that was, that
    `later` acts wait, and how often words had changed after such a time, `changed`: days and
    shares of a replay, of the balances' words and of all."""
    found = [_behind(coded_to, as_of, today)]
    if later:
        found.append(
            ngettext(
                " %(count)d later act is on record; it counts once its days are coded.",
                " %(count)d later acts are on record; they count once their days are coded.",
                later,
            )
            % {"count": later}
        )
    if changed:
        length, balances, words = changed
        found.append(
            gettext(
                " In a replay of the record, %(balances)s of the balances’ words and %(words)s of all words on a page "
                "had changed %(days)d days later."
            )
            % {"balances": percent(balances), "words": percent(words), "days": length}
        )
    return "".join(found)


def _behind(coded_to: datetime.date, as_of: datetime.date, today: bool) -> str:
    behind = (as_of - coded_to).days
    words = {"day": day(coded_to), "behind": number_format(behind), "as_of": day(as_of)}
    if today:
        return (
            ngettext(
                "Every figure and word here is of %(day)s, the last coded day, %(behind)s day ago. What happened since "
                "is not coded yet.",
                "Every figure and word here is of %(day)s, the last coded day, %(behind)s days ago. What happened "
                "since is not coded yet.",
                behind,
            )
            % words
        )
    return (
        ngettext(
            "Every figure and word here is of %(day)s, the last coded day, %(behind)s day before %(as_of)s.",
            "Every figure and word here is of %(day)s, the last coded day, %(behind)s days before %(as_of)s.",
            behind,
        )
        % words
    )


def percent(share: float) -> str:
    """A share as a whole percentage; never 100 % while one disagrees, never 0 % while one agrees."""
    whole = round(100 * share)
    if whole == 100 and share < 1:
        return pgettext("percentage", "> 99 %")
    if whole == 0 and share > 0:
        return pgettext("percentage", "< 1 %")
    return pgettext("percentage", "%(whole)d %%") % {"whole": whole}


def coverage(coded_to: datetime.date | None, events: int, sources: int) -> str:
    """How far and how wide the record reaches."""
    if coded_to is None:
        return gettext("The record is empty.")
    told = {"events": number_format(events, force_grouping=True)}
    told["sources"] = number_format(sources, force_grouping=True)
    counted = ngettext("%(events)s event", "%(events)s events", events) % told
    reports = ngettext("%(sources)s source", "%(sources)s sources", sources) % told
    return gettext("Coded to %(day)s: %(events)s from %(sources)s") % {
        "day": day(coded_to),
        "events": counted,
        "sources": reports,
    }


def next_law(balance: Measure, weight: float, k: float, on: datetime.date | None = None) -> str:
    """What one more confirmed law would do to a balance today, on either side (METHOD.md, section 4); `on`: on the
    last coded day, if it is not today."""
    advancing, undermining, now = balance["A"], balance["U"], balance["score"]
    whole = advancing + undermining + weight + k
    figures = {
        "for": tenths(100 * (advancing + weight - undermining) / whole - now),
        "against": tenths(100 * (advancing - undermining - weight) / whole - now),
    }
    if on is not None:
        return gettext(
            "On %(day)s one more law in favour would have moved the balance by %(for)s, one against by %(against)s."
        ) % (figures | {"day": day(on)})
    return (
        gettext("One more law in favour would move the balance by %(for)s today, one against by %(against)s.")
        % figures
    )


def change_word(change: Change) -> str:
    """The word of section 6 on its own, for a table."""
    word, few = str(change["word"]), change["acts"] < 2
    if word.startswith("rising"):
        return gettext("rising, on few acts") if few else gettext("rising")
    if word.startswith("falling"):
        return gettext("falling, on few acts") if few else gettext("falling")
    if word.startswith("drifting"):
        return gettext("drifting as old acts fade")
    return gettext("steady")


def chart_title(slug: str, scores: Sequence[float], first: datetime.date) -> str:
    """The finding above a line: where it ends, and where it was lowest or highest."""
    words = {"name": vocabulary.short_name(slug), "now": signed(scores[-1])}
    low, high = min(scores), max(scores)
    farthest = low if abs(low) >= abs(high) else high
    where = first + datetime.timedelta(days=list(scores).index(farthest))
    words |= {"peak": signed(farthest), "month": month(where)}
    if abs(round(farthest) - round(scores[-1])) < 5:
        return gettext("%(name)s stands at %(now)s, about as far from zero as it has been") % words
    return gettext("%(name)s stands at %(now)s, after %(peak)s in %(month)s") % words


def pair_headline(labels: Mapping[str, Mapping[str, str]], on: datetime.date | None = None) -> str:
    """The two compared actors in one sentence: of how many recommendations the acts of each are for or against.

    `labels`: actor -> recommendation -> label. `on`: the last coded day, where a later one is asked for.
    """
    clauses = [
        gettext("%(name)s advances %(for)s of the %(count)s and undermines %(against)s")
        % {
            "name": vocabulary.actor(actor),
            "for": vocabulary.count_word(sum(label == "advancing" for label in found.values())),
            "count": vocabulary.count_word(len(found)),
            "against": vocabulary.count_word(sum(label == "undermined" for label in found.values())),
        }
        for actor, found in labels.items()
    ]
    joined = pgettext("joint of clauses", "; ").join(clauses)
    if on is not None:
        words = {"clauses": joined, "day": day(on)}
        return gettext("By their acts to %(day)s, the last coded day: %(clauses)s.") % words
    return gettext("By their acts: %(clauses)s.") % {"clauses": joined}


def averaged(names: Sequence[str]) -> str:
    """The what-if of several views, as the end of “If …”."""
    return gettext("the views of %(names)s were averaged") % {"names": listed(names)}
